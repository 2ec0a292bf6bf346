// The bytes that bulk transfers carry: an endless repetition of one block that looks random, so that a receiver can tell
// from a few bytes per chunk whether anything was lost, repeated or swapped on the way.

/** Bytes in one repetition: larger than any socket buffer write, so that a sender rarely has to wrap. */
const BLOCK_BYTES = 1 << 20;

/** Bytes compared at each end of a chunk; eight random bytes do not match at a wrong position by chance. */
const PROBE_BYTES = 8;

/** One repetition. */
export const PATTERN: Uint8Array = makeBlock();

/** Whether `chunk` is what belongs at `position` of the endless pattern, judged by both its ends. */
export function matchesPattern(chunk: Uint8Array, position: number): boolean {
  const probe = Math.min(PROBE_BYTES, chunk.length);
  for (let i = 0; i < probe; i++) {
    const last = chunk.length - 1 - i;
    if (chunk[i] !== PATTERN[(position + i) % BLOCK_BYTES]) return false;
    if (chunk[last] !== PATTERN[(position + last) % BLOCK_BYTES]) return false;
  }
  return true;
}

function makeBlock(): Uint8Array {
  // xorshift32 with a fixed seed: both ends of a run, and all runs, agree on the bytes.
  const block = new Uint8Array(BLOCK_BYTES);
  let state = 0x9e3779b9;
  for (let i = 0; i < block.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block[i] = state & 0xff;
  }
  return block;
}
