import { expect, test } from "bun:test";
import { crc32c } from "../../src/base/crc32c.ts";
import { Random } from "../support/random.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("the checksum is CRC-32C: its check value, and the examples of RFC 3720", () => {
  expect(crc32c(text("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(crc32c(new Uint8Array())).toBe(0);
});

test("parts give the checksum of the whole", () => {
  const random = new Random(1);
  for (let round = 0; round < 200; round++) {
    const bytes = random.bytes(random.below(300));
    const at = random.below(bytes.length + 1);
    expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
  }
});
