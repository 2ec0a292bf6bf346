// What the rest of the program relies on in every Tls, whoever implements it: what a handshake tells, whom it believes, and
// what is refused before it. What comes after a handshake is the Socket contract. It uses nothing of a test framework.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TlsServerContext } from "../../src/runtime/tls.ts";
import { dialTls, listenTls, tlsIdentity, type TlsListener, tlsOf, tlsPem } from "../support/tls-end.ts";
import type { DeclareTest } from "./socket-contract.ts";
import { tlsClientContract } from "./tls-client-contract.ts";

const CA = tlsPem("ca.pem");

/** Declares the tests about handshakes of `runtime`. */
export function tlsContract(runtime: Runtime, test: DeclareTest): void {
  const one = (more: { readonly minVersion?: "1.2" | "1.3"; readonly alpn?: readonly string[] } = {}) =>
    tlsOf(runtime).serverContext({ ...tlsIdentity("one"), minVersion: "1.2", alpn: [], ...more });
  settingsContract(runtime, test);
  acceptContract(runtime, test, one);
  failureContract(runtime, test, one);
  tamperingContract(runtime, test, one);
  tlsClientContract(runtime, test, one);
}

type MakeContext = (more?: {
  readonly minVersion?: "1.2" | "1.3";
  readonly alpn?: readonly string[];
}) => TlsServerContext;

function settingsContract(runtime: Runtime, test: DeclareTest): void {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  test("settings whose texts are not what they should be are refused at once", async () => {
    const tls = tlsOf(runtime);
    const { certificate, key } = tlsIdentity("one");
    const server = { certificate, key, minVersion: "1.2", alpn: [] } as const;
    assert.throws(() => tls.serverContext({ ...server, certificate: broken }));
    assert.throws(() => tls.serverContext({ ...server, key: "no key" }));
    assert.throws(() => tls.serverContext({ ...server, key: tlsPem("two.key") }));
    assert.throws(() => tls.clientContext({ insecure: false, trust: { ca: [broken], crl: [] } }));
    assert.throws(() => tls.clientContext({ insecure: false, identity: { certificate, key: tlsPem("two.key") } }));
  });
}

function acceptContract(runtime: Runtime, test: DeclareTest, one: MakeContext): void {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`a handshake tells its version, its cipher suite and the protocol that was agreed on: ${version}`, async () => {
      using server = await listenTls(runtime, one({ alpn: ["first", "second"] }));
      using client = dialPlain(server, { maxVersion: version, ALPNProtocols: ["second", "other"] });
      const peer = await server.client(0);
      await peer.settled();
      const { version: told, alpn, certificate } = peer.handshake ?? {};
      assert.deepEqual({ told, alpn, certificate }, { told: version, alpn: "second", certificate: undefined });
      assert.match(peer.handshake?.session?.cipherSuite ?? "", /^TLS_[A-Z0-9_]+$/);
      assert.equal(peer.handshake?.session?.resumed, false);
      await client.secured;
    });
  }

  test("a client that speaks of no protocol agrees on none, whatever the server knows", async () => {
    using server = await listenTls(runtime, one({ alpn: ["first"] }));
    using _client = dialPlain(server);
    const peer = await server.client(0);
    await peer.settled();
    assert.equal(peer.handshake?.alpn, undefined);
    assert.equal(peer.isOpen, true);
  });

  for (const least of [1, 2, 5, 6, 100]) {
    test(`TLS goes on after what was read already: at least ${least} bytes`, async () => {
      using server = await listenTls(runtime, one(), least);
      const client = await dialTls(runtime, server, trusting(runtime));
      assert.equal(client.isOpen, true);
      const peer = await server.client(0);
      await peer.settled();
      await client.send("to the server");
      await peer.until(() => peer.receivedBytes === 13);
      await peer.send("to the client");
      await client.until(() => client.receivedBytes === 13);
      assert.deepEqual([peer.text(), client.text()], ["to the server", "to the client"]);
      client.socket.terminate();
      await peer.until(() => peer.isClosed);
    });
  }
}

