// What runtime/tls.ts promises of the server's side, of Bun's sockets: handshakes over sockets that were read, and how each
// of them can end.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { startHoldingRelay, startRelay } from "../support/holding-relay.ts";
import { Peer } from "../support/peer.ts";
import { tlsConnect, tlsPem } from "../support/tls-client.ts";
import { serverSettings, tlsListener, tlsOf } from "../support/tls-pair.ts";

const runtime = bunRuntime();
const tls = tlsOf(runtime);
const ONE = { servername: "one.example" };
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const only = (version: (typeof VERSIONS)[number]) => ({ minVersion: version, maxVersion: version });

describe("accept", () => {
  test.each([1, 5, 6, 100, 300])("goes on with a handshake of which %d bytes were read", async (enough) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()), enough);
    await using relay = await startRelay(listener.port);
    await using client = await tlsConnect(relay.port, ONE);
    await client.send("question");
    const server = await listener.server();
    await server.until(() => server.receivedBytes === 8);
    await server.send("answer");
    expect(await client.read(6)).toBe("answer");
    client.finish();
    await server.until(() => server.events.includes("ended"));
    server.socket.shutdown();
    expect(await client.end()).toBe("fin");
    await server.until(() => server.isClosed);
    expect(server.events).toEqual(["secured", "received", "ended", "closed"]);
    expect(server.handshake).toMatchObject({ version: "TLSv1.3" });
  });

  test("tells nothing of the encrypted half, however much goes through", async () => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using client = await tlsConnect(listener.port, ONE);
    const server = await listener.server();
    await server.settled();
    const megabyte = Buffer.alloc(1024 * 1024, "x");
    await client.send(megabyte);
    await server.until(() => server.receivedBytes >= megabyte.length);
    expect(server.receivedBytes).toBe(megabyte.length);
    expect(server.events).toEqual(["secured", "received"]);
  });

  test.each([
    [["b", "a"], ["a", "b"], "b"],
    [["a"], ["c", "a"], "a"],
    [["a"], [], undefined],
    [[], ["a"], undefined],
  ])("of %j and %j agrees to %s", async (alpn, offered, agreed) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ alpn })));
    const offers = offered.length === 0 ? {} : { ALPNProtocols: offered };
    await using client = await tlsConnect(listener.port, { ...ONE, ...offers });
    const server = await listener.server();
    await server.settled();
    expect(server.handshake?.alpn).toBe(agreed);
    expect(client.socket.alpnProtocol || undefined).toBe(agreed);
  });

  const FAILURES: readonly [what: string, settings: Parameters<typeof serverSettings>[0], options: object][] = [
    ["no protocol in common", { alpn: ["a"] }, { ALPNProtocols: ["b"] }],
    ["a version that is too old", { minVersion: "1.3" }, only("TLSv1.2")],
    ["TLS 1.1", {}, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }],
    ["no cipher in common", {}, { ...only("TLSv1.2"), ciphers: "AES128-SHA" }],
    ["a client that does not believe", {}, { ca: tlsPem("stranger.pem") }],
  ];
  test.each(FAILURES)("with %s: is told once, as closed, with a reason", async (_, settings, options) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings(settings)));
    const outcome = await tlsConnect(listener.port, { ...ONE, ...options }).catch((error: unknown) => error);
    const server = await listener.server();
    await server.until(() => server.isClosed);
    expect(outcome).toBeInstanceOf(Error);
    const [first, ...rest] = server.events.filter((event) => event !== "secured");
    expect(first).toMatch(/^closed E/);
    expect(rest).toEqual([]);
    expect(server.reason?.message).toMatch(/./);
  });

  test("with what is no TLS: is told once, as closed, with a reason", async () => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using client = await Peer.connect(listener.port);
    await client.send("GET / HTTP/1.0\r\n\r\n");
    await client.end();
    const server = await listener.server();
    await server.until(() => server.isClosed);
    expect(server.events).toEqual([expect.stringMatching(/^closed E/)]);
  });

  test("of a client that stalls in the middle: waits, and terminate ends it", async () => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using relay = await startHoldingRelay(listener.port);
    const connecting = tlsConnect(relay.port, ONE).catch((error: unknown) => error);
    await relay.holding;
    const server = await listener.server();
    expect(server.events).toEqual([]);
    await listener[Symbol.asyncDispose]();
    await server.until(() => server.isClosed);
    expect(server.events).toHaveLength(1);
    relay.release();
    const client = await connecting;
    if (client instanceof Peer) client.socket.destroy();
  });

  test.each([
    ["ends", (client: Peer) => client.finish()],
    ["resets", (client: Peer) => client.reset()],
  ])("of a client that %s in the middle: is told once, as closed", async (_, leave) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using client = await Peer.connect(listener.port);
    await client.send(Buffer.from([22, 3, 1, 1, 0, 1]));
    const server = await listener.server();
    leave(client);
    await server.until(() => server.isClosed);
    expect(server.events).toEqual([expect.stringMatching(/^closed/)]);
  });

  test("garbage after the handshake is the client's fault, and told as closed", async () => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using relay = await startRelay(listener.port);
    await using client = await tlsConnect(relay.port, ONE);
    const server = await listener.server();
    await server.settled();
    await client.send("x");
    await server.until(() => server.receivedBytes === 1);
    relay.say(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 7)]));
    await server.until(() => server.isClosed);
    expect(server.events).toEqual(["secured", "received", expect.stringMatching(/^closed E/)]);
    await client.end();
  });

  test.each(VERSIONS)("FIN without a goodbye is told as ended, and writing goes on: %s", async (version) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
    await using relay = await startRelay(listener.port);
    await using client = await tlsConnect(relay.port, { ...ONE, ...only(version) });
    const server = await listener.server();
    await server.settled();
    await client.send("x");
    await server.until(() => server.receivedBytes === 1);
    relay.finish();
    await server.until(() => server.events.includes("ended") || server.isClosed);
    expect(server.events.slice(0, 3)).toEqual(["secured", "received", "ended"]);
    await server.send("late");
    expect(await client.read(4)).toBe("late");
  });
});
