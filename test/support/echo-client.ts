// Clients of the backend in `echo-server.ts`: through TCP or TLS they ask who answers them, or tell how they were turned away.

import { connect as connectTls, type ConnectionOptions } from "node:tls";
import * as v from "valibot";
import { errorCode } from "../../src/runtime/error-code.ts";
import { type EchoInfo, GREETING } from "./echo-server.ts";
import { Peer } from "./peer.ts";

/** A listener's address. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A client that was turned away: `reset` or `fin`, before it heard a byte; `refused`: nobody listens. */
export type TurnedAway = "reset" | "fin" | "refused";
/** The same where it does not matter how: it heard nothing of a backend. */
export const AWAY = "turned away";

const Info = v.object({
  namespace: v.string(),
  service: v.string(),
  pod: v.string(),
  isTLS: v.boolean(),
  tls: v.exactOptional(v.object({ serverName: v.string(), version: v.string(), client: v.string() })),
});

/** The backend that a TCP client talks to. Throws when it is turned away. */
export async function askTcp(place: Place): Promise<EchoInfo> {
  const answer = await tryTcp(place);
  if (typeof answer === "object") return answer;
  throw new Error(`The client was turned away: ${answer}`);
}

/** The same; how it was turned away is an answer too. */
export async function tryTcp({ host, port }: Place): Promise<EchoInfo | TurnedAway> {
  let peer: Peer;
  try {
    peer = await Peer.connect({ host, port });
  } catch (error) {
    return turnedAway(error);
  }
  await using client = peer;
  return await talk(client);
}

/** Which Service answers, or how the client was turned away. */
export async function visitTcp(place: Place): Promise<string> {
  const answer = await tryTcp(place);
  return typeof answer === "object" ? answer.service : answer;
}

/** `count` visits, some at a time: how many each answer came. */
export async function visitMany(place: Place, count: number, atATime = 10): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < count) {
      begun++;
      const answer = await visitTcp(place);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return answers;
}

/** What a TLS client met: the certificate it was shown, and the backend behind. */
export interface TlsVisit extends EchoInfo {
  /** Common name of the certificate that ended the client's TLS. */
  readonly certificate: string;
}

/** What a TLS client wants; without `ca` it believes every certificate. */
export type TlsWish = Pick<
  ConnectionOptions,
  "servername" | "ca" | "cert" | "key" | "maxVersion" | "ALPNProtocols" | "session"
>;

/** The backend that a TLS client talks to. Throws when it is turned away. */
export async function askTls(place: Place, wish: TlsWish): Promise<TlsVisit> {
  const answer = await tryTls(place, wish);
  if (typeof answer === "object") return answer;
  throw new Error(`The client was turned away: ${answer}`);
}

/**
 * The same; how it was turned away is an answer too. As in upstream's suite that is the end of the connection and nothing else:
 * an alert, a certificate that is not believed or anything that is said before throws.
 */
export async function tryTls({ host, port }: Place, wish: TlsWish): Promise<TlsVisit | TurnedAway> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const believe = wish.ca === undefined ? { rejectUnauthorized: false } : {};
  const unnamed = wish.servername === undefined ? { checkServerIdentity: () => undefined } : {};
  const socket = connectTls({ host, port, minVersion: "TLSv1.2", ...believe, ...unnamed, ...wish }, resolve);
  await using client = new Peer(socket);
  socket.once("error", reject);
  socket.once("close", () => reject(Object.assign(new Error("Closed"), { code: "CLOSED" })));
  try {
    await promise;
  } catch (error) {
    return turnedAway(error);
  }
  const { subject }: { subject?: { CN?: unknown } } = socket.getPeerCertificate() ?? {};
  const answer = await talk(client);
  return typeof answer === "string" ? answer : { ...answer, certificate: String(subject?.CN ?? "") };
}

/** Which Service answers a TLS client, or that it was turned away or nobody listens. */
export async function serviceFor(place: Place, wish: TlsWish): Promise<string> {
  const answer = await tryTls(place, wish);
  if (typeof answer === "object") return answer.service;
  return answer === "refused" ? answer : AWAY;
}

/** Hears the greeting, has PING answered, and asks who is there. */
async function talk(client: Peer): Promise<EchoInfo | TurnedAway> {
  const heard = await client.read(GREETING.length);
  if (heard === "") return client.end();
  await client.send("PING\nTEST\n");
  const isWhole = (): boolean => client.text.split("\n").length >= 4;
  await client.until(() => isWhole() || client.ending !== undefined || client.closed);
  const [greeting, pong, info = "", rest] = client.text.split("\n");
  if (`${greeting}\n` !== GREETING || pong !== "PONG" || rest !== "") {
    throw new Error(`This is not the echo server: ${JSON.stringify(client.text)} ${client.ending ?? ""}`);
  }
  return v.parse(Info, JSON.parse(info));
}

function turnedAway(error: unknown): TurnedAway {
  const code = errorCode(error);
  if (code === "ECONNRESET") return "reset";
  if (code === "CLOSED") return "fin";
  if (code === "ECONNREFUSED") return "refused";
  throw error;
}
