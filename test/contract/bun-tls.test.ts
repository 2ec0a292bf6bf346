// What Bun 1.4.5 does with TLS on a socket that it has accepted, which termination is made of. Each test pins one behaviour;
// when an upgrade of Bun makes one fail, the comment says which rule of ours to look at again. The certificates in
// test/fixtures/tls last a hundred years; none of them is used anywhere else.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type ConnectionOptions, createSecureContext, type TLSSocket } from "node:tls";
import { eventually } from "../support/eventually.ts";

const FIXTURES = join(import.meta.dir, "../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FIXTURES, name), "utf8");
const [ca, one, oneKey, two, twoKey, client, clientKey, stranger, strangerKey] = await Promise.all(
  [
    "ca.pem",
    "one.pem",
    "one.key",
    "two.pem",
    "two.key",
    "client.pem",
    "client.key",
    "stranger.pem",
    "stranger.key",
  ].map(pem),
);

/** `\x03two`: length and text of each, as Bun wants ALPN names; a plain string fails every client that has any. */
function alpnWire(names: readonly string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name, "latin1")));
}

interface Handshake {
  readonly ok: boolean;
  readonly authorized: boolean;
  readonly error: string | undefined;
  readonly serverName: string | undefined;
  readonly alpn: unknown;
  readonly version: string;
  readonly commonName: string | undefined;
}

const handshakes: Handshake[] = [];
const asked: string[] = [];
let port = 0;
let stop = (): void => {};

/** Undocumented parts of Bun's TLS sockets that we rely on. */
interface ServerSocket {
  readonly authorized: boolean;
  readonly alpnProtocol: unknown;
  getServername(): string | undefined;
  getTLSVersion(): string;
  getPeerCertificate(): { readonly subject?: { readonly CN?: string } } | undefined;
  setVerifyMode(requestCert: boolean, rejectUnauthorized: boolean): void;
  write(bytes: Uint8Array | string): number;
  shutdown(): void;
}

beforeAll(() => {
  // "two" asks for client certificates and for TLS 1.3; every other name gets the first certificate.
  const forTwo: unknown = Reflect.get(
    createSecureContext({ cert: two, key: twoKey, ca, minVersion: "TLSv1.3" }),
    "context",
  );
  const events = {
    open(): void {},
    data(socket: ServerSocket, bytes: Uint8Array): void {
      socket.write(bytes);
    },
    drain(): void {},
    end(socket: ServerSocket): void {
      // The client has said that it is done: half of the connection is still there.
      socket.write("after the end");
      socket.shutdown();
    },
    close(): void {},
    error(): void {},
    serverName(_data: unknown, name: string, socket: ServerSocket): unknown {
      asked.push(name);
      if (name !== "two.example") return undefined;
      socket.setVerifyMode(true, true);
      return forTwo;
    },
    handshake(socket: ServerSocket, ok: boolean, error: { readonly code?: string } | null): void {
      handshakes.push({
        ok,
        authorized: socket.authorized,
        error: error?.code,
        serverName: socket.getServername(),
        alpn: socket.alpnProtocol,
        version: socket.getTLSVersion(),
        commonName: socket.getPeerCertificate()?.subject?.CN,
      });
    },
  };
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        const upgrade: unknown = Reflect.get(socket, "upgradeTLS");
        if (typeof upgrade !== "function") throw new Error("There is no upgradeTLS");
        const tls = { cert: one, key: oneKey, ca, ALPNProtocols: alpnWire(["postgresql", "two"]) };
        Reflect.apply(upgrade, socket, [{ isServer: true, tls, data: {}, socket: events }]);
      },
      // No `data`: with one, Bun hands it a copy of every encrypted chunk, too.
      drain() {},
      end() {},
      close() {},
      error() {},
    },
  });
  port = listener.port;
  stop = () => listener.stop(true);
});

afterAll(() => stop());

interface Outcome {
  readonly socket: TLSSocket;
  readonly text: () => string;
  readonly failed: () => boolean;
}

function dial(options: ConnectionOptions): Outcome {
  let text = "";
  let failed = false;
  const socket = connect({ host: "127.0.0.1", port, ca, checkServerIdentity: () => undefined, ...options });
  socket.on("data", (bytes) => (text += String(bytes)));
  socket.on("error", () => (failed = true));
  return { socket, text: () => text, failed: () => failed };
}

async function handshakeOf(options: ConnectionOptions): Promise<Handshake> {
  const before = handshakes.length;
  const { socket } = dial(options);
  await eventually(() => handshakes.length > before);
  socket.destroy();
  const handshake = handshakes[before];
  if (handshake === undefined) throw new Error("There was no handshake");
  return handshake;
}

describe("upgradeTLS of an accepted socket", () => {
  test("echoes, and each side ends its half by itself", async () => {
    // So FIN is forwarded per direction through TLS, too.
    const { socket, text } = dial({ servername: "one.example", allowHalfOpen: true } as ConnectionOptions);
    socket.write("hello");
    await eventually(() => text() === "hello");
    socket.end();
    await eventually(() => text() === "helloafter the end");
  });

  test("tells name, ALPN and version when the handshake is over", async () => {
    const handshake = await handshakeOf({ servername: "one.example", ALPNProtocols: ["postgresql"] });
    expect(handshake).toMatchObject({ ok: true, serverName: "one.example", alpn: "postgresql", version: "TLSv1.3" });
  });

  test("asks for the context of a name, and of none when the client sends no name", async () => {
    // So a client without a name gets the default certificate and its rules: those have to be the strictest.
    asked.length = 0;
    const named = await handshakeOf({ servername: "two.example", cert: client, key: clientKey });
    expect(named).toMatchObject({ ok: true, authorized: true, commonName: "billing" });
    expect(asked).toEqual(["two.example"]);
    const nameless = await handshakeOf({ cert: client, key: clientKey });
    expect(nameless).toMatchObject({ ok: true, serverName: undefined, commonName: undefined });
    expect(asked).toEqual(["two.example"]);
  });

  test("setVerifyMode refuses a client without a certificate, and lets one of a stranger through", async () => {
    // So our own handler has to look at `authorized` on every connection before a byte is piped.
    expect(await handshakeOf({ servername: "two.example" })).toMatchObject({ ok: false, authorized: false });
    const wrong = await handshakeOf({ servername: "two.example", cert: stranger, key: strangerKey });
    expect(wrong).toMatchObject({ ok: true, authorized: false, error: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  });

  test("does not enforce the least version of a context that was chosen by name", async () => {
    // So our own handler has to look at the version as well.
    const old = { servername: "two.example", cert: client, key: clientKey, maxVersion: "TLSv1.2" } as const;
    expect(await handshakeOf(old)).toMatchObject({ ok: true, version: "TLSv1.2" });
  });

  test("fails a client whose ALPN names are all unknown", async () => {
    const { socket, failed } = dial({ servername: "one.example", ALPNProtocols: ["h3"] });
    await eventually(failed);
    socket.destroy();
  });
});
