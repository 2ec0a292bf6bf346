// What Bun 1.4.5 does with TLS on a socket of which bytes were read already: how one port can pass some names through and
// terminate others, and how TLS can follow a PROXY header. Each test pins one behaviour; when an upgrade of Bun makes one
// fail, the comment says which rule of ours to look at again.

import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions, createSecureContext, type TLSSocket } from "node:tls";
import { eventually } from "../support/eventually.ts";

const FIXTURES = join(import.meta.dir, "../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FIXTURES, name), "utf8");
const [ca, one, oneKey, client, clientKey] = await Promise.all(
  ["ca.pem", "one.pem", "one.key", "client.pem", "client.key"].map(pem),
);

interface ServerSocket {
  readonly authorized: boolean;
  getTLSVersion(): string;
  isSessionReused(): boolean;
  write(bytes: Uint8Array): number;
}

interface Told {
  readonly ok: boolean;
  readonly authorized: boolean;
  readonly version: string;
  readonly reused: boolean;
}

/** A server that reads `prefix` bytes and at least `least` more raw, and hands what follows the prefix to TLS. */
function startServer(prefix: number, least: number, context: Parameters<typeof createSecureContext>[0]) {
  const handshakes: Told[] = [];
  const secureContext: unknown = Reflect.get(
    createSecureContext({ cert: one, key: oneKey, ca, ...context }),
    "context",
  );
  const events = {
    open(): void {},
    data(socket: ServerSocket, bytes: Uint8Array): void {
      socket.write(bytes);
    },
    drain(): void {},
    end(): void {},
    close(): void {},
    error(): void {},
    handshake(socket: ServerSocket, ok: boolean): void {
      const { authorized } = socket;
      handshakes.push({ ok, authorized, version: socket.getTLSVersion(), reused: socket.isSessionReused() });
    },
  };
  const listener = Bun.listen<{ read: Buffer; upgraded: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = { read: Buffer.alloc(0), upgraded: false };
      },
      data(socket, bytes) {
        const state = socket.data;
        // The raw half goes on hearing what is encrypted.
        if (state.upgraded) return;
        state.read = Buffer.concat([state.read, bytes]);
        if (state.read.length < prefix + least) return;
        state.upgraded = true;
        const tls = { secureContext, requestCert: true, rejectUnauthorized: false };
        const upgrade: unknown = Reflect.get(socket, "upgradeTLS");
        if (typeof upgrade !== "function") throw new Error("There is no upgradeTLS");
        const initialData = state.read.subarray(prefix);
        Reflect.apply(upgrade, socket, [{ isServer: true, tls, data: {}, socket: events, initialData }]);
      },
      drain() {},
      end() {},
      close() {},
      error() {},
    },
  });
  return { port: listener.port, handshakes, [Symbol.dispose]: () => listener.stop(true) };
}

interface Dialled {
  readonly socket: TLSSocket;
  readonly text: () => string;
  readonly failed: () => boolean;
}

/** A TLS client that says `before` in plain first. */
function dial(port: number, before: string, options: ConnectionOptions = {}): Dialled {
  let text = "";
  let failed = false;
  const plain = connectTcp({ host: "127.0.0.1", port });
  if (before !== "") plain.write(before);
  const socket = connect({ socket: plain, ca, servername: "one.example", ...options });
  socket.on("data", (bytes) => (text += String(bytes)));
  socket.on("error", () => (failed = true));
  return { socket, text: () => text, failed: () => failed };
}

/** Whether a second connection with the session of the first one goes on with it. */
async function reuse(secureOptions: number): Promise<boolean> {
  using server = startServer(0, 1, { secureOptions, maxVersion: "TLSv1.2" });
  const first = dial(server.port, "", { cert: client, key: clientKey });
  first.socket.write("x");
  await eventually(() => first.text() === "x");
  const session = first.socket.getSession();
  first.socket.destroy();
  const second = dial(server.port, "", {
    cert: client,
    key: clientKey,
    ...(session === undefined ? {} : { session }),
  });
  second.socket.write("y");
  await eventually(() => second.text() === "y");
  second.socket.destroy();
  expect(server.handshakes.map(({ authorized }) => authorized)).toEqual([true, true]);
  return server.handshakes[1]?.reused ?? false;
}

describe("upgradeTLS with initialData", () => {
  test.each([
    ["", 1],
    ["", 100],
    ["PROXY UNKNOWN\r\n", 0],
    ["PROXY UNKNOWN\r\n", 1],
  ])("goes on after %j and %d bytes of the hello that were read already", async (before, least) => {
    // So a port can be sniffed and still be terminated natively, whatever came before the hello.
    using server = startServer(before.length, least, {});
    const { socket, text } = dial(server.port, before);
    socket.write("hello through TLS");
    await eventually(() => text() === "hello through TLS");
    expect(server.handshakes).toMatchObject([{ ok: true, version: "TLSv1.3" }]);
    socket.destroy();
  });

  test("enforces the least version of the context that it was given", async () => {
    // So names that differ in versions are told apart before TLS begins, not in `serverName`.
    using server = startServer(0, 1, { minVersion: "TLSv1.3" });
    const { failed } = dial(server.port, "", { maxVersion: "TLSv1.2" });
    await eventually(failed);
  });

  test("resumes a session without judging its certificate again, unless tickets are off", async () => {
    // So every context that asks for client certificates has tickets off (SSL_OP_NO_TICKET): a certificate that has
    // expired or was revoked since must not come in by an old session.
    expect(await reuse(0)).toBe(true);
    expect(await reuse(0x4000)).toBe(false);
  });
});
