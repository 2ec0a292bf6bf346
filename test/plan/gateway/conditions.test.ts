import { expect, test } from "bun:test";
import { Conditions } from "../../../src/plan/gateway/conditions.ts";

test("what is said first of a type counts", () => {
  const conditions = new Conditions();
  conditions.fail("Accepted", "First", "One");
  conditions.fail("Accepted", "Second", "Two");
  conditions.hold("Accepted", "Accepted", "Three");
  expect(conditions.list(7)).toEqual([
    { type: "Accepted", status: "False", reason: "First", message: "One", observedGeneration: 7 },
  ]);
});

test("further problems add their messages once, and keep their own reasons", () => {
  const conditions = new Conditions();
  for (const [reason, message] of [
    ["A", "One"],
    ["B", "Two"],
    ["B", "Two"],
  ] as const) {
    conditions.failToo("ResolvedRefs", reason, message, ["spec"]);
  }
  expect(conditions.list(1)).toMatchObject([{ reason: "A", message: "One; Two" }]);
  expect([...conditions.all()]).toMatchObject([{ problems: [{ reason: "A" }, { reason: "B", path: ["spec"] }] }]);
});

test("what holds has no further problems", () => {
  const conditions = new Conditions();
  conditions.hold("Accepted", "Accepted", "Fine");
  conditions.failToo("Accepted", "A", "One");
  expect(conditions.failed("Accepted")).toBe(false);
});

test("what others adopted stays as it was", () => {
  const [one, two] = [new Conditions(), new Conditions()];
  one.fail("Accepted", "A", "One");
  two.adopt(one, "Accepted");
  two.failToo("Accepted", "B", "Two");
  one.failToo("Accepted", "C", "Three");
  expect([one.messageOf("Accepted"), two.messageOf("Accepted")]).toEqual(["One; Three", "One; Two"]);
  two.adopt(one, "Programmed");
  expect(two.messageOf("Programmed")).toBeUndefined();
});
