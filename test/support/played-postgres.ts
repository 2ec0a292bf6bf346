// A PostgreSQL server as a test plays it: it answers requests for TLS as it is told to, begins sessions, remembers what
// clients want, and echoes what they say in their sessions. On `node:net` and `node:tls`, with no parser of ours.

import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { closeServer, listenOnFreePort } from "./node-server.ts";
import { message } from "./postgres-packet.ts";
import { tlsFixture } from "./tls-front.ts";

const SSL_REQUEST = "04d2162f";
const CANCEL_REQUEST = "04d2162e";

export interface PlayedPostgresOptions {
  /** What a request for TLS is answered with; `S` with TLS after it, when absent. */
  readonly answer?: string;
  /** Of a session, as its server sends it: `pid` and secret, in hexadecimal. */
  readonly key?: string;
  /** Sent before the key. */
  readonly before?: readonly Uint8Array[];
  /** How much is written at a time; all at once when absent. */
  readonly piece?: number;
  /** Is asked before a request to cancel is taken note of; the connection is ended after it. */
  readonly cancelling?: () => Promise<void>;
  readonly identity?: string;
}

/** What one connection wanted. `sni` is what it asked for by TLS, `null` in the clear. */
export interface PlayedStart {
  readonly kind: "session" | "cancel";
  readonly sni: string | null;
  /** Of a session its user, of a request to cancel the key in hexadecimal, with everything that followed. */
  readonly what: string;
}

export interface PlayedPostgres extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  readonly starts: readonly PlayedStart[];
  /** The first packet of every connection, in hexadecimal. */
  readonly firsts: readonly string[];
  /** Connections that are there now. */
  readonly connections: number;
}

export async function startPlayedPostgres(options: PlayedPostgresOptions = {}): Promise<PlayedPostgres> {
  const { identity = "one" } = options;
  const starts: PlayedStart[] = [];
  const firsts: string[] = [];
  const sockets = new Set<Socket>();
  const [cert, key] = await Promise.all([tlsFixture(`${identity}.pem`), tlsFixture(`${identity}.key`)]);
  const inner = createTlsServer({ cert, key, ALPNProtocols: ["postgresql"] }, (socket: TLSSocket) => {
    playSession(socket, socket.servername || "", options, starts);
  });
  const innerPort = await listenOnFreePort(inner);
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    onPacket(socket, (packet) => {
      firsts.push(packet.toString("hex"));
      if (packet.toString("hex", 4, 8) !== SSL_REQUEST) return play(socket, packet, null, options, starts);
      socket.write(options.answer ?? "S");
      if (options.answer !== undefined) return;
      const below = connect({ host: "127.0.0.1", port: innerPort });
      below.on("error", () => socket.destroy());
      below.on("close", () => socket.destroy());
      socket.on("close", () => below.destroy());
      socket.pipe(below).pipe(socket);
    });
  });
  const port = await listenOnFreePort(front);
  return {
    port,
    address: `127.0.0.1:${port}`,
    starts,
    firsts,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closeServer(front), closeServer(inner)]);
    },
  };
}

function playSession(socket: Socket, sni: string, options: PlayedPostgresOptions, starts: PlayedStart[]): void {
  socket.on("error", () => {});
  onPacket(socket, (packet) => play(socket, packet, sni, options, starts));
}

function play(
  socket: Socket,
  packet: Buffer,
  sni: string | null,
  options: PlayedPostgresOptions,
  starts: PlayedStart[],
): void {
  if (packet.toString("hex", 4, 8) === CANCEL_REQUEST) {
    const note = async (): Promise<void> => {
      await options.cancelling?.();
      starts.push({ kind: "cancel", sni, what: packet.toString("hex", 8) });
      socket.end();
    };
    void note();
    return;
  }
  const [, user = ""] = /user\0([^\0]*)\0/.exec(packet.toString("latin1")) ?? [];
  starts.push({ kind: "session", sni, what: user });
  const { before = [], key = "0000002a00c0ffee" } = options;
  const begun = Buffer.concat([
    message("R", Uint8Array.of(0, 0, 0, 0)),
    message("S", "server_version\x0017.0\0"),
    ...before,
    message("K", Buffer.from(key, "hex")),
    message("Z", "I"),
  ]);
  void writePieces(socket, begun, options.piece ?? begun.length).then(() => socket.pipe(socket));
}

async function writePieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve));
  }
}

/** Calls with the first whole packet; what follows it is left to be read. */
function onPacket(socket: Socket, then: (packet: Buffer) => void): void {
  let held = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    held = Buffer.concat([held, chunk]);
    if (held.length < 4 || held.length < held.readUInt32BE(0)) return;
    socket.off("data", read);
    const length = held.readUInt32BE(0);
    const rest = held.subarray(length);
    then(held.subarray(0, length));
    if (rest.length > 0) socket.emit("data", rest);
  };
  socket.on("data", read);
}
