import { expect, test } from "bun:test";
import { KeyedHash } from "../../src/base/keyed-hash.ts";

function hashed(hash: KeyedHash, words: readonly number[]): string {
  hash.start();
  for (const word of words) hash.add(word);
  hash.finish();
  return `${(hash.low >>> 0).toString(16)} ${(hash.high >>> 0).toString(16)}`;
}

test("an empty message hashes as the reference implementation says", () => {
  // vectors_hsip64[0]: 21 8d 1f 59 b9 b8 3c c8, with the key 00 01 … 07.
  expect(hashed(new KeyedHash(0x03020100, 0x07060504), [])).toBe("591f8d21 c83cb8b9");
});

test("words, their order, their number and the key all count", () => {
  const one = new KeyedHash(1, 2);
  const results = [[], [0], [0, 0], [1], [1, 2], [2, 1], [-1]].map((words) => hashed(one, words));
  expect(new Set(results).size).toBe(results.length);
  expect(hashed(new KeyedHash(1, 3), [1, 2])).not.toBe(hashed(one, [1, 2]));
  expect(hashed(new KeyedHash(2, 2), [1, 2])).not.toBe(hashed(one, [1, 2]));
});

test("a message leaves nothing behind for the next", () => {
  const hash = new KeyedHash(1, 2);
  const first = hashed(hash, [7, 8]);
  hash.start();
  hash.addText("interrupted");
  expect(hashed(hash, [7, 8])).toBe(first);
});

test("an unsigned word is the same as its signed form", () => {
  const hash = new KeyedHash(1, 2);
  expect(hashed(hash, [0xc0000201])).toBe(hashed(hash, [0xc0000201 | 0]));
});
