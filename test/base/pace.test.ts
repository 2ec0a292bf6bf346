import { expect, test } from "bun:test";

import { Pace } from "../../src/base/pace.ts";

test("a pace drives steps to their end and lets timers in between", async () => {
  const seen = { turns: 0 };
  let ended = false;
  const timer = setInterval(() => seen.turns++, 0);
  function* steps(): Generator<void, string> {
    // As many steps as it takes: without rests, the timer would never run and this would never end.
    while (seen.turns < 3) yield;
    ended = true;
    return "done";
  }
  expect(await new Pace(1).run(steps())).toBe("done");
  expect(ended).toBe(true);
  clearInterval(timer);
});
