// A PostgreSQL client as a test plays it, packet by packet.

import type { ConnectionOptions } from "node:tls";
import { Peer } from "./peer.ts";
import { startPacket } from "./postgres-packet.ts";
import { beginTls } from "./tls-peer.ts";

export const SSL_REQUEST = startPacket("04d2162f");
export const GSS_REQUEST = startPacket("04d21630");
export const STARTUP = startup("alice");

/** Wishes for a session. */
export function startup(user: string): Uint8Array {
  return startPacket("00030000", `user\0${user}\0database\0orders\0\0`);
}

/** A request to cancel the session with this key: pid and secret in hexadecimal. */
export function cancelRequest(key: string): Uint8Array {
  return startPacket("04d2162e", Uint8Array.fromHex(key));
}

/** Sends a packet and gives the one byte that it is answered with, or how the connection ended instead. */
export async function ask(peer: Peer, packet: Uint8Array): Promise<string> {
  const before = peer.received;
  await peer.send(packet);
  const text = await peer.read(before + 1);
  return text.slice(before, before + 1) || (await peer.end());
}

/** Asks for TLS, as all clients do but for those with `sslnegotiation=direct`, and shakes hands. */
export async function askForTls(port: number, name: string, options: ConnectionOptions = {}): Promise<Peer> {
  const below = await Peer.connect(port);
  const answer = await ask(below, SSL_REQUEST);
  if (answer !== "S") throw new Error(`TLS is answered with ${answer}`);
  return await beginTls(below, name, options);
}

/** Begins a session and waits until it is ready; the text that came, without what echoes later. */
export async function begin(peer: Peer, packet: Uint8Array = STARTUP): Promise<string> {
  await peer.send(packet);
  await peer.until(() => peer.text.endsWith("Z\0\0\0\x05I") || peer.ending !== undefined);
  return peer.text;
}

/** Asks to cancel on a connection of its own, and says how that ended once it has. */
export async function cancel(port: number, key: string, localAddress = "127.0.0.1"): Promise<string> {
  await using peer = await Peer.connect({ port, host: "127.0.0.1", localAddress });
  await peer.send(cancelRequest(key));
  return await peer.end();
}
