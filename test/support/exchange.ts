// What a client and a backend do on one connection in a soak: every way a connection can go, with every byte compared on
// both sides. The client says in eight bytes which way it is, so that the backend plays its part.

import { createServer, type ListenOptions, type Server } from "node:net";
import { MEGABYTE, payload } from "./payload.ts";
import { Peer } from "./peer.ts";
import type { Random } from "./random.ts";

/** How an exchange goes; the order is the number on the wire. */
const WAYS = [
  "echo",
  "client-fin-first",
  "backend-fin-first",
  "client-reset",
  "client-reset-midway",
  "backend-reset",
  "backend-reset-midway",
] as const;

export type Way = (typeof WAYS)[number];

/** Ends with both FINs. */
export const CLEAN_WAYS: readonly Way[] = ["echo", "client-fin-first", "backend-fin-first"];

/** Ends with a reset by the side that the way begins with. */
export const RESET_WAYS: readonly Way[] = WAYS.filter((way) => !CLEAN_WAYS.includes(way));

export interface Exchange {
  readonly way: Way;
  readonly seed: number;
  /** Of each direction's payload, in bytes. */
  readonly length: number;
}

/** What the client says first of all. */
export const HEADER_BYTES = 8;

/** One of `ways`; one in `largeOneIn` moves a megabyte in each direction. */
export function randomExchange(random: Random, ways: readonly Way[], largeOneIn: number): Exchange {
  const way = ways[random.below(ways.length)] ?? "echo";
  const large = way.endsWith("midway") || random.chance(largeOneIn);
  return { way, seed: random.below(65_536), length: large ? MEGABYTE : 1 + random.below(4096) };
}

/** Plays the client to its end. Rejects when anything is not as it must be. */
export async function playClient(peer: Peer, exchange: Exchange): Promise<void> {
  const { way, seed, length } = exchange;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(length * WAYS.length + WAYS.indexOf(way), 0);
  header.writeUInt32LE(seed, 4);
  const body = payload(seed, length);
  const question = Buffer.concat([header, body]);
  const answer = payload(seed + 1, length);
  switch (way) {
    case "echo":
      await peer.send(question);
      await expectBytes(peer, 0, answer);
      return endFirst(peer);
    case "client-fin-first":
      peer.socket.end(question);
      await expectBytes(peer, 0, answer);
      return endSecond(peer);
    case "backend-fin-first":
      await peer.send(header);
      await expectBytes(peer, 0, answer);
      await expectEnd(peer, "fin");
      await peer.send(body);
      return endSecond(peer);
    case "client-reset":
      await peer.send(question);
      await expectBytes(peer, 0, answer);
      return peer.reset();
    case "client-reset-midway":
      await peer.send(header);
      await peer.until(() => peer.received > 0 || peer.ending !== undefined || peer.closed);
      if (peer.ending !== undefined) throw new Error(`It ended before it was reset: ${peer.ending}`);
      return peer.reset();
    case "backend-reset":
      await peer.send(question);
      return expectEnd(peer, "reset");
    case "backend-reset-midway":
      // The reset may come before all is written.
      await peer.send(question).catch(() => undefined);
      return expectEnd(peer, "reset");
  }
}

/** Plays the backend to its end. Rejects when anything is not as it must be. */
async function playBackend(peer: Peer): Promise<void> {
  await peer.until(() => peer.received >= HEADER_BYTES || peer.ending !== undefined || peer.closed);
  if (peer.received < HEADER_BYTES) throw new Error(`Only ${peer.received} bytes came before ${peer.ending}`);
  const header = peer.bytes;
  const number = header.readUInt32LE(0);
  const way = WAYS[number % WAYS.length];
  const length = Math.floor(number / WAYS.length);
  const seed = header.readUInt32LE(4);
  const body = payload(seed, length);
  const answer = payload(seed + 1, length);
  switch (way) {
    case "echo":
      await expectBytes(peer, HEADER_BYTES, body);
      await peer.send(answer);
      return endSecond(peer);
    case "client-fin-first":
      await expectBytes(peer, HEADER_BYTES, body);
      await expectEnd(peer, "fin");
      await peer.send(answer);
      return endSecond(peer);
    case "backend-fin-first":
      peer.socket.end(answer);
      await expectBytes(peer, HEADER_BYTES, body);
      return endSecond(peer);
    case "client-reset":
      await expectBytes(peer, HEADER_BYTES, body);
      await peer.send(answer);
      return expectEnd(peer, "reset");
    case "client-reset-midway":
      await peer.send(answer).catch(() => undefined);
      return expectEnd(peer, "reset");
    case "backend-reset":
      await expectBytes(peer, HEADER_BYTES, body);
      return peer.reset();
    case "backend-reset-midway":
      return peer.reset();
    default:
      throw new Error(`The header is wrong: ${header.toString("hex")}`);
  }
}

/** A backend that plays its part of every exchange. */
export class ExchangeBackend implements AsyncDisposable {
  /** What was not as it must be. */
  readonly faults: string[] = [];
  readonly #server: Server;
  /** Connections that have not ended. */
  #open = 0;

  static async start(at: ListenOptions = { host: "127.0.0.1", port: 0 }): Promise<ExchangeBackend> {
    const backend = new ExchangeBackend();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    backend.#server.once("error", reject);
    backend.#server.listen(at, resolve);
    await promise;
    return backend;
  }

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#serve(new Peer(socket)));
  }

  /** 0 when it listens on a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get open(): number {
    return this.#open;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }

  async #serve(peer: Peer): Promise<void> {
    this.#open += 1;
    try {
      await playBackend(peer);
    } catch (error) {
      this.faults.push(`backend: ${error instanceof Error ? error.message : String(error)}`);
      peer.socket.destroy();
    }
    this.#open -= 1;
  }
}

async function expectBytes(peer: Peer, from: number, wanted: Buffer): Promise<void> {
  const until = from + wanted.length;
  await peer.until(() => peer.received >= until || peer.ending !== undefined || peer.closed);
  const { received, ending } = peer;
  if (received !== until) throw new Error(`${until} bytes were wanted, ${received} came (${ending ?? "open"})`);
  if (!peer.bytes.subarray(from).equals(wanted)) throw new Error(`Wrong bytes among ${until}`);
}

async function expectEnd(peer: Peer, wanted: "fin" | "reset"): Promise<void> {
  const before = peer.received;
  const ending = await peer.end();
  if (ending !== wanted) throw new Error(`It ended with ${ending} instead of ${wanted} (${before} bytes)`);
}

/** Sends FIN, and waits for the other one and for the close. */
async function endFirst(peer: Peer): Promise<void> {
  const before = peer.received;
  peer.finish();
  await peer.until(() => peer.closed);
  if (peer.ending !== "fin") throw new Error(`It ended with ${peer.ending ?? "nothing"} instead of fin`);
  if (peer.received !== before) throw new Error(`${peer.received - before} bytes too many`);
}

/** Waits for FIN, sends one, and waits for the close. */
async function endSecond(peer: Peer): Promise<void> {
  await expectEnd(peer, "fin");
  await endFirst(peer);
}
