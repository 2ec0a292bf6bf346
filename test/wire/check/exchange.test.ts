import { describe, expect, test } from "bun:test";
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

  test("gives up at the bound, and quotes what came", () => {
    const dialogue = exchangeDialogue(undefined, latin1("ready"));
    expect(judgeAnswer(dialogue, latin1("x".repeat(MAX_ANSWER_BYTES - 1)))).toBe("more");
    const verdict = judgeAnswer(dialogue, latin1(`${"x".repeat(MAX_ANSWER_BYTES)}ready`));
    expect(verdict).toEqual({ bad: `No verdict after 4096 bytes: "${"x".repeat(120)}…"` });
  });
});
