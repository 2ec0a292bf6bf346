// What a connection is through TLS that ends at the gateway: the same as without, in every way that it can go and end.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { fill } from "../support/fill.ts";
import { startHoldingRelay } from "../support/holding-relay.ts";
import { MEGABYTE, payload } from "../support/payload.ts";
import { startTlsBackend } from "../support/tls-backend.ts";
import { tlsConnect, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

const ONE = { servername: "one.example" };
/** Another address of loopback to come from; the types of `node:tls` do not have it. */
const ELSEWHERE: object = { localAddress: "127.0.0.2" };
const MEGABYTES = 30;

/** For moving all of them, both ends and the gateway on one thread of a machine that may be busy. */
const MOVING_MS = 30_000;

/** Many megabytes, no two alike. */
const LOAD = Buffer.concat(Array.from({ length: MEGABYTES }, (_, number) => payload(number, MEGABYTE)));

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const VERSIONS = [
  { version: "TLSv1.2", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
  { version: "TLSv1.3", minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
] as const;

describe.each(VERSIONS)("$version that ends here", ({ version, ...only }) => {
  const options = { ...ONE, ...only };

  test(
    "the client finishes first and still gets an answer of megabytes",
    async () => {
      await using backend = await startBackend();
      await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
      await using client = await tlsConnect(await flow.port("db"), options);
      await client.send("question");
      client.finish();
      const server = await backend.peer();
      expect(await server.end()).toBe("fin");
      expect(server.text).toBe("question");
      await server.send(LOAD);
      server.finish();
      expect(await client.end()).toBe("fin");
      expect(digest(client.bytes)).toBe(digest(LOAD));
      expect(await flow.log.record()).toMatchObject({
        reason: "done",
        bytesIn: 8,
        bytesOut: LOAD.length,
        tls: version,
      });
      await untilNobodyIsThere(flow);
    },
    MOVING_MS,
  );

  test("what comes with the end of the handshake, goodbye included, is not lost", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    const port = await flow.port("db");
    for (let round = 0; round < 10; round++) {
      await using relay = await startHoldingRelay(port);
      const connecting = tlsConnect(relay.port, options);
      await relay.holding;
      // TLS 1.2 waits for the other side once more.
      if (version === "TLSv1.2") relay.release();
      await using client = await connecting;
      client.socket.end("question");
      if (version === "TLSv1.3") await eventually(() => relay.held > 1);
      relay.release();
      expect(await client.end()).toBe("fin");
      expect(client.text).toBe("question");
      expect(await flow.log.record(round)).toMatchObject({ reason: "done", bytesIn: 8, bytesOut: 8 });
    }
  });

  test(
    "the backend finishes first and still gets megabytes from the client",
    async () => {
      await using backend = await startBackend((server) => {
        server.socket.end("greeting");
      });
      await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
      await using client = await tlsConnect(await flow.port("db"), options);
      expect(await client.end()).toBe("fin");
      expect(client.text).toBe("greeting");
      await client.send(LOAD);
      client.finish();
      const server = await backend.peer();
      expect(await server.end()).toBe("fin");
      expect(digest(server.bytes)).toBe(digest(LOAD));
      expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: LOAD.length, bytesOut: 8 });
    },
    MOVING_MS,
  );

  test(
    "both send megabytes at once, and each gets them as they were",
    async () => {
      await using backend = await startBackend();
      await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
      await using client = await tlsConnect(await flow.port("db"), options);
      const server = await backend.peer();
      const down = LOAD.subarray(12_345);
      const sending = [client.send(LOAD), server.send(down)];
      client.finish();
      server.finish();
      await Promise.all(sending);
      expect([await client.end(), await server.end()]).toEqual(["fin", "fin"]);
      expect(digest(server.bytes)).toBe(digest(LOAD));
      expect(digest(client.bytes)).toBe(digest(down));
      expect((await flow.log.record()).reason).toBe("done");
    },
    MOVING_MS,
  );

  test("a reset by the backend is a reset to the client", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    await using client = await tlsConnect(await flow.port("db"), options);
    await client.read(1);
    (await backend.peer()).reset();
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("backend-reset");
  });

  test("a reset by the client is a reset to the backend", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    await using client = await tlsConnect(await flow.port("db"), options);
    await client.read(1);
    client.reset();
    expect(await (await backend.peer()).end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("client-reset");
  });

  test.each(["client", "backend"] as const)(
    "a stopped reader holds up a %s that wants to send gigabytes",
    async (side) => {
      await using backend = await startBackend();
      await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
      await using client = await tlsConnect(await flow.port("db"), options);
      const server = await backend.peer();
      const [writer, reader] = side === "client" ? [client, server] : [server, client];
      reader.socket.pause();
      const before = process.memoryUsage().rss;
      const taken = await fill(writer);
      // Kernel buffers of four sockets, one read of the gateway and a record: far below what the writer has to give.
      expect(taken).toBeLessThan(64 * MEGABYTE);
      expect(process.memoryUsage().rss - before).toBeLessThan(128 * MEGABYTE);
      reader.socket.resume();
      await reader.until(() => reader.received >= taken);
      client.reset();
      await flow.log.record();
    },
  );
});

