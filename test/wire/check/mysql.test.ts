import { describe, expect, test } from "bun:test";
import { mysqlDialogue } from "../../../src/wire/check/mysql.ts";
import { latin1, verdictOn } from "../../support/dialogue.ts";

const dialogue = mysqlDialogue();

function packet(payload: string, sequence = 0): Uint8Array {
  const { length } = payload;
  return new Uint8Array([length & 0xff, (length >> 8) & 0xff, length >> 16, sequence, ...latin1(payload)]);
}

describe("the MySQL check", () => {
  test("sends nothing", () => {
    expect(dialogue.send).toBeUndefined();
  });

  test.each(["\x0a8.0.36\0\x08\0\0\0", "\x0a5.5.5-10.11.6-MariaDB\0", "\x093.20.0\0"])(
    "is good when the server greets: %j",
    (greeting) => expect(verdictOn(dialogue, packet(greeting))).toBe("good"),
  );

  test("is bad when the server sends an error, with its message and number", () => {
    expect(verdictOn(dialogue, packet("\xff\x10\x04Too many connections"))).toEqual({
      bad: 'The server said "Too many connections" (error 1040)',
    });
    expect(verdictOn(dialogue, packet("\xff\x10\x04#08004Too many connections"))).toEqual({
      bad: 'The server said "Too many connections" (error 1040)',
    });
    expect(verdictOn(dialogue, packet("\xff"))).toEqual({ bad: 'The server said "" (error 0)' });
  });

  test.each([packet("\x0a8.0", 1), packet("\x0b8.0"), latin1("\0\0\0\0\x0a"), latin1("SSH-2.0-OpenSSH_9.2\r\n")])(
    "is bad when it is no greeting: %p",
    (answer) => {
      expect(verdictOn(dialogue, answer)).toMatchObject({ bad: expect.stringContaining("Not a MySQL server") });
    },
  );
});
