import { describe, expect, test } from "bun:test";
import { RiseFall } from "../../../src/engine/health/rise-fall.ts";
import { Random } from "../../support/random.ts";

/** What it says to each result of `results`, where `g` is good and `b` is bad. */
function turns(machine: RiseFall, results: string): (string | undefined)[] {
  return [...results].map((result) => machine.record(result === "g"));
}

describe("RiseFall", () => {
  test("is unknown before the first result, which decides at once", () => {
    expect(new RiseFall(2, 3).status).toBe("unknown");
    expect(turns(new RiseFall(5, 5), "g")).toEqual(["up"]);
    expect(turns(new RiseFall(5, 5), "b")).toEqual(["down"]);
  });

  test("goes down after `fall` bad results in a row, and a good one between them starts the count again", () => {
    const machine = new RiseFall(2, 3);
    expect(turns(machine, "gbbgbb")).toEqual(["up", undefined, undefined, undefined, undefined, undefined]);
    expect(turns(machine, "bb")).toEqual(["down", undefined]);
    expect(machine.status).toBe("down");
  });

  test("comes up after `rise` good results in a row", () => {
    expect(turns(new RiseFall(2, 3), "bgbgg")).toEqual(["down", undefined, undefined, undefined, "up"]);
  });

  test("says the same as counting the last results does", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const [rise, fall] = [1 + random.below(4), 1 + random.below(4)];
      const machine = new RiseFall(rise, fall);
      let expected: "unknown" | "up" | "down" = "unknown";
      let history = "";
      for (let step = 0; step < 60; step++) {
        const good = random.chance(2);
        history += good ? "g" : "b";
        const before: string = expected;
        if (before === "unknown") expected = good ? "up" : "down";
        else if (before === "up" && history.endsWith("b".repeat(fall))) expected = "down";
        else if (before === "down" && history.endsWith("g".repeat(rise))) expected = "up";
        const turned = machine.record(good);
        expect(machine.status).toBe(expected);
        expect(turned).toBe(expected === before ? undefined : machine.status === "up" ? "up" : "down");
        if (turned !== undefined) history = "";
      }
    }
  });
});
