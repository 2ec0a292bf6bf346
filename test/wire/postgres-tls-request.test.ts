import { describe, expect, test } from "bun:test";
import { postgresTlsDialogue } from "../../src/wire/postgres-tls-request.ts";
import { readPostgresStart } from "../../src/wire/postgres.ts";
import { latin1 } from "../support/dialogue.ts";

const { send = new Uint8Array(), judge } = postgresTlsDialogue();

describe("the request for TLS", () => {
  test("is what our own reader takes for one", () => {
    expect(readPostgresStart(send)).toEqual({ kind: "ssl-request", length: send.length });
  });

  test("is good at S alone, and waits for it", () => {
    expect(judge(latin1(""))).toBe("more");
    expect(judge(latin1("S"))).toBe("good");
  });

  test("is bad when anything follows S: it would pass as encrypted", () => {
    expect(judge(latin1("SE"))).toEqual({ bad: "The server sent bytes in the clear after it agreed to TLS" });
  });

  test("is bad at N, whatever follows", () => {
    for (const answer of ["N", "NN", "N\0"])
      expect(judge(latin1(answer))).toEqual({ bad: "The server does not offer TLS" });
  });

  test("is bad at any other byte, and quotes what came", () => {
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 0x53 || byte === 0x4e) continue;
      expect(judge(Uint8Array.of(byte))).toEqual({ bad: expect.stringMatching(/"/) });
    }
    expect(judge(latin1("EFATAL:  sorry\n\0"))).toEqual({ bad: 'The server refuses to begin TLS: "FATAL: sorry"' });
  });
});
