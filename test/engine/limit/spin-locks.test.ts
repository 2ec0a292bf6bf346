import { expect, test } from "bun:test";
import { SpinLocks } from "../../../src/engine/limit/spin-locks.ts";

test("locks are apart from each other, and free again after unlock", () => {
  const buffer = new SharedArrayBuffer(SpinLocks.bytes(4));
  const one = new SpinLocks(buffer, 4);
  const two = new SpinLocks(buffer, 4);
  one.lock(0);
  two.lock(1);
  one.unlock(0);
  two.lock(0);
  two.unlock(0);
  two.unlock(1);
  expect(Array.from(new Int32Array(buffer, 0, 4))).toEqual([0, 0, 0, 0]);
});

test("a lock is taken from a holder that is gone, and its late unlock frees it for nobody", () => {
  const buffer = new SharedArrayBuffer(SpinLocks.bytes(2));
  const gone = new SpinLocks(buffer, 2);
  const next = new SpinLocks(buffer, 2);
  gone.lock(1);
  next.lock(1);
  const held = new Int32Array(buffer, 0, 2)[1];
  gone.unlock(1);
  expect(held).not.toBe(0);
  expect(new Int32Array(buffer, 0, 2)[1]).toBe(held);
  next.unlock(1);
  expect(new Int32Array(buffer, 0, 2)[1]).toBe(0);
});
