// Writing without end, for as long as somebody takes it.

import type { Peer } from "./peer.ts";

const CHUNK = Buffer.alloc(1024 * 1024);

/** Writes for as long as the kernel takes it, and gives how much was taken when nothing moved for many turns. */
export async function fill(peer: Peer): Promise<number> {
  const progress = { taken: 0, stuck: false };
  const write = async (): Promise<void> => {
    while (!progress.stuck) {
      await peer.send(CHUNK).catch(() => {});
      if (!progress.stuck) progress.taken += CHUNK.length;
    }
  };
  void write();
  for (let before = -1, still = 0; still < 200; still = progress.taken === before ? still + 1 : 0) {
    before = progress.taken;
    await Bun.sleep(1);
  }
  progress.stuck = true;
  return progress.taken;
}
