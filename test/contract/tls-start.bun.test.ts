// What runtime/tls.ts promises of the client's side, of Bun's sockets: who is asked for and believed, and that nothing is
// left of a handshake.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { openSockets } from "../support/descriptors.ts";
import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startRelay } from "../support/holding-relay.ts";
import { Peer } from "../support/peer.ts";
import { tlsPem } from "../support/tls-client.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { clientSettings, serverSettings, tlsDial, tlsListener, tlsOf } from "../support/tls-pair.ts";

const runtime = bunRuntime();
const tls = tlsOf(runtime);
const CA = tlsPem("ca.pem");

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
    // By RST or FIN: nothing was agreed on that could be cut short.
    await peer.end();
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
