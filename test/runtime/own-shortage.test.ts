import { expect, test } from "bun:test";
import { isOwnShortage } from "../../src/runtime/own-shortage.ts";

test("what this machine lacks is told from what a backend does", () => {
  for (const code of ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]) {
    expect(isOwnShortage(withCode(code))).toBe(true);
  }
  for (const error of [withCode("ECONNREFUSED"), withCode(24), new Error("EMFILE"), "EMFILE", undefined, null]) {
    expect(isOwnShortage(error)).toBe(false);
  }
});

function withCode(code: unknown): Error {
  return Object.assign(new Error("It failed"), { code });
}
