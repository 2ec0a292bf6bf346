import { describe, expect, test } from "bun:test";
import { Resolver } from "../../src/engine/resolver.ts";
import { eventually } from "../support/eventually.ts";
import { RecordedLog } from "../support/recorded-log.ts";

const FAST = { refreshMs: 1, retryMs: 1 };

describe("Resolver", () => {
  test("tells every new answer and asks again", async () => {
    let answer = ["192.0.2.1"];
    const heard: unknown[] = [];
    const resolver = new Resolver(new RecordedLog(), async () => answer, FAST);
    const watch = resolver.watch("db", (addresses) => heard.push(addresses));
    await eventually(() => heard.length > 0);
    expect(watch.addresses).toEqual(["192.0.2.1"]);
    answer = ["192.0.2.2", "192.0.2.3"];
    await eventually(() => watch.addresses.length === 2);
    expect(heard.at(-1)).toEqual(["192.0.2.2", "192.0.2.3"]);
    resolver.close();
  });

  test("keeps the last good answer while the name server fails, and warns once", async () => {
    let fails = false;
    let asked = 0;
    const log = new RecordedLog();
    const lookUp = async (): Promise<string[]> => {
      asked++;
      if (fails) throw Object.assign(new Error("no server"), { code: "EAI_AGAIN" });
      return ["192.0.2.1"];
    };
    const resolver = new Resolver(log, lookUp, FAST);
    const watch = resolver.watch("db", () => {});
    await eventually(() => watch.addresses.length === 1);
    fails = true;
    const before = asked;
    await eventually(() => asked > before + 5);
    expect(watch.addresses).toEqual(["192.0.2.1"]);
    expect(log.lines.map((line) => line.event)).toEqual(["resolve-failed"]);
    expect(log.lines[0]?.message).toBe('Cannot resolve "db": EAI_AGAIN');
    fails = false;
    await log.line("resolve-recovered");
    resolver.close();
  });

  test("asks once for a name that several pools use, and no more when nobody does", async () => {
    let asked = 0;
    const lookUp = async (): Promise<string[]> => {
      asked++;
      return ["192.0.2.1"];
    };
    const resolver = new Resolver(new RecordedLog(), lookUp, { refreshMs: 3_600_000, retryMs: 1 });
    const [first, second] = [resolver.watch("db", () => {}), resolver.watch("db", () => {})];
    await eventually(() => first.addresses.length === 1 && second.addresses.length === 1);
    expect(asked).toBe(1);
    first.close();
    second.close();
    resolver.watch("db", () => {}).close();
    expect(asked).toBe(2);
    resolver.close();
  });

  test("an answer, good or bad, is told and known", async () => {
    const resolver = new Resolver(
      new RecordedLog(),
      async (host) => {
        if (host === "bad") throw new Error("unknown");
        return ["192.0.2.1"];
      },
      { refreshMs: 3_600_000, retryMs: 3_600_000 },
    );
    for (const host of ["good", "bad"]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watch = resolver.watch(host, () => resolve());
      expect(watch.answered).toBe(false);
      await promise;
      expect(watch.answered).toBe(true);
    }
    resolver.close();
  });

  test("an empty answer is a failure", async () => {
    const log = new RecordedLog();
    const resolver = new Resolver(log, async () => [], FAST);
    resolver.watch("db", () => {});
    expect((await log.line("resolve-failed")).message).toBe('No address for "db"');
    resolver.close();
  });
});
