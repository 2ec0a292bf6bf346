import { expect, test } from "bun:test";
import { HelloBytes } from "../../../src/engine/hello/hello-bytes.ts";
import { Random } from "../../support/random.ts";

test("a chunk that was given is never written to", () => {
  const bytes = new HelloBytes();
  const [first, second] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  bytes.add(first);
  bytes.add(second);
  bytes.skip(1);
  bytes.add(Uint8Array.of(4, 5, 6, 7));
  expect([...bytes.view]).toEqual([2, 3, 4, 5, 6, 7]);
  expect([[...first], [...second]]).toEqual([[1, 2], [3]]);
});

test("what is taken stays as it is, whatever comes later", () => {
  const bytes = new HelloBytes();
  for (const each of [1, 2, 3]) bytes.add(Uint8Array.of(each));
  const taken = bytes.take();
  for (const each of [7, 8, 9, 10]) bytes.add(Uint8Array.of(each));
  expect([...taken]).toEqual([1, 2, 3]);
  expect([...bytes.take()]).toEqual([7, 8, 9, 10]);
  expect(bytes.length).toBe(0);
});

test("adding, passing over and taking in any order is as it would be with a list", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed);
    const bytes = new HelloBytes();
    let list: number[] = [];
    for (let step = 0; step < 40; step++) {
      const choice = random.below(8);
      if (choice < 5) {
        const chunk = random.bytes(1 + random.below(30));
        bytes.add(chunk);
        list.push(...chunk);
      } else if (choice < 7) {
        const count = random.below(list.length + 1);
        bytes.skip(count);
        list = list.slice(count);
      } else {
        expect([...bytes.take()]).toEqual(list);
        list = [];
      }
      expect([...bytes.view]).toEqual(list);
      expect(bytes.length).toBe(list.length);
    }
  }
});
