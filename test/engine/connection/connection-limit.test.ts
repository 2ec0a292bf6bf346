import { expect, test } from "bun:test";
import { connectionLimit } from "../../../src/engine/connection/connection-limit.ts";

test("two descriptors a connection, beside the listeners and a reserve, never below one", () => {
  expect(connectionLimit(20_000, 1)).toBe(9_935);
  expect(connectionLimit(20_000, 5_000)).toBe(7_436);
  expect(connectionLimit(100, 50)).toBe(1);
});

test("where the limit is not known, what every system allows", () => {
  expect(connectionLimit(undefined, 1)).toBe(4_000);
});