describe("TLS that ends here", () => {
  test.each([
    ["idle", { idle: "1s" }, false],
    ["half-close-timeout", { halfClose: "1s" }, true],
    ["max-lifetime", { lifetime: "1s" }, false],
  ] as const)(
    "ends with %s as plain connections do",
    async (reason, timeouts, finishes) => {
      await using backend = await lettered("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...ends(), timeouts }) });
      await using client = await tlsConnect(await flow.port("db"), ONE);
      await client.read(1);
      // The backend has to stay for a half-close to last.
      const server = await backend.peer();
      server.socket.unpipe();
      if (finishes) client.finish();
      expect(await client.end()).toBe("reset");
      expect((await flow.log.record()).reason).toBe(reason);
      await untilNobodyIsThere(flow);
    },
    10_000,
  );

  test("is killed like any other", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    await using client = await tlsConnect(await flow.port("db"), ONE);
    await client.read(1);
    const [connection] = await flow.view.connections({}, undefined, 1);
    expect(connection).toMatchObject({ sni: "one.example", tls: "TLSv1.3", route: "db" });
    expect(await flow.view.kill(connection?.id ?? "")).toBe(true);
    expect(await client.end()).toBe("reset");
    expect(await (await backend.peer()).end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("killed");
  });

  test("is waited for by a drain", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    const port = await flow.port("db");
    await using client = await tlsConnect(port, ONE);
    await client.send("before");
    await client.read(6);
    const drained = flow.gateway.drain();
    expect(await tlsVisit(port, ONE)).not.toBe("b");
    await client.send(" after");
    expect(await client.read(12)).toBe("before after");
    client.finish();
    expect(await client.end()).toBe("fin");
    await drained;
    expect((await flow.log.record()).reason).toBe("done");
  });

  test("is refused below the version that the route wants", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends("one", { minVersion: 1.3 })) });
    const port = await flow.port("db");
    expect(await tlsVisit(port, { ...ONE, maxVersion: "TLSv1.2" })).toMatch(/VERSION|reset/);
    const record = await flow.log.record();
    expect(record).toMatchObject({ reason: "tls-failed", route: "db" });
    expect(record.detail).toBeString();
    expect(await tlsVisit(port, ONE)).toBe("b");
    expect(backend.peers).toHaveLength(1);
  });

  test("counts for limits until it ends, and gives back what failed handshakes took", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...ends("one", { minVersion: 1.3 }), limits: { connections: 2, perSource: 1 } }),
    });
    const port = await flow.port("db");
    for (let round = 0; round < 100; round++) await tlsVisit(port, { ...ONE, maxVersion: "TLSv1.2" });
    await untilNobodyIsThere(flow);
    await using held = await tlsConnect(port, ONE);
    await held.read(1);
    expect(await tlsVisit(port, ONE)).toBe("reset");
    expect(await tlsVisit(port, { ...ONE, ...ELSEWHERE })).toBe("b");
    held.finish();
    await held.end();
    await eventually(async () => (await flow.view.engine()).connectionsActive === 0);
    expect(await tlsVisit(port, ONE)).toBe("b");
    await untilNobodyIsThere(flow);
    const [route] = (await flow.view.engine()).routes;
    expect(route?.connectionsTotal).toEqual({ done: 3, "tls-failed": 100, "denied-concurrency": 1 });
    expect(route?.limited).toEqual({ "perSource.connections": 1 });
  });
});

describe("TLS that goes through", () => {
  test(
    "carries megabytes up and down as they were, and half-closes",
    async () => {
      await using backend = await startTlsBackend("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("one.example")) });
      await using client = await tlsConnect(await flow.port("db"), ONE);
      await client.send(LOAD);
      client.finish();
      expect(await client.end()).toBe("fin");
      expect(digest(client.bytes)).toBe(digest(Buffer.concat([Buffer.from("b"), LOAD])));
      const record = await flow.log.record();
      expect(record).toMatchObject({ reason: "done", sni: "one.example", tls: undefined });
      expect(record.bytesIn).toBeGreaterThan(LOAD.length);
    },
    MOVING_MS,
  );
});
