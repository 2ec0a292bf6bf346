// Bytes that can be compared at any place without being made first: pieces of one random block.

/** The longest piece. */
export const MEGABYTE = 1024 * 1024;

/** Where pieces may begin. A prime, so that pieces of successive seeds do not repeat within a power of two. */
const OFFSETS = 65_521;

const BLOCK = Buffer.alloc(MEGABYTE + OFFSETS);
for (let word = 0, state = 1; word + 4 <= BLOCK.length; word += 4) {
  // xorshift32: every four bytes differ from all others.
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  BLOCK.writeInt32LE(state | 0, word);
}

/** The `length` bytes that belong to `seed`: not to be written to. */
export function payload(seed: number, length: number): Buffer {
  const start = seed % OFFSETS;
  return BLOCK.subarray(start, start + length);
}
