import { describe, expect, test } from "bun:test";
import { HelloBytes } from "../../../src/engine/hello/hello-bytes.ts";
import { Random } from "../../support/random.ts";

describe("bytes of a hello", () => {
  test("begin as nothing, and taking nothing leaves nothing", () => {
    const bytes = new HelloBytes();
    expect([bytes.length, bytes.view.length, bytes.take().length]).toEqual([0, 0, 0]);
    bytes.skip(5);
    bytes.add(Uint8Array.of(1));
    expect([...bytes.take()]).toEqual([1]);
    expect(bytes.length).toBe(0);
  });

  test("a first chunk is kept as it is, and no chunk is ever written to", () => {
    const bytes = new HelloBytes();
    const [first, second, third] = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5)];
    bytes.add(first);
    expect(bytes.view.buffer).toBe(first.buffer);
    bytes.add(second);
    bytes.skip(3);
    bytes.add(third);
    bytes.add(Uint8Array.of(6));
    expect([...bytes.view]).toEqual([4, 5, 6]);
    expect([[...first], [...second], [...third]]).toEqual([[1, 2], [3], [4, 5]]);
  });

  test("what was taken is not changed by what comes after it", () => {
    const bytes = new HelloBytes();
    bytes.add(Uint8Array.of(1));
    bytes.add(Uint8Array.of(2));
    const taken = bytes.take();
    bytes.add(Uint8Array.of(3));
    bytes.add(Uint8Array.of(4));
    expect([...taken]).toEqual([1, 2]);
  });

  test("are what came less what was skipped, however they come and go", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const bytes = new HelloBytes();
      let expected = new Uint8Array(0);
      for (let step = 0; step < 60; step++) {
        const what = random.below(10);
        if (what < 6) {
          const chunk = random.bytes(random.below(random.chance(5) ? 300 : 12));
          bytes.add(chunk.slice());
          expected = Buffer.concat([expected, chunk]);
        } else if (what < 9) {
          const count = random.below(20);
          bytes.skip(count);
          expected = expected.slice(count);
        } else {
          expect([seed, step, Buffer.from(bytes.take()).equals(expected)]).toEqual([seed, step, true]);
          expected = new Uint8Array(0);
        }
        expect([seed, step, bytes.length]).toEqual([seed, step, expected.length]);
        expect([seed, step, Buffer.from(bytes.view).equals(expected)]).toEqual([seed, step, true]);
      }
    }
  });

  test("one at a time are copied a few times at most", () => {
    const bytes = new HelloBytes();
    const buffers = new Set<ArrayBufferLike>();
    for (let count = 0; count < 10_000; count++) {
      bytes.add(Uint8Array.of(count));
      buffers.add(bytes.view.buffer);
    }
    expect(bytes.length).toBe(10_000);
    expect(buffers.size).toBeLessThan(20);
  });
});
