import { describe, expect, test } from "bun:test";
import type { NameAnswer, NameQuery, ResolvedAddress } from "../../../src/engine/resolve/name-query.ts";
import { type NameWatch, Resolver } from "../../../src/engine/resolve/resolver.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { RecordedLog } from "../../support/recorded-log.ts";

const MINUTE_MS = 60_000;
const REFUSED = Object.assign(new Error("no server"), { code: "EAI_AGAIN" });

function hosts(...list: readonly string[]): NameAnswer {
  return { addresses: list.map((host) => ({ host })) };
}

/** A resolver whose look-ups answer what the test says, in a time that the test lets pass. */
class Scene {
  readonly log = new RecordedLog();
  readonly timers = new ManualTimers();
  readonly asked: NameQuery[] = [];
  /** What was told to the watches that `watch` opened. */
  readonly heard: (readonly ResolvedAddress[] | Error)[] = [];
  answer: NameAnswer | Error | "never" = hosts("192.0.2.1");
  readonly resolver = new Resolver(
    this.log,
    async (query) => {
      this.asked.push(query);
      if (this.answer === "never") return new Promise(() => {});
      if (this.answer instanceof Error) throw this.answer;
      return this.answer;
    },
    this.timers,
  );

  watch(query: NameQuery = { host: "db" }, intervalMs = MINUTE_MS): NameWatch {
    return this.resolver.watch(query, intervalMs, (answer) => this.heard.push(answer));
  }

  /** The delay to the next look-up after this answer. */
  async delayAfter(answer: NameAnswer | Error, query: NameQuery = { host: "db" }): Promise<number | undefined> {
    this.answer = answer;
    this.watch(query);
    await this.timers.pass(0);
    return this.timers.delays[0];
  }
}

describe("what a watch is told", () => {
  test("the first answer, and every one that differs", async () => {
    const scene = new Scene();
    const watch = scene.watch();
    expect(watch.answered).toBe(false);
    expect(scene.heard).toEqual([]);
    await scene.timers.pass(0);
    expect(watch.answered).toBe(true);
    scene.answer = hosts("192.0.2.2", "192.0.2.1");
    await scene.timers.pass(MINUTE_MS);
    expect(scene.heard).toEqual([hosts("192.0.2.1").addresses, hosts("192.0.2.1", "192.0.2.2").addresses]);
    expect(watch.addresses).toEqual(hosts("192.0.2.1", "192.0.2.2").addresses);
  });

  test("nothing of an answer that says the same in another order, or twice", async () => {
    const scene = new Scene();
    scene.answer = hosts("192.0.2.1", "192.0.2.2", "2001:db8::1");
    scene.watch();
    await scene.timers.pass(0);
    scene.answer = hosts("2001:db8::1", "192.0.2.2", "192.0.2.1", "192.0.2.2");
    await scene.timers.pass(5 * MINUTE_MS);
    expect(scene.asked).toHaveLength(6);
    expect(scene.heard).toHaveLength(1);
  });

  test("that weights or tiers have changed", async () => {
    const scene = new Scene();
    const record = { host: "192.0.2.1", port: 1, weight: 1, tier: 0 };
    scene.answer = { addresses: [record] };
    scene.watch({ srv: "_pg._tcp.test" });
    await scene.timers.pass(0);
    scene.answer = { addresses: [{ ...record, weight: 2 }] };
    await scene.timers.pass(MINUTE_MS);
    scene.answer = { addresses: [{ ...record, weight: 2, tier: 1 }] };
    await scene.timers.pass(MINUTE_MS);
    expect(scene.heard).toHaveLength(3);
  });

  test("a failure once, and the end of the outage", async () => {
    const scene = new Scene();
    scene.answer = REFUSED;
    const watch = scene.watch();
    await scene.timers.pass(MINUTE_MS);
    expect(scene.heard).toEqual([expect.any(Error)]);
    expect(watch).toMatchObject({ answered: true, addresses: [] });
    expect(watch.error?.message).toBe('Cannot resolve "db": EAI_AGAIN');
    scene.answer = hosts("192.0.2.1");
    await scene.timers.pass(MINUTE_MS);
    expect(watch.error).toBeUndefined();
    scene.answer = REFUSED;
    await scene.timers.pass(MINUTE_MS);
    scene.answer = hosts("192.0.2.1");
    await scene.timers.pass(MINUTE_MS);
    expect(scene.heard.map((each) => each instanceof Error)).toEqual([true, false, true, false]);
  });

  test("nothing after it was closed, even by who is told at the same moment", async () => {
    const scene = new Scene();
    const watch = scene.watch();
    watch.close();
    await scene.timers.pass(MINUTE_MS);
    expect(scene.heard).toEqual([]);
    const inside = scene.resolver.watch({ host: "other" }, MINUTE_MS, () => inside.close());
    await scene.timers.pass(MINUTE_MS);
    expect(inside.addresses).toHaveLength(1);
    expect(scene.timers.delays).toEqual([]);
  });
});

