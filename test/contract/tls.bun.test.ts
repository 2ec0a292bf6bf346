// What runtime/tls.ts promises, of Bun's sockets: handshakes over sockets that were read, who is believed, and how each of
// them can end. Both ends are ours, or one of them is `node:tls`.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { openSockets } from "../support/descriptors.ts";
import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startHoldingRelay, startRelay } from "../support/holding-relay.ts";
import { Peer } from "../support/peer.ts";
import { shows, tlsConnect, tlsPem } from "../support/tls-client.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { clientSettings, serverSettings, tlsDial, tlsListener, tlsOf } from "../support/tls-pair.ts";

const runtime = bunRuntime();
const tls = tlsOf(runtime);
const CA = tlsPem("ca.pem");
const ONE = { servername: "one.example" };
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const CLIENTS = { ca: [CA], crl: [] };

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

describe("client certificates", () => {
  test.each(VERSIONS)("come with their DER, and without distrust when they are good: %s", async (version) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ clients: CLIENTS })));
    await using _client = await tlsConnect(listener.port, { ...ONE, ...shows("client"), ...only(version) });
    const server = await listener.server();
    await server.settled();
    const der = Buffer.from(tlsPem("client.pem").replaceAll(/-----.*-----|\n/g, ""), "base64");
    expect(server.handshake).toEqual({ version, certificate: expect.anything() });
    expect(der.equals(server.handshake?.certificate ?? new Uint8Array(0))).toBe(true);
  });

  test.each(VERSIONS)("that are bad fail no handshake, and say why: %s", async (version) => {
    const crl = [tlsPem("clients/none.crl")];
    const lists = [[], crl, [tlsPem("../x509/root.crl"), tlsPem("clients/revoked.crl")]];
    for (const [name, list, distrust] of [
      ["expired", 0, "CERT_HAS_EXPIRED"],
      ["not-yet-valid", 0, "CERT_NOT_YET_VALID"],
      ["wrong-authority", 0, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
      ["revoked", 0, undefined],
      ["revoked", 1, undefined],
      ["revoked", 2, "CERT_REVOKED"],
      ["reporting", 2, undefined],
    ] as const) {
      const clients = { ca: [tlsPem("../x509/root.pem"), CA], crl: lists[list] ?? [] };
      await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ clients })));
      await using _client = await tlsConnect(listener.port, { ...ONE, ...shows(name), ...only(version) });
      const server = await listener.server();
      await server.settled();
      expect([name, list, server.handshake?.distrust]).toEqual([name, list, distrust]);
      expect(server.handshake?.certificate).toBeDefined();
    }
  });

  test.each(VERSIONS)(
    "that are not shown are absent, and not asked for where nobody wants them: %s",
    async (version) => {
      for (const [clients, shown] of [
        [{ clients: CLIENTS }, {}],
        [{}, shows("client")],
      ] as const) {
        await using listener = await tlsListener(runtime, tls.serverContext(serverSettings(clients)));
        await using _client = await tlsConnect(listener.port, { ...ONE, ...shown, ...only(version) });
        const server = await listener.server();
        await server.settled();
        expect(server.handshake).toMatchObject({ version });
        expect(server.handshake?.certificate).toBeUndefined();
      }
    },
  );

  test.each(VERSIONS)("are shown anew each time: no session is resumed where they are wanted: %s", async (version) => {
    const context = tls.serverContext(serverSettings({ clients: CLIENTS }));
    await using listener = await tlsListener(runtime, context);
    const options = { ...ONE, ...shows("client"), ...only(version) };
    let session: Buffer | undefined;
    for (let round = 0; round < 3; round++) {
      await using client = await tlsConnect(listener.port, {
        ...options,
        ...(session === undefined ? {} : { session }),
      });
      expect(client.socket.isSessionReused()).toBe(false);
      const sessions: Buffer[] = [];
      client.socket.on("session", (bytes: Buffer) => sessions.push(bytes));
      const server = await listener.server(round);
      await server.settled();
      expect(server.handshake?.certificate).toBeDefined();
      await server.send("x");
      await client.read(1);
      session = sessions.at(-1) ?? client.socket.getSession() ?? session;
    }
  });

  test.each(VERSIONS)(
    "are not needed for a session of another context to be resumed: it is not, %s",
    async (version) => {
      await using open = await tlsListener(runtime, tls.serverContext(serverSettings()));
      await using closed = await tlsListener(runtime, tls.serverContext(serverSettings({ clients: CLIENTS })));
      await using first = await tlsConnect(open.port, { ...ONE, ...only(version) });
      const sessions: Buffer[] = [];
      first.socket.on("session", (bytes: Buffer) => sessions.push(bytes));
      const server = await open.server();
      await server.settled();
      await server.send("x");
      await first.read(1);
      const session = sessions.at(-1) ?? first.socket.getSession();
      if (session === undefined) throw new Error("There is no session to try");
      await using second = await tlsConnect(closed.port, { ...ONE, ...only(version), session });
      expect(second.socket.isSessionReused()).toBe(false);
      const other = await closed.server();
      await other.settled();
      expect(other.handshake?.certificate).toBeUndefined();
    },
  );
});

