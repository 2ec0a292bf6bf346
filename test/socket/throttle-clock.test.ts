import { expect, test } from "bun:test";
import { ThrottleClock, TURN_MS, type Waiter } from "../../src/socket/throttle-clock.ts";
import { TurnClock } from "../support/turn-clock.ts";

class Recorded implements Waiter {
  blocked = false;
  onServe: () => void = () => {};
  readonly #name: string;
  readonly #served: string[];

  constructor(name: string, served: string[]) {
    this.#name = name;
    this.#served = served;
  }

  ready(): boolean {
    return !this.blocked;
  }

  serve(): void {
    this.#served.push(this.#name);
    this.onServe();
  }
}

function waiters(): { served: string[]; a: Recorded; b: Recorded; c: Recorded } {
  const served: string[] = [];
  const [a, b, c] = [new Recorded("a", served), new Recorded("b", served), new Recorded("c", served)];
  return { served, a, b, c };
}

test("the timer runs only while somebody waits", () => {
  const time = new TurnClock();
  const clock = new ThrottleClock(time);
  const { served, a, b } = waiters();
  expect(time.timers).toBe(0);
  clock.wait(a);
  clock.wait(b);
  expect(time.timers).toBe(1);
  time.pass(TURN_MS - 1);
  expect(served).toEqual([]);
  time.pass(1);
  expect(served).toEqual(["a", "b"]);
  expect(time.timers).toBe(0);
  clock.wait(a);
  clock.forget(a);
  clock.forget(a);
  expect(time.timers).toBe(0);
  time.pass(5 * TURN_MS);
  expect(served).toEqual(["a", "b"]);
});

test("who waits again goes to the end, and who could not be served keeps its place", () => {
  const time = new TurnClock();
  const clock = new ThrottleClock(time);
  const { served, a, b, c } = waiters();
  for (const waiter of [a, b, c]) {
    waiter.onServe = () => clock.wait(waiter);
    clock.wait(waiter);
  }
  b.blocked = true;
  time.pass(TURN_MS);
  expect(served.splice(0)).toEqual(["a", "c"]);
  b.blocked = false;
  time.pass(TURN_MS);
  expect(served).toEqual(["b", "a", "c"]);
  expect(clock.waiting).toBe(3);
});

test("who is forgotten during a turn is not served in it", () => {
  const time = new TurnClock();
  const clock = new ThrottleClock(time);
  const { served, a, b, c } = waiters();
  a.onServe = () => clock.forget(b);
  for (const waiter of [a, b, c]) clock.wait(waiter);
  time.pass(TURN_MS);
  expect(served).toEqual(["a", "c"]);
  expect(clock.waiting).toBe(0);
});
