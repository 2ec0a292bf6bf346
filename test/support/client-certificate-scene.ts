// Clients with and without certificates, for the tests of what listeners want of them: who is served, and whether a session that was
// given out before is a way around it.

import { expect } from "bun:test";
import { connect as connectTls } from "node:tls";
import {
  type Authority,
  caText,
  INFRA,
  type Pair,
  type Place,
  readPair,
  serviceFor,
  type TlsWish,
} from "./conformance.ts";
import { GREETING } from "./echo-server.ts";
import { Peer } from "./peer.ts";

/** Both versions of TLS, as a client asks for them. */
export const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/** A certificate for a client. */
export async function clientPair(authority: Authority, name: string): Promise<Pair> {
  return readPair(await authority.client(`/CN=${name}`, `${name}.example.com`));
}

/** Expects the same of clients of both versions; `undefined` shows no certificate. */
export async function expectService(
  place: Place,
  servername: string | undefined,
  shown: Pair | undefined,
  wanted: string,
): Promise<void> {
  const name = servername === undefined ? {} : { servername };
  for (const maxVersion of VERSIONS) {
    const seen = await serviceFor(place, { ...name, ...shown, maxVersion });
    expect(`${maxVersion} ${seen}`).toBe(`${maxVersion} ${wanted}`);
  }
}

/** The last session that a client was given, who was served; `undefined`: it was given none. */
export async function sessionOf({ host, port }: Place, wish: TlsWish): Promise<Buffer | undefined> {
  const sessions: Buffer[] = [];
  const socket = connectTls({ host, port, rejectUnauthorized: false, checkServerIdentity: () => undefined, ...wish });
  socket.on("session", (session: Buffer) => sessions.push(session));
  await using client = new Peer(socket);
  await client.read(GREETING.length);
  expect(client.text).toBe(GREETING);
  return sessions.at(-1) ?? socket.getSession();
}

/** A ConfigMap with an authority, in INFRA, and another one's after it. */
export function authorityText(name: string, ...pems: readonly string[]): string {
  return caText(INFRA, name, pems.join(""));
}
