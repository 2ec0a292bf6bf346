import { expect, test } from "bun:test";

import { DER, DerReader } from "../../src/wire/der.ts";
import { Random } from "../support/random.ts";

function reader(...bytes: readonly number[]): DerReader {
  return new DerReader(Uint8Array.from(bytes));
}

/** One value with a content of this length. */
function value(tag: number, length: number): Uint8Array {
  const content = new Uint8Array(length).fill(7);
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...head, ...content);
}

test("values are read one after the other, whatever their length", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 5000]) {
    const bytes = Uint8Array.of(...value(DER.integer, length), ...value(DER.octetString, 1));
    const read = new DerReader(bytes);
    expect(read.tag).toBe(DER.integer);
    expect(read.read(DER.integer).length).toBe(length);
    expect(read.whole(DER.octetString)).toEqual(value(DER.octetString, 1));
    expect(read.done).toBe(true);
    expect(read.failed).toBe(false);
  }
});

test("what is inside of a value is read on its own, and nothing around it", () => {
  const outer = reader(0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06, 0x02, 0x01, 0x07);
  const inner = outer.open(DER.sequence);
  inner.skipIf(DER.octetString);
  inner.skip();
  expect([...inner.read(DER.integer)]).toEqual([6]);
  expect(inner.tag).toBe(-1);
  expect([...outer.read(DER.integer)]).toEqual([7]);
});

test("a read that does not fit fails for good, and whatever is opened then has failed too", () => {
  const read = reader(0x02, 0x01, 0x05, 0x02, 0x01, 0x06);
  expect(read.read(DER.octetString).length).toBe(0);
  expect(read.failed).toBe(true);
  expect(read.done).toBe(true);
  expect(read.read(DER.integer).length).toBe(0);
  expect(read.open(DER.sequence).failed).toBe(true);
});

const refused: readonly (readonly [string, readonly number[]])[] = [
  ["a length without an end", [0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00]],
  ["a long form for a short length", [0x30, 0x81, 0x03, 0x02, 0x01, 0x05]],
  ["a length with a zero before it", [0x30, 0x82, 0x00, 0x81, ...new Uint8Array(0x81)]],
  ["a length of five bytes", [0x30, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00]],
  ["a length that is not all there", [0x30, 0x82, 0x01]],
  ["a content that is not all there", [0x30, 0x03, 0x02, 0x01]],
  ["a tag alone", [0x30]],
  ["a tag of several bytes", [0x3f, 0x81, 0x01, 0x00]],
];
for (const [what, bytes] of refused) {
  test(`refused is ${what}`, () => {
    const read = reader(...bytes);
    read.skip();
    expect(read.failed).toBe(true);
  });
}

const oids: readonly (readonly [readonly number[], string])[] = [
  [[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], "1.2.840.113549"],
  [[0x55, 0x1d, 0x25, 0x00], "2.5.29.37.0"],
  [[0x88, 0x37], "2.999"],
  [[0x00], "0.0"],
  [[0x2a, 0x86], ""],
  [[], ""],
  [[...new Uint8Array(40).fill(1)], ""],
  [[...new Uint8Array(12).fill(0xff), 0x7f], ""],
];
for (const [bytes, expected] of oids) {
  test(`an object identifier of ${bytes.length} bytes is ${expected === "" ? "none" : expected}`, () => {
    expect(reader(DER.oid, bytes.length, ...bytes).oid()).toBe(expected);
  });
}

test("no bytes make it throw, or leave its range", () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = new Random(seed);
    const read = new DerReader(random.bytes(random.below(40)));
    for (let step = 0; step < 50 && !read.done; step++) {
      const inner = random.chance(3) ? read.open(read.tag) : read;
      inner.skip();
    }
    expect(read.done).toBe(true);
  }
});
