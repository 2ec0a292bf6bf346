// Clients that speak TLS, on `node:tls`: what they ask for, what they show, and what becomes of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { errorCode } from "../../src/runtime/error-code.ts";
import { Peer } from "./peer.ts";

/** A directory with certificates, keys and lists of revoked certificates. */
export const TLS_FIXTURES: string = join(import.meta.dir, "../fixtures/tls");

/** Path of a file there, for routes. */
export function tlsPath(name: string): string {
  return join(TLS_FIXTURES, name);
}

/** A file there. */
export function tlsPem(name: string): string {
  return readFileSync(tlsPath(name), "utf8");
}

/** What a client of ours shows: `client`, or the name of one in `clients/`. Most of them have the same key. */
export function shows(name: string): Pick<ConnectionOptions, "cert" | "key"> {
  if (name === "client") return { cert: tlsPem("client.pem"), key: tlsPem("client.key") };
  const key = name === "rsa1024" ? "clients/rsa1024.key" : "client.key";
  return { cert: tlsPem(`clients/${name}.pem`), key: tlsPem(key) };
}

/** One end of a TLS connection. */
export interface TlsPeer extends Peer {
  readonly socket: TLSSocket;
}

/** Connects; `servername` is asked for and verified. Rejects when the handshake fails. */
export async function tlsConnect(port: number, options: ConnectionOptions = {}): Promise<TlsPeer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ca = tlsPem("ca.pem");
  // Whoever gives no name cannot verify one.
  const own = options.servername === undefined ? { checkServerIdentity: () => undefined } : {};
  const all = { host: "127.0.0.1", port, ca, allowHalfOpen: true, ...own, ...options };
  const socket = connect(all, resolve);
  const peer = Object.assign(new Peer(socket), { socket });
  socket.once("error", reject);
  socket.once("close", () => reject(Object.assign(new Error("Closed"), { code: "CLOSED" })));
  await promise;
  return peer;
}

/**
 * The letter that a backend greets a TLS client with, which leaves politely, or how the client was refused: `reset` or `fin`, whether the
 * handshake had ended for the client or not, or what its TLS library said.
 */
export async function tlsVisit(port: number, options: ConnectionOptions = {}): Promise<string> {
  let peer: TlsPeer;
  try {
    peer = await tlsConnect(port, options);
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    return code === "ECONNRESET" || code === "CLOSED" ? "reset" : code;
  }
  await using client = peer;
  const letter = await client.read(1);
  if (letter === "") return client.end();
  client.finish();
  await client.end();
  return letter;
}
