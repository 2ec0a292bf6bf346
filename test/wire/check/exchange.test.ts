import { describe, expect, spyOn, test } from "bun:test";
import { judgeAnswer, MAX_ANSWER_BYTES } from "../../../src/wire/check-dialogue.ts";
import { exchangeDialogue } from "../../../src/wire/check/exchange.ts";
import { latin1, verdictOn } from "../../support/dialogue.ts";
import { Random } from "../../support/random.ts";

describe("a check that a person wrote", () => {
  test("sends what it was given, or nothing", () => {
    expect(exchangeDialogue(latin1("QUIT\r\n"), latin1("221")).send).toEqual(latin1("QUIT\r\n"));
    expect(exchangeDialogue(undefined, latin1("220")).send).toBeUndefined();
  });

  test("finds what is expected wherever it is, as a search in text does", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      // Three letters, so that beginnings of the wanted bytes are everywhere.
      const letters = (length: number): string => Array.from({ length }, () => "abc"[random.below(3)] ?? "a").join("");
      const [answer, wanted] = [letters(random.below(30)), letters(1 + random.below(4))];
      const verdict = verdictOn(exchangeDialogue(undefined, latin1(wanted)), latin1(answer));
      expect(verdict).toBe(answer.includes(wanted) ? "good" : "more");
    }
  });

  test("finds what is expected in an answer that comes byte by byte and repeats its beginning", () => {
    const wanted = `${"a".repeat(1_023)}b`;
    const dialogue = exchangeDialogue(undefined, latin1(wanted));
    const answer = latin1(`${"a".repeat(2_000)}b${"a".repeat(500)}`);
    for (let length = 0; length < 2_001; length++) {
      if (dialogue.judge(answer.subarray(0, length)) !== "more") throw new Error(`A verdict after ${length} bytes`);
    }
    expect(dialogue.judge(answer.subarray(0, 2_001))).toBe("good");
    expect(dialogue.judge(answer)).toBe("good");
    // Of another answer nothing is known.
    expect(dialogue.judge(latin1("a"))).toBe("more");
    expect(dialogue.judge(latin1(wanted))).toBe("good");
  });

  test("searches what is new, not all of it again", () => {
    const dialogue = exchangeDialogue(undefined, latin1("ready"));
    const indexOf = spyOn(Buffer.prototype, "indexOf");
    const answer = latin1("r".repeat(4_000));
    for (let length = 1; length <= answer.length; length++) dialogue.judge(answer.subarray(0, length));
    const starts = indexOf.mock.calls.map(([, from]) => Number(from));
    indexOf.mockRestore();
    expect(starts).toHaveLength(4_000);
    starts.forEach((from, at) => expect(from).toBe(Math.max(0, at - 4)));
  });

  test("gives up at the bound, and quotes what came", () => {
    const dialogue = exchangeDialogue(undefined, latin1("ready"));
    expect(judgeAnswer(dialogue, latin1("x".repeat(MAX_ANSWER_BYTES - 1)))).toBe("more");
    const verdict = judgeAnswer(dialogue, latin1(`${"x".repeat(MAX_ANSWER_BYTES)}ready`));
    expect(verdict).toEqual({ bad: `No verdict after 4096 bytes: "${"x".repeat(120)}…"` });
  });
});
