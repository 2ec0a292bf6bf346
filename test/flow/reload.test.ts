// A reload is a difference: what did not change is not touched, and nothing that is written wrongly takes effect.

import { describe, expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { routeText, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

async function ask(port: number, host = "127.0.0.1"): Promise<string> {
  await using client = await Peer.connect({ port, host });
  await client.end();
  return client.text;
}

function answering(text: string): Promise<Awaited<ReturnType<typeof startBackend>>> {
  return startBackend((peer) => peer.socket.end(text));
}

describe("reload", () => {
  test("adds, changes and removes routes, and says so", async () => {
    await using one = await answering("one");
    await using two = await answering("two");
    await using flow = await startFlow({
      "keep.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
      "change.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
      "remove.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
    });
    const [keep, change, remove] = [await flow.port("keep"), await flow.port("change"), await flow.port("remove")];
    await flow.write("change.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    await flow.write("add.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    await flow.remove("remove.yaml");
    expect(await flow.reload()).toMatchObject({
      result: "ok",
      generation: 2,
      added: ["add"],
      changed: ["change"],
      removed: ["remove"],
      unchanged: ["keep"],
    });
    expect([await flow.port("keep"), await flow.port("change")]).toEqual([keep, change]);
    expect(await ask(keep)).toBe("one");
    expect(await ask(change)).toBe("two");
    expect(await ask(await flow.port("add"))).toBe("two");
    expect(Peer.connect(remove)).rejects.toThrow();
    expect((await flow.reload()).result).toBe("unchanged");
  });

  test("happens by itself when a file changes", async () => {
    await using one = await answering("one");
    await using two = await answering("two");
    await using flow = await startFlow({ "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] } });
    const port = await flow.port("db");
    expect(await ask(port)).toBe("one");
    await flow.write("db.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    await eventually(async () => (await ask(port)) === "two");
  });

  test("keeps the last good version of a file that becomes wrong, and the rest goes on", async () => {
    await using one = await answering("one");
    await using two = await answering("two");
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
      "other.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
    });
    const port = await flow.port("db");
    await flow.write("db.yaml", "listen: [nonsense\n");
    await flow.write("other.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    const reload = await flow.reload();
    expect(reload).toMatchObject({ result: "partial", changed: ["other"], unchanged: ["db"], removed: [] });
    expect(reload.diagnostics[0]?.file).toEndWith("db.yaml");
    expect(await ask(port)).toBe("one");
    expect(await ask(await flow.port("other"))).toBe("two");
    expect((await flow.view.notReady())[0]).toContain("db.yaml");
    await flow.write("db.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    expect(await flow.reload()).toMatchObject({ result: "ok", changed: ["db"] });
    expect(await flow.view.notReady()).toEqual([]);
  });

  test("says when what was wrong is right again, although nothing changes by it", async () => {
    await using one = await answering("one");
    const route = { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] };
    await using flow = await startFlow({ "db.yaml": route });
    await flow.write("db.yaml", "listen: [nonsense\n");
    await eventually(async () => (await flow.view.info()).lastReload.result === "partial");
    await flow.write("db.yaml", routeText(route));
    await eventually(() => flow.log.lines.some(({ message }) => message.startsWith("Nothing is wrong any more")));
  });

  test("lets live connections of changed and removed routes go on", async () => {
    await using one = await startBackend(echo);
    await using two = await startBackend(echo);
    await using flow = await startFlow({
      "change.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
      "remove.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
    });
    await using changed = await Peer.connect(await flow.port("change"));
    await using removed = await Peer.connect(await flow.port("remove"));
    for (const client of [changed, removed]) {
      await client.send("a");
      await client.read(1);
    }
    await flow.write("change.yaml", routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${two.port}`] }));
    await flow.remove("remove.yaml");
    await flow.reload();
    for (const client of [changed, removed]) {
      await client.send("b");
      expect(await client.read(2)).toBe("ab");
      client.finish();
      expect(await client.end()).toBe("fin");
    }
    expect(two.peers).toHaveLength(0);
    expect((await flow.log.record(1)).reason).toBe("done");
  });

  test("reports a port that cannot be bound, serves the rest, and takes the port when it is free", async () => {
    await using one = await answering("one");
    const taken = await startBackend();
    await using flow = await startFlow({
      "blocked.yaml": { listen: `127.0.0.1:${taken.port}`, backends: [`127.0.0.1:${one.port}`] },
      "fine.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] },
    });
    expect(await ask(await flow.port("fine"))).toBe("one");
    expect(await flow.view.notReady()).toEqual([`Cannot listen on 127.0.0.1:${taken.port}: the address is in use`]);
    expect((await flow.log.line("listen-failed")).level).toBe("warn");
    await taken.close();
    await flow.log.line("listening");
    expect(await ask(taken.port)).toBe("one");
    expect(await flow.view.notReady()).toEqual([]);
  });

  test("moves a port from one address to all addresses and back", async () => {
    await using one = await answering("one");
    const probe = await startBackend();
    await probe.close();
    const backends = [`127.0.0.1:${one.port}`];
    await using flow = await startFlow({ "db.yaml": { listen: `127.0.0.1:${probe.port}`, backends } });
    await flow.write("db.yaml", routeText({ listen: probe.port, backends }));
    expect((await flow.reload()).result).toBe("ok");
    expect(await ask(probe.port, "::1")).toBe("one");
    await flow.write("db.yaml", routeText({ listen: `127.0.0.1:${probe.port}`, backends }));
    expect((await flow.reload()).result).toBe("ok");
    expect(await ask(probe.port)).toBe("one");
    expect(Peer.connect({ port: probe.port, host: "::1" })).rejects.toThrow();
  });

  test("of documents: stored ones run and survive, wrong ones change nothing", async () => {
    await using one = await answering("one");
    await using flow = await startFlow({});
    const text = routeText({ listen: "127.0.0.1:0", backends: [`127.0.0.1:${one.port}`] });
    expect(await flow.view.putDocument("extra", text)).toMatchObject({ stored: true, created: true });
    expect(await ask(await flow.port("extra"))).toBe("one");
    const wrong = await flow.view.putDocument("extra", "listen: 99999");
    expect(wrong.stored).toBe(false);
    expect((await flow.view.document("extra"))?.text).toBe(text);
    expect(await ask(await flow.port("extra"))).toBe("one");
    expect(await flow.view.deleteDocument("extra")).toMatchObject({ removed: ["extra"] });
    expect(await flow.view.deleteDocument("extra")).toBeUndefined();
  });

  test("of documents: an empty one is refused, and one cannot take what another one runs", async () => {
    await using one = await answering("one");
    await using flow = await startFlow({});
    const listen = "127.0.0.1:0";
    await flow.view.putDocument(
      "orders",
      routeText({ name: "db", listen, backends: [`127.0.0.1:${one.port}`], deny: ["127.0.0.1"] }),
    );
    const thief = await flow.view.putDocument(
      "a-new-one",
      routeText({ name: "db", listen, backends: [`127.0.0.1:${one.port}`] }),
    );
    expect(thief).toMatchObject({ stored: false, diagnostics: [{ code: "plan/duplicate-name" }] });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("denied-address");
    expect(await flow.view.putDocument("orders", "# nothing\n")).toMatchObject({ stored: false });
    expect(await flow.view.putDocument("fresh", "")).toMatchObject({ stored: false });
    expect((await flow.view.documents()).map((document) => document.name)).toEqual(["orders"]);
  });

  test("logs every new mistake once, and tells a listener that failed", async () => {
    await using taken = await startBackend();
    await using flow = await startFlow({});
    await flow.write("wrong.yaml", "lisen: 1\n");
    await flow.write("taken.yaml", routeText({ listen: `127.0.0.1:${taken.port}`, backends: ["127.0.0.1:1"] }));
    const reload = await flow.reload();
    expect(reload.failures).toEqual([`Cannot listen on 127.0.0.1:${taken.port}: the address is in use`]);
    await flow.reload();
    const messages = flow.log.lines.filter((line) => line.event === "diagnostic").map((line) => line.message);
    expect(messages.filter((message) => message.includes("unknown-key"))).toHaveLength(1);
    expect((await flow.view.notReady()).some((reason) => /wrong.yaml:1:1 .*lisen/.test(reason))).toBe(true);
  });
});
