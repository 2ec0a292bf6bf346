// A route whose clients are shared out: among pools by weight, and with nobody. Each client by itself, over real sockets.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { connectMany } from "../support/connect-many.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";
import { refused, share, SharedRoute } from "../support/shared-route.ts";
import { buildHello, serverName } from "../support/hello-builder.ts";
import type { UpstreamTlsSpec } from "../../src/resource/tls.ts";
import { tlsPem } from "../support/tls-client.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { passthrough } from "../support/tls-routes.ts";

/** Of a client that asks for a.b. */
const HELLO = buildHello({ extensions: [serverName("a.b")] });

/** How many of `count` clients each backend greeted, by its word, and how many were reset. */
async function visit(port: number, count: number): Promise<Record<string, number>> {
  const clients = await connectMany(port, count);
  const found: Record<string, number> = {};
  for (const client of clients) {
    await client.until(() => client.received > 0 || client.ending !== undefined);
    const what = client.received > 0 ? client.text : (client.ending ?? "nothing");
    found[what] = (found[what] ?? 0) + 1;
    await client[Symbol.asyncDispose]();
  }
  return found;
}

describe("weights", () => {
  test("every pool gets exactly its share of hundreds of connections", async () => {
    await using a = await startBackend(speaksFirst("a"));
    await using b = await startBackend(speaksFirst("b"));
    await using route = await SharedRoute.start({ pools: [share("a", 70, [a.port]), share("b", 30, [b.port])] });
    expect(await visit(route.port, 400)).toEqual({ a: 280, b: 120 });
    expect(route.snapshot).toMatchObject({
      backends: [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`],
      pools: [
        { name: "a", weight: 70, backends: [`127.0.0.1:${a.port}`] },
        { name: "b", weight: 30, backends: [`127.0.0.1:${b.port}`] },
      ],
    });
    expect(route.snapshot).not.toHaveProperty("refused");
  });

  test("one address in two pools is told of in both, and a setting by hand is for both", async () => {
    await using backend = await startBackend(speaksFirst("a"));
    await using route = await SharedRoute.start({
      pools: [share("a", 1, [backend.port]), share("b", 3, [backend.port])],
    });
    expect(await visit(route.port, 8)).toEqual({ a: 8 });
    const address = `127.0.0.1:${backend.port}`;
    const backends = route.engine.snapshot().backends;
    expect(backends.map(({ pool, backend: name, connectionsTotal }) => [pool, name, connectionsTotal])).toEqual([
      ["a", address, 2],
      ["b", address, 6],
    ]);
    route.engine.setOverride({ route: "db", backend: address, state: "drain" });
    expect(route.engine.snapshot().backends.map(({ state }) => state)).toEqual(["drained", "drained"]);
    expect(await visit(route.port, 4)).toEqual({ reset: 4 });
  });

  test("change with a reload, and touch no live connection", async () => {
    await using a = await startBackend(echo);
    await using b = await startBackend(speaksFirst("b"));
    await using route = await SharedRoute.start({ pools: [share("a", 1, [a.port])] });
    await using live = await Peer.connect(route.port);
    await live.send("1");
    expect(await live.read(1)).toBe("1");
    await route.apply({ pools: [share("b", 3, [b.port])], ...refused(1) });
    expect(await visit(route.port, 40)).toEqual({ b: 30, reset: 10 });
    await live.send("2");
    expect(await live.read(2)).toBe("12");
    await route.apply({ pools: [share("b", 1, [b.port])] });
    expect(await visit(route.port, 10)).toEqual({ b: 10 });
    await live.send("3");
    expect(await live.read(3)).toBe("123");
  });
});

describe("the refused share", () => {
  test("is reset, in its exact share, with one count and one record for each", async () => {
    await using a = await startBackend(speaksFirst("a"));
    await using route = await SharedRoute.start({ pools: [share("a", 3, [a.port])], ...refused(1) });
    expect(await visit(route.port, 200)).toEqual({ a: 150, reset: 50 });
    await eventually(() => route.log.records.length === 200);
    const turnedAway = route.log.records.filter(({ reason }) => reason === "no-backend");
    expect(turnedAway).toHaveLength(50);
    expect(new Set(turnedAway.map(({ detail }) => detail))).toEqual(new Set(["There is no Service of this name"]));
    const { connectionsActive, connectionsTotal, refused: shown } = route.snapshot;
    expect([connectionsActive, connectionsTotal["no-backend"]]).toEqual([0, 50]);
    expect(shown).toEqual({ weight: 1, detail: "There is no Service of this name" });
    expect(route.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("can be everybody, who take no place of those that a limit counts", async () => {
    await using route = await SharedRoute.start({
      pools: [],
      ...refused(1),
      limits: { connections: 1, queue: { size: 0, timeoutMs: 0 } },
    });
    expect(await visit(route.port, 20)).toEqual({ reset: 20 });
    await eventually(() => route.log.records.length === 20);
    expect(route.snapshot).toMatchObject({ backends: [], pools: [], connectionsTotal: { "no-backend": 20 } });
  });

  test("is refused at its first TLS message where that is all that is read of it", async () => {
    await using route = await SharedRoute.start({ pools: [], ...refused(1), tls: passthrough("a.b") });
    await using client = await Peer.connect(route.port);
    await client.send(HELLO);
    expect(await client.end()).toBe("reset");
    expect(await route.log.record()).toMatchObject({ route: "db", reason: "no-backend", sni: "a.b" });
    expect(client.received).toBe(0);
  });

  test("of TLS that ends here is everybody's before a byte of TLS is answered", async () => {
    await using route = await SharedRoute.start({ pools: [], ...refused(1) });
    const [certificate, key] = await Promise.all(
      ["one.pem", "one.key"].map((file) => Bun.file(`${import.meta.dir}/../fixtures/tls/${file}`).text()),
    );
    await route.apply({
      pools: [],
      ...refused(1),
      tls: route.scene.terminate(["a.b"], { identity: route.scene.identity(certificate, key) }),
    });
    await using client = await Peer.connect(route.port);
    await client.send(HELLO);
    expect(await client.end()).toBe("reset");
    expect(await route.log.record()).toMatchObject({ route: "db", reason: "no-backend", sni: "a.b" });
    expect(client.received).toBe(0);
  });
});

describe("pools of one route", () => {
  test("each have their own checks and PROXY headers", async () => {
    await using checked = await startBackend(echo);
    await using plain = await startBackend(echo);
    await using route = await SharedRoute.start({
      pools: [
        share("checked", 1, [checked.port], {
          proxySend: 1,
          health: { check: { kind: "tcp" }, intervalMs: 3_600_000, jitterMs: 0, timeoutMs: 1000, rise: 1, fall: 1 },
        }),
        share("plain", 1, [plain.port]),
      ],
    });
    await eventually(() => route.engine.snapshot().backends[0]?.targets[0]?.check?.status === "up");
    expect(route.engine.snapshot().backends[1]?.targets[0]).not.toHaveProperty("check");
    const clients = await connectMany(route.port, 2);
    for (const client of clients) await client.send("hi");
    const [first, second] = clients;
    await first?.until(() => first.text.endsWith("hi"));
    await second?.until(() => second.text.endsWith("hi"));
    expect(clients.filter(({ text }) => text.startsWith("PROXY TCP4 127.0.0.1 127.0.0.1 "))).toHaveLength(1);
    expect(clients.filter(({ text }) => text === "hi")).toHaveLength(1);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test("a client that waits for a pool that goes away is given another one", async () => {
    await using full = await startBackend(echo);
    await using other = await startBackend(speaksFirst("other"));
    const busy = share("full", 1, [full.port]);
    const limited = { ...busy.spec, backends: busy.spec.backends.map((each) => ({ ...each, maxConnections: 1 })) };
    await using route = await SharedRoute.start({ pools: [share("full", 1, [], limited)] });
    await using first = await Peer.connect(route.port);
    await first.send("x");
    expect(await first.read(1)).toBe("x");
    await using waiting = await Peer.connect(route.port);
    await eventually(() => route.snapshot.connectionsQueued === 1);
    await route.apply({ pools: [share("other", 1, [other.port])] });
    expect(await waiting.read(5)).toBe("other");
    expect(route.snapshot.connectionsQueued).toBe(0);
    await first.send("y");
    expect(await first.read(2)).toBe("xy");
    waiting.reset();
    expect(await route.log.record()).toMatchObject({ reason: "client-reset", backend: `127.0.0.1:${other.port}` });
  });

  test("or is refused with the share that took its place, or because the route is for others now", async () => {
    await using full = await startBackend(echo);
    const busy = share("full", 1, [full.port]);
    const limited = { ...busy.spec, backends: busy.spec.backends.map((each) => ({ ...each, maxConnections: 1 })) };
    for (const [after, reason] of [
      [{ pools: [], ...refused(1) }, "no-backend"],
      [{ pools: [share("", 1, [full.port])], alpn: [], protocol: "postgres" as const }, "no-route"],
    ] as const) {
      await using route = await SharedRoute.start({ pools: [share("full", 1, [], limited)] });
      await using first = await Peer.connect(route.port);
      await first.send("x");
      expect(await first.read(1)).toBe("x");
      await using waiting = await Peer.connect(route.port);
      await eventually(() => route.snapshot.connectionsQueued === 1);
      await route.apply(after);
      expect(await waiting.end()).toBe("reset");
      expect(await route.log.record()).toMatchObject({ reason });
      expect(first.ending).toBeUndefined();
    }
  });
});

describe("TLS to the backends of one pool", () => {
  test("knows them by alternative names, beside a pool that is spoken to in the clear; nothing is said to others", async () => {
    const SUBJECT = { dnsNames: [], uris: ["spiffe://example/db"] };
    await using good = await startTlsFront({ identity: ["service.pem", "one.key"], answer: "secret" });
    await using bad = await startTlsFront({ answer: "secret" });
    await using plain = await startBackend(echo);
    await using route = await SharedRoute.start({ pools: [share("plain", 1, [plain.port])] });
    const upstreamTls = (): UpstreamTlsSpec => ({
      trust: route.scene.trust(tlsPem("ca.pem")),
      serverName: "asked.test",
      subjectAltNames: SUBJECT,
      insecure: false,
    });
    await route.apply({
      pools: [
        share("good", 1, [good.port], { upstreamTls: upstreamTls() }),
        share("plain", 1, [plain.port]),
        share("bad", 1, [bad.port], { upstreamTls: upstreamTls() }),
      ],
    });
    const clients = await connectMany(route.port, 3);
    for (const client of clients) await client.send("hello").catch(() => {});
    for (const client of clients) await client.until(() => client.received > 0 || client.ending !== undefined);
    expect(clients.map(({ text, ending }) => ending ?? text).toSorted()).toEqual(["hello", "reset", "secret"]);
    expect(good.secured).toMatchObject([{ serverName: "asked.test", text: "hello" }]);
    expect(bad.secured.map(({ text }) => text).join("")).toBe("");
    const failure = await route.log.line("dial-failed");
    expect(failure.message).toContain("none of the subject alternative names that are wanted");
    expect(plain.peers).toHaveLength(1);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
});