describe("start", () => {
  test("asks for the name and verifies it", async () => {
    await using server = await startTlsFront({ answer: "answer" });
    const client = tlsDial(runtime, server.port, clientSettings(), "one.example");
    await client.settled();
    await client.send("question");
    await client.until(() => client.receivedBytes === 6);
    expect(client.events).toEqual(["secured", "received"]);
    expect(server.secured).toMatchObject([{ serverName: "one.example", text: "question" }]);
    client.socket.terminate();
  });

  test("asks for no name where there is an address, and verifies that", async () => {
    await using server = await startTlsFront({ identity: ["ip.pem", "one.key"] });
    const client = tlsDial(runtime, server.port, clientSettings(), "127.0.0.1");
    await client.settled();
    await eventually(() => server.secured.length === 1);
    expect(server.secured[0]?.serverName).toBeNull();
    client.socket.terminate();
    await using other = await startTlsFront();
    const refused = tlsDial(runtime, other.port, clientSettings(), "127.0.0.1");
    await refused.settled();
    expect(refused.events).toEqual(["closed ERR_TLS_CERT_ALTNAME_INVALID"]);
    expect(other.secured).toEqual([]);
  });

  const WRONG: readonly [
    what: string,
    settings: object,
    name: string,
    identity: readonly [string, string],
    code: string,
  ][] = [
    ["another name", {}, "two.example", ["one.pem", "one.key"], "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["expired", {}, "one.example", ["expired.pem", "one.key"], "CERT_HAS_EXPIRED"],
    [
      "untrusted",
      { trust: { ca: [tlsPem("stranger.pem")], crl: [] } },
      "one.example",
      ["one.pem", "one.key"],
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ],
    ["self-signed", {}, "checked.example", ["self-signed.crt", "self-signed.key"], "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [
      "revoked",
      { trust: { ca: [CA], crl: [tlsPem("two-revoked.crl")] } },
      "two.example",
      ["two.pem", "two.key"],
      "CERT_REVOKED",
    ],
  ];
  test.each(WRONG)(
    "with a certificate that is %s: is told once, as closed, with the reason; insecure takes it",
    async (_, settings, name, identity, code) => {
      await using server = await startTlsFront({ identity });
      const client = tlsDial(runtime, server.port, clientSettings(settings), name);
      await client.settled();
      await eventually(() => server.connections === 0);
      expect(client.events).toEqual([`closed ${code}`]);
      expect(server.secured).toEqual([]);
      const insecure = tlsDial(runtime, server.port, clientSettings({ ...settings, insecure: true }), name);
      await insecure.settled();
      expect(insecure.events).toEqual(["secured"]);
      await insecure.send("question");
      await eventually(() => server.secured[0]?.text === "question");
      insecure.socket.terminate();
    },
  );

  const BROKEN: readonly [what: string, serve: (peer: Peer) => void][] = [
    ["speaks in the clear", (peer) => peer.socket.end("SSH-2.0-x\r\n")],
    ["says nothing and ends", (peer) => peer.socket.end()],
    ["resets", (peer) => peer.reset()],
  ];
  test.each(BROKEN)("with a server that %s: is told once, as closed, insecure or not", async (_, serve) => {
    await using server = await startBackend(serve);
    for (const insecure of [true, false]) {
      const client = tlsDial(runtime, server.port, clientSettings({ insecure }), "one.example");
      await client.settled();
      expect(client.events).toEqual([expect.stringMatching(/^closed E/)]);
    }
  });

  test("terminate in the middle ends it, and is told once", async () => {
    await using server = await startBackend();
    const client = tlsDial(runtime, server.port, clientSettings(), "one.example");
    const peer = await server.peer();
    await peer.until(() => peer.received > 0);
    expect(client.events).toEqual([]);
    client.pending?.terminate();
    await client.settled();
    expect(client.events).toEqual(["closed"]);
    expect(await peer.end()).toBe("reset");
  });

  test("verifies an IPv6 address, and asks for no name", async () => {
    await using server = await startTlsFront({ identity: ["ip.pem", "one.key"] });
    await using relay = await startRelay(server.port, "::1");
    const client = tlsDial(runtime, relay.port, clientSettings(), "::1", "::1");
    await client.settled();
    expect(client.events).toEqual(["secured"]);
    await eventually(() => server.secured.length === 1);
    expect(server.secured[0]?.serverName).toBeNull();
    client.socket.terminate();
  });
});

test("a thousand handshakes, good and bad, leave no socket behind", async () => {
  await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ minVersion: "1.3" })));
  await using old = await startBackend((peer) => peer.socket.end("no"));
  const before = openSockets();
  for (let round = 0; round < 100; round++) {
    const clients = [...Array.from({ length: 8 }).keys()].map((number) =>
      tlsDial(runtime, listener.port, clientSettings(), number === 0 ? "two.example" : "one.example"),
    );
    clients.push(tlsDial(runtime, old.port, clientSettings(), "one.example"));
    clients.push(tlsDial(runtime, old.port, clientSettings({ insecure: true }), "one.example"));
    for (const client of clients) {
      await client.settled();
      if (!client.isClosed) client.socket.terminate();
    }
  }
  await eventually(() => listener.servers.every((server) => server.isClosed));
  await eventually(() => openSockets() <= before);
  expect(listener.servers.filter(({ events }) => events.some((event) => event.startsWith("failed")))).toEqual([]);
}, 30_000);