describe("the last good answer is kept", () => {
  test.each([
    ["while nobody answers", REFUSED, "EAI_AGAIN"],
    ["while the name does not exist", Object.assign(new Error("gone"), { code: "ENOTFOUND" }), "ENOTFOUND"],
    ["while the answer is empty", hosts(), 'No address for "db"'],
  ])("%s, with one warning per outage", async (_, failure, wanted) => {
    const scene = new Scene();
    const watch = scene.watch();
    await scene.timers.pass(0);
    scene.answer = failure;
    await scene.timers.pass(100 * MINUTE_MS);
    expect(watch.addresses).toEqual(hosts("192.0.2.1").addresses);
    expect(watch.error?.message).toContain(wanted);
    const warnings = scene.log.lines.filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([{ event: "resolve-failed", fields: { host: "db", addressesKept: 1 } }]);
    scene.answer = hosts("192.0.2.1");
    await scene.timers.pass(MINUTE_MS);
    expect(scene.log.lines.at(-1)).toMatchObject({ level: "info", event: "resolve-recovered", fields: { host: "db" } });
  });

  test("of a family that could not be asked for", async () => {
    const scene = new Scene();
    scene.answer = hosts("192.0.2.1", "2001:db8::1");
    const watch = scene.watch();
    await scene.timers.pass(0);
    scene.answer = { ...hosts("192.0.2.2"), unknownFamily: 6 };
    await scene.timers.pass(MINUTE_MS);
    expect(watch.addresses).toEqual(hosts("192.0.2.2", "2001:db8::1").addresses);
    scene.answer = hosts("192.0.2.2");
    await scene.timers.pass(MINUTE_MS);
    expect(watch.addresses).toEqual(hosts("192.0.2.2").addresses);
  });
});

test("the hosts of the last good answer are there for the next look-up", async () => {
  const timers = new ManualTimers();
  const given: unknown[] = [];
  const known = new Map([["db1.test", ["192.0.2.1"]]]);
  const resolver = new Resolver(
    new RecordedLog(),
    async (_, before) => {
      given.push(before);
      if (given.length === 2) throw REFUSED;
      return { ...hosts("192.0.2.1"), hosts: known };
    },
    timers,
  );
  resolver.watch({ srv: "_pg._tcp.test" }, MINUTE_MS, () => {});
  await timers.pass(MINUTE_MS + 2_000);
  expect(given).toEqual([undefined, known, known]);
});

