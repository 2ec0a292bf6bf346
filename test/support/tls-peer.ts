// A client that begins TLS on a connection that is open already: after a PROXY header, or after PostgreSQL's request.

import { connect, type ConnectionOptions } from "node:tls";
import { Peer } from "./peer.ts";
import { tlsFixture } from "./tls-front.ts";

/** Shakes hands over `below`, and gives what is inside. Rejects when there is no handshake. */
export async function beginTls(below: Peer, servername: string, options: ConnectionOptions = {}): Promise<Peer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ca = await tlsFixture("ca.pem");
  const socket = connect({ socket: below.socket, servername, ca, ...options }, resolve);
  socket.once("error", reject);
  for (const half of [socket, below.socket]) half.once("close", () => reject(new Error("Closed during the handshake")));
  await promise;
  socket.off("error", reject);
  return new Peer(socket);
}

/** Certificate and key of the client that the fixtures know. */
export async function clientIdentity(name = "client"): Promise<{ readonly cert: string; readonly key: string }> {
  return { cert: await tlsFixture(`${name}.pem`), key: await tlsFixture(`${name}.key`) };
}
