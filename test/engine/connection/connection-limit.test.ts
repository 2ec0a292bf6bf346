import { expect, test } from "bun:test";
import { checksAtOnce, connectionLimit, connectionsInUse } from "../../../src/engine/connection/connection-limit.ts";

test("two descriptors a connection, beside the listeners and a reserve, never below one", () => {
  expect(connectionLimit(20_000, 1)).toBe(9_935);
  expect(connectionLimit(20_000, 5_000)).toBe(7_436);
  expect(connectionLimit(100, 50)).toBe(1);
});

test("where the limit is not known, what every system allows", () => {
  expect(connectionLimit(undefined, 1)).toBe(4_000);
});

test("checks may have a sixteenth of the descriptors, and as a rule not fewer than sixteen", () => {
  expect(checksAtOnce(1_024, 447)).toBe(64);
  expect(checksAtOnce(20_000, 9_935)).toBe(1_250);
  expect(checksAtOnce(200, 35)).toBe(16);
  expect(checksAtOnce(undefined, 4_000)).toBe(500);
});

test("checks leave half of all connections to clients, however few there are", () => {
  expect(checksAtOnce(140, 5)).toBe(5);
  expect(checksAtOnce(100, 1)).toBe(1);
});

test("whatever holds one descriptor is half a connection, and a client that is being received a whole one", () => {
  expect(connectionsInUse(0, { abandonedDials: 0, besideDials: 0, greeting: 0 }, 0)).toBe(0);
  expect(connectionsInUse(10, { abandonedDials: 1, besideDials: 2, greeting: 3 }, 4)).toBe(16.5);
});