describe("a name is asked for again", () => {
  test.each([
    ["after the interval when its lifetime is not known", undefined, MINUTE_MS],
    ["when its lifetime is over", 30_000, 30_000],
    ["after a second at the earliest", 0, 1_000],
    ["after five minutes at the latest", 86_400_000, 300_000],
  ])("%s", async (_, ttlMs, wanted) => {
    const answer = hosts("192.0.2.1");
    expect(await new Scene().delayAfter(ttlMs === undefined ? answer : { ...answer, ttlMs })).toBe(wanted);
  });

  test("after the interval at the latest when it is a service, whose own lifetime is not known", async () => {
    const srv = { srv: "_pg._tcp.test" };
    expect(await new Scene().delayAfter({ ...hosts("192.0.2.1"), ttlMs: 200_000 }, srv)).toBe(MINUTE_MS);
    expect(await new Scene().delayAfter({ ...hosts("192.0.2.1"), ttlMs: 2_000 }, srv)).toBe(2_000);
  });

  test("up to a tenth later, by chance", async () => {
    const scene = new Scene();
    scene.timers.chance = 0.5;
    expect(await scene.delayAfter(hosts("192.0.2.1"))).toBeCloseTo(63_000);
  });

  test("soon after a failure, then more and more rarely", async () => {
    const scene = new Scene();
    const delays = [await scene.delayAfter(REFUSED)];
    for (let failure = 0; failure < 5; failure++) {
      await scene.timers.pass(delays.at(-1) ?? 0);
      delays.push(scene.timers.delays[0]);
    }
    expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test("when a look-up did not settle within ten seconds, whatever comes of it later", async () => {
    const scene = new Scene();
    scene.answer = "never";
    const watch = scene.watch();
    await scene.timers.pass(9_999);
    expect(watch.answered).toBe(false);
    await scene.timers.pass(1);
    expect(watch.error?.message).toBe('Cannot resolve "db": no answer within 10 seconds');
    expect(scene.timers.delays).toEqual([2_000]);
  });

  test("after the shortest interval of all that watch it", async () => {
    const scene = new Scene();
    const [slow, fast] = [scene.watch({ host: "db" }, 60_000), scene.watch({ host: "db" }, 10_000)];
    await scene.timers.pass(0);
    expect(scene.timers.delays).toEqual([10_000]);
    fast.close();
    await scene.timers.pass(10_000);
    expect(scene.timers.delays).toEqual([60_000]);
    slow.close();
    expect(scene.timers.delays).toEqual([]);
  });

  test("at once for a watch that wants it sooner, unless it is failing", async () => {
    const scene = new Scene();
    scene.watch({ host: "db" }, 60_000);
    await scene.timers.pass(0);
    scene.watch({ host: "db" }, 90_000);
    await scene.timers.pass(0);
    expect(scene.asked).toHaveLength(1);
    scene.answer = REFUSED;
    scene.watch({ host: "db" }, 30_000);
    await scene.timers.pass(0);
    expect(scene.asked).toHaveLength(2);
    scene.watch({ host: "db" }, 10_000);
    await scene.timers.pass(0);
    expect(scene.asked).toHaveLength(2);
    expect(scene.timers.delays).toEqual([2_000]);
  });
});

describe("names are shared and bounded", () => {
  test("one query for a name whoever watches it, and none when nobody does", async () => {
    const scene = new Scene();
    const [first, second] = [scene.watch(), scene.watch()];
    await scene.timers.pass(0);
    expect([first.addresses, second.addresses]).toEqual([hosts("192.0.2.1").addresses, hosts("192.0.2.1").addresses]);
    expect(scene.asked).toEqual([{ host: "db" }]);
    first.close();
    first.close();
    expect(scene.watch().addresses).toHaveLength(1);
    expect(scene.asked).toHaveLength(1);
    scene.resolver.close();
    await scene.timers.pass(60 * MINUTE_MS);
    expect(scene.asked).toHaveLength(1);
  });

  test("a name that was forgotten is asked for anew", async () => {
    const scene = new Scene();
    const watch = scene.watch();
    await scene.timers.pass(0);
    watch.close();
    expect(scene.watch().answered).toBe(false);
    expect(scene.asked).toHaveLength(2);
  });

  test("a host and a service of one name are two", async () => {
    const scene = new Scene();
    scene.watch({ host: "_pg._tcp.test" });
    scene.watch({ srv: "_pg._tcp.test" });
    expect(scene.asked).toEqual([{ host: "_pg._tcp.test" }, { srv: "_pg._tcp.test" }]);
  });

  test("sixteen look-ups at once; the others have their turn when one ends, in order, unless they are closed", async () => {
    const scene = new Scene();
    scene.answer = "never";
    const watches = Array.from({ length: 20 }, (_, index) => scene.watch({ host: `db${index}` }));
    await scene.timers.pass(0);
    expect(scene.asked).toHaveLength(16);
    watches[16]?.close();
    scene.answer = hosts("192.0.2.1");
    await scene.timers.pass(10_000);
    expect(scene.asked.slice(16, 19)).toEqual([{ host: "db17" }, { host: "db18" }, { host: "db19" }]);
    expect(watches[19]?.addresses).toHaveLength(1);
  });

  test("a thousand addresses, with one warning", async () => {
    const scene = new Scene();
    scene.answer = hosts(...Array.from({ length: 1_001 }, (_, index) => `10.0.${index >> 8}.${index & 255}`));
    const watch = scene.watch();
    await scene.timers.pass(5 * MINUTE_MS);
    expect(watch.addresses).toHaveLength(1_000);
    expect(scene.heard).toHaveLength(1);
    expect(scene.log.lines.filter(({ level }) => level === "warn")).toMatchObject([{ event: "resolve-overfull" }]);
  });
});

describe("what the log says of a change", () => {
  test("which addresses came and went; of the first answer only for debugging", async () => {
    const scene = new Scene();
    scene.watch();
    await scene.timers.pass(0);
    scene.answer = hosts("192.0.2.2", "2001:db8::1");
    await scene.timers.pass(MINUTE_MS);
    expect(scene.log.lines).toMatchObject([
      { level: "debug", event: "resolved", message: '"db" has one address now' },
      {
        level: "info",
        event: "resolved",
        message: '"db" has 2 addresses now',
        fields: { host: "db", added: "192.0.2.2, 2001:db8::1", removed: "192.0.2.1" },
      },
    ]);
  });

  test("ten by name, the rest counted", async () => {
    const scene = new Scene();
    scene.answer = { addresses: Array.from({ length: 12 }, (_, index) => ({ host: "192.0.2.1", port: 10 + index })) };
    scene.watch({ srv: "_pg._tcp.test" });
    await scene.timers.pass(0);
    const { fields } = await scene.log.line("resolved");
    expect(fields).toEqual({
      host: "srv+_pg._tcp.test",
      added: `${Array.from({ length: 10 }, (_, index) => `192.0.2.1:${10 + index}`).join(", ")} and 2 more`,
      removed: undefined,
    });
  });
});
