// A client of an echoing backend that talks for as long as it is told to and compares every byte as it comes back,
// keeping none.

import { MEGABYTE, payload } from "./payload.ts";
import { Peer } from "./peer.ts";

/** What is sent over and over; its length is odd, so that repetitions and reads do not fall together. */
const CYCLE_BYTES = MEGABYTE - 1;

/** When and how much is sent. */
export interface EchoPace {
  /** Bytes of one piece; the next one follows when it has come back. */
  readonly pieceBytes: number;
  /** Between one piece and the next, in milliseconds. */
  readonly pauseMs: number;
}

/** Plays the client while `goesOn`; how many bytes came back. Rejects at a wrong byte, a reset and an early end. */
export async function streamEcho(port: number, seed: number, pace: EchoPace, goesOn: () => boolean): Promise<number> {
  await using peer = await Peer.connect(port);
  const cycle = payload(seed, CYCLE_BYTES);
  let sent = 0;
  let compared = 0;
  let wrongAt: number | undefined;
  peer.socket.removeAllListeners("data");
  const over = (): boolean => compared === sent || wrongAt !== undefined || peer.ending !== undefined || peer.closed;
  let wake: (() => void) | undefined;
  for (const event of ["end", "error", "close"]) peer.socket.on(event, () => wake?.());
  peer.socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length;) {
      const from = compared % CYCLE_BYTES;
      const length = Math.min(chunk.length - at, CYCLE_BYTES - from);
      if (!chunk.subarray(at, at + length).equals(cycle.subarray(from, from + length))) wrongAt ??= compared;
      at += length;
      compared += length;
    }
    if (over()) wake?.();
  });
  while (goesOn()) {
    const from = sent % CYCLE_BYTES;
    const piece = cycle.subarray(from, from + pace.pieceBytes);
    sent += piece.length;
    peer.socket.write(piece);
    while (!over()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
    if (compared !== sent || wrongAt !== undefined) {
      const what = wrongAt === undefined ? `${peer.ending ?? "close"} at ${compared}` : `wrong bytes from ${wrongAt}`;
      throw new Error(`Echo ${seed}: ${what} of ${sent} bytes`);
    }
    await Bun.sleep(pace.pauseMs);
  }
  if (peer.ending !== undefined) throw new Error(`Echo ${seed}: ${peer.ending} after ${sent} bytes`);
  peer.finish();
  if ((await peer.end()) !== "fin") throw new Error(`Echo ${seed}: reset instead of FIN`);
  return compared;
}
