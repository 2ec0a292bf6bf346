import { expect, test } from "bun:test";
import { postgresError } from "../../src/wire/postgres-error.ts";

test("an error response has a type, a length, and its fields to their NULs", () => {
  const response = postgresError("FATAL", "08004", "No route for “orders”");
  const text = "SFATAL\0VFATAL\0C08004\0MNo route for “orders”\0\0";
  const body = new TextEncoder().encode(text);
  expect(response[0]).toBe(0x45);
  expect(new DataView(response.buffer).getUint32(1)).toBe(4 + body.length);
  expect(response.subarray(5)).toEqual(body);
});

test("a NUL cannot end the message early", () => {
  const response = postgresError("ERROR", "42000", "a\0Hfield\0\0b");
  expect(new TextDecoder().decode(response.subarray(5))).toBe("SERROR\0VERROR\0C42000\0MaHfieldb\0\0");
});
