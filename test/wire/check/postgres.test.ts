import { describe, expect, test } from "bun:test";
import { judgeAnswer, MAX_ANSWER_BYTES } from "../../../src/wire/check-dialogue.ts";
import { postgresDialogue } from "../../../src/wire/check/postgres.ts";
import { latin1, verdictOn } from "../../support/dialogue.ts";

const dialogue = postgresDialogue("sallyport");

/** An ErrorResponse as a server sends it. */
function errorResponse(fields: Readonly<Record<string, string>>): Uint8Array {
  const body = new TextEncoder().encode(
    `${Object.entries(fields)
      .map(([type, value]) => `${type}${value}\0`)
      .join("")}\0`,
  );
  const message = new Uint8Array(5 + body.length);
  message[0] = "E".charCodeAt(0);
  new DataView(message.buffer).setUint32(1, 4 + body.length);
  message.set(body, 5);
  return message;
}

function refusal(code: string, message = "no"): Uint8Array {
  return errorResponse({ S: "FATAL", V: "FATAL", C: code, M: message, F: "postmaster.c", L: "2318" });
}

describe("the PostgreSQL check", () => {
  test("sends a start-up packet of protocol 3.0 with the user alone", () => {
    expect(dialogue.send).toEqual(latin1("\0\0\0\x18\0\x03\0\0user\0sallyport\0\0"));
  });

  test.each([
    ["asks for a password", "R\0\0\0\x08\0\0\0\x03"],
    ["asks for SCRAM", "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"],
    ["lets the user in and goes on", "R\0\0\0\x08\0\0\0\0S\0\0\0\x16application_name\0\0"],
  ])("is good when the server %s", (_what, answer) => {
    expect(verdictOn(dialogue, latin1(answer))).toBe("good");
  });

  test.each(["S", "N"])("is good when a front answers %s to what it takes for a request for TLS", (answer) => {
    expect(verdictOn(dialogue, latin1(answer))).toBe("good");
  });

  test.each(["28000", "28P01", "3D000", "08P01", "0A000"])(
    "is good when the server refuses the user alone: SQLSTATE %s",
    (code) => expect(verdictOn(dialogue, refusal(code))).toBe("good"),
  );

  test.each([
    ["57P03", "the database system is starting up"],
    ["57P01", "terminating connection due to administrator command"],
    ["57P02", "crash"],
    ["53300", "sorry, too many clients already"],
    ["58030", "could not open file"],
    ["XX000", "cache lookup failed"],
  ])("is bad at SQLSTATE %s, with the server's message", (code, message) => {
    const bad = `The server said "${message}" (SQLSTATE ${code})`;
    expect(verdictOn(dialogue, refusal(code, message))).toEqual({ bad });
  });

  test("is bad when an error has no code, or none that is one", () => {
    expect(verdictOn(dialogue, errorResponse({ M: "odd" }))).toEqual({ bad: 'The server said "odd"' });
    expect(verdictOn(dialogue, errorResponse({ C: "\x1b[0m1", M: "odd" }))).toEqual({ bad: 'The server said "odd"' });
  });

  test("reads the message of a server that could not start a process, which is in the old format", () => {
    const answer = latin1("Ecould not fork new process for connection: Cannot allocate memory\n\0");
    const bad = 'The server said "could not fork new process for connection: Cannot allocate memory"';
    expect(verdictOn(dialogue, answer)).toEqual({ bad });
  });

  test("judges an error that is longer than what is read by its beginning", () => {
    const long = errorResponse({ S: "FATAL", C: "53300", M: "full", D: "d".repeat(8000) });
    expect(judgeAnswer(dialogue, long.subarray(0, MAX_ANSWER_BYTES - 1))).toBe("more");
    expect(judgeAnswer(dialogue, long)).toEqual({ bad: 'The server said "full" (SQLSTATE 53300)' });
  });

  test.each(["SSH-2.0-OpenSSH_9.2\r\n", "RFB 003.008\n", "HTTP/1.1 400 Bad Request\r\n", "R\0\0\0\x04"])(
    "is bad when another protocol answers: %j",
    (answer) => {
      expect(judgeAnswer(dialogue, latin1(answer))).toMatchObject({ bad: expect.stringContaining("Not a PostgreSQL") });
    },
  );
});
