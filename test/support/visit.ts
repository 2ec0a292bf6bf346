// Clients that only want to know which backend answers them: they leave at once, or stay.

import { errorCode } from "../../src/runtime/error-code.ts";
import { type Backend, speaksFirst, startBackend } from "./backend.ts";
import { Peer } from "./peer.ts";

/** Connects, reads the one letter that a backend greets with, and says goodbye; `reset` or `fin` when none came. */
export async function visit(port: number, localAddress = "127.0.0.1"): Promise<string> {
  await using client = await connectTo(port, localAddress);
  if (client === undefined) return "reset";
  const letter = await client.read(1);
  return letter === "" ? await client.end() : letter;
}

/** `undefined`: a gateway in another process reset the connection before this one heard that it was made. */
async function connectTo(port: number, localAddress: string): Promise<Peer | undefined> {
  try {
    return await Peer.connect({ port, host: "127.0.0.1", localAddress });
  } catch (error) {
    if (errorCode(error) === "ECONNRESET") return undefined;
    throw error;
  }
}

/** Visits one after the other: how many each backend got. */
export async function visits(port: number, count: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let round = 0; round < count; round++) {
    const answer = await visit(port);
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  return answers;
}

/** Clients that stay until this goes out of scope. */
export interface Stay extends AsyncDisposable {
  /** In the order they came; the text of each is the letter that its backend greeted it with. */
  readonly clients: readonly Peer[];
}

/** Connects one client after the other, each when the one before has been greeted. */
export async function stay(port: number, count: number): Promise<Stay> {
  await using opened = new AsyncDisposableStack();
  const clients: Peer[] = [];
  while (clients.length < count) {
    const client = opened.use(await Peer.connect(port));
    await client.read(1);
    clients.push(client);
  }
  const open = opened.move();
  return { clients, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** A backend that greets with a letter and then echoes. */
export function lettered(letter: string): Promise<Backend> {
  return startBackend(speaksFirst(letter));
}

/** An address that nothing else in the tests listens on: a gateway's port 0 never becomes a dead port here. */
export const DEAD_HOST = "127.0.0.9";

/** Different ports of DEAD_HOST on which nobody listens: bound at one time, so that they were free, and released. */
export async function deadPorts(count: number): Promise<readonly number[]> {
  const backends = await Promise.all(
    Array.from({ length: count }, () => startBackend(undefined, { host: DEAD_HOST, port: 0 })),
  );
  for (const backend of backends) await backend.close();
  return backends.map(({ port }) => port);
}

/** One such port. */
export async function deadPort(): Promise<number> {
  const [port] = await deadPorts(1);
  if (port === undefined) throw new Error("There is no port");
  return port;
}