function failureContract(runtime: Runtime, test: DeclareTest, one: MakeContext): void {
  const failures: readonly (readonly [string, Parameters<MakeContext>[0], ConnectionOptions])[] = [
    ["older than it may be", { minVersion: "1.3" }, { maxVersion: "TLSv1.2" }],
    ["without a protocol that both know", { alpn: ["first"] }, { ALPNProtocols: ["other"] }],
  ];
  for (const [name, settings, options] of failures) {
    test(`a client that is ${name} is closed with an error, told once`, async () => {
      using server = await listenTls(runtime, one(settings));
      using client = dialPlain(server, options);
      const peer = await server.client(0);
      await peer.settled();
      assert.match(peer.events.join(), /^closed (?!without code)[A-Z_0-9]+$/);
      await assert.rejects(client.secured);
    });
  }

  test("bytes that are no TLS end in one close with an error", async () => {
    using server = await listenTls(runtime, one());
    const client = connectTcp({ host: "127.0.0.1", port: server.listening.port });
    client.on("error", () => {});
    client.write("GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
    const peer = await server.client(0);
    await peer.settled();
    assert.match(peer.events.join(), /^closed ./);
    client.destroy();
  });

  test("a client that goes away in the middle of its hello is told once", async () => {
    using server = await listenTls(runtime, one());
    const client = connectTcp({ host: "127.0.0.1", port: server.listening.port });
    client.on("error", () => {});
    client.write(Uint8Array.of(22, 3, 1, 1, 0, 1));
    const peer = await server.client(0);
    client.end();
    await peer.settled();
    assert.match(peer.events.join(), /^closed[^,]*$/);
    client.destroy();
  });

  test("a handshake that is given up is told once", async () => {
    using server = await listenTls(runtime, one());
    const client = connectTcp({ host: "127.0.0.1", port: server.listening.port });
    client.on("error", () => {});
    client.write(Uint8Array.of(22, 3, 1, 1, 0, 1));
    const peer = await server.client(0);
    server.accepted[0]?.terminate();
    await peer.settled();
    assert.match(peer.events.join(), /^closed[^,]*$/);
    client.destroy();
  });
}

function tamperingContract(runtime: Runtime, test: DeclareTest, one: MakeContext): void {
  test("bytes that nobody encrypted close a connection with an error, and are never told", async () => {
    using server = await listenTls(runtime, one());
    const below = connectTcp({ host: "127.0.0.1", port: server.listening.port });
    below.on("error", () => {});
    // TLS over a stream leaves the socket below to whoever has it.
    const between = new Duplex({
      read() {},
      write: (bytes: Uint8Array, _encoding, done) => void below.write(bytes, () => done()),
    });
    below.on("data", (bytes) => between.push(bytes));
    const client = connect({ socket: between, ca: CA, servername: "one.example" });
    client.on("error", () => {});
    const peer = await server.client(0);
    await peer.settled();
    assert.deepEqual(peer.events, ["opened"]);
    below.write(Uint8Array.of(23, 3, 3, 0, 32, ...new Uint8Array(32)));
    await peer.until(() => peer.isClosed);
    assert.match(peer.events.join(), /^opened,(ended,)?closed ./);
    assert.equal(peer.receivedBytes, 0);
    client.destroy();
    below.destroy();
  });
}

/** Declares the tests about certificates of clients, for those who verify them. */
export function clientCertificateContract(runtime: Runtime, test: DeclareTest): void {
  const wanting = (crl: readonly string[] = []) =>
    tlsOf(runtime).serverContext({
      ...tlsIdentity("one"),
      minVersion: "1.2",
      alpn: [],
      clients: { ca: [CA], crl },
    });
  const found = async (context: TlsServerContext, identity?: ReturnType<typeof tlsIdentity>) => {
    using server = await listenTls(runtime, context);
    const shown = identity === undefined ? {} : { cert: identity.certificate, key: identity.key };
    using _client = dialPlain(server, shown);
    const peer = await server.client(0);
    await peer.settled();
    return peer.handshake;
  };

  test("a good certificate of a client is told as DER, and without distrust", async () => {
    const handshake = await found(wanting([tlsPem("two-revoked.crl")]), tlsIdentity("client"));
    assert.deepEqual(handshake?.certificate, new X509Certificate(tlsPem("client.pem")).raw);
    assert.equal(handshake?.distrust, undefined);
  });

  const revoked = [tlsPem("two-revoked.crl")];
  for (const [name, identity, code, crl] of [
    ["a stranger", tlsIdentity("stranger"), "DEPTH_ZERO_SELF_SIGNED_CERT", []],
    ["one whose time is over", tlsIdentity("expired", "one"), "CERT_HAS_EXPIRED", []],
    ["one that was revoked", tlsIdentity("two"), "CERT_REVOKED", revoked],
  ] as const) {
    test(`the handshake with ${name} is told with its certificate and ${code}`, async () => {
      const handshake = await found(wanting(crl), identity);
      assert.deepEqual(handshake?.certificate, new X509Certificate(identity.certificate).raw);
      assert.equal(handshake?.distrust, code);
    });
  }

  test("a client that has no certificate is told without one", async () => {
    const handshake = await found(wanting());
    assert.equal(typeof handshake, "object");
    assert.equal(handshake?.certificate, undefined);
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`no session is resumed when certificates are asked for: ${version}`, async () => {
      using server = await listenTls(runtime, wanting());
      const { certificate, key } = tlsIdentity("stranger");
      const options = { cert: certificate, key, maxVersion: version };
      let session: Buffer | undefined;
      for (const round of [0, 1]) {
        using client = dialPlain(server, session === undefined ? options : { ...options, session });
        client.socket.on("session", (offered) => (session = offered));
        await client.secured;
        const peer = await server.client(round);
        await peer.settled();
        // An answer comes after what the server sends to be resumed with.
        await peer.send("x");
        await client.heard;
        session ??= client.socket.getSession();
        assert.equal(client.socket.isSessionReused(), false);
        assert.equal(peer.handshake?.distrust, "DEPTH_ZERO_SELF_SIGNED_CERT");
      }
    });
  }
}

function trusting(runtime: Runtime) {
  return tlsOf(runtime).clientContext({ insecure: false, trust: { ca: [CA], crl: [] } });
}

interface PlainClient extends Disposable {
  readonly socket: TLSSocket;
  readonly secured: Promise<void>;
  readonly heard: Promise<void>;
}

/** A client of `node:tls`, which can be told to be worse than ours are. */
function dialPlain({ listening }: TlsListener, options: ConnectionOptions = {}): PlainClient {
  const socket = connect({ host: "127.0.0.1", port: listening.port, ca: CA, servername: "one.example", ...options });
  const secured = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  for (const { promise } of [secured, heard]) promise.catch(() => {});
  socket.on("secureConnect", secured.resolve);
  socket.on("data", () => heard.resolve());
  socket.on("error", (error) => {
    secured.reject(error);
    heard.reject(error);
  });
  socket.on("close", () => secured.reject(new Error("It was closed")));
  return { socket, secured: secured.promise, heard: heard.promise, [Symbol.dispose]: () => void socket.destroy() };
}
