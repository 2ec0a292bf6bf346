import { expect, test } from "bun:test";
import { ByteReader } from "../../src/wire/byte-reader.ts";

const BYTES = Uint8Array.of(1, 2, 3, 0x68, 0xff, 6);

test("numbers, gaps and text come in order", () => {
  const reader = new ByteReader(BYTES);
  expect(reader.uint8()).toBe(1);
  expect(reader.uint16()).toBe(0x0203);
  expect(reader.latin1(2)).toBe("h\xff");
  expect(reader.left).toBe(1);
  reader.skip(1);
  expect([reader.left, reader.failed]).toEqual([0, false]);
});

test("a part ends where it was told to, and the whole goes on behind it", () => {
  const reader = new ByteReader(BYTES, 1, 5);
  const part = reader.part(2);
  expect([part.uint8(), part.uint8(), part.uint8(), part.failed]).toEqual([2, 3, 0, true]);
  expect([reader.uint8(), reader.left, reader.failed]).toEqual([0x68, 1, false]);
});

test("a read that does not fit fails for good, takes nothing and yields zeros", () => {
  for (const read of [
    (reader: ByteReader) => reader.uint16(),
    (reader: ByteReader) => reader.skip(2),
    (reader: ByteReader) => reader.part(2),
    (reader: ByteReader) => reader.latin1(2),
  ]) {
    const reader = new ByteReader(BYTES, 5);
    read(reader);
    expect([reader.failed, reader.left, reader.uint8(), reader.uint16(), reader.latin1(0)]).toEqual([
      true,
      0,
      0,
      0,
      "",
    ]);
    expect(reader.part(0).failed).toBe(true);
  }
});

test("a range beyond the bytes is empty or cut", () => {
  expect(new ByteReader(BYTES, 4, 99).left).toBe(2);
  expect(new ByteReader(BYTES, 99, 120).left).toBe(0);
  expect(new ByteReader(BYTES, 3, 2).left).toBe(0);
});
