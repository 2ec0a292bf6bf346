// Feeding a check's dialogue as a network would.

import { type CheckDialogue, judgeAnswer, type Verdict } from "../../src/wire/check-dialogue.ts";

/** Bytes of a text whose characters are bytes. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/**
 * The verdict on `answer`, which has to be the same whole, byte by byte and cut in two at any place: once a beginning has
 * got a verdict nothing more is read, so the first verdict counts. Throws when it depends on the cut.
 */
export function verdictOn(dialogue: CheckDialogue, answer: Uint8Array): Verdict {
  const whole = judgeAnswer(dialogue, answer);
  for (let cut = 0; cut < answer.length; cut++) {
    const first = judgeAnswer(dialogue, answer.slice(0, cut));
    if (first !== "more" && word(first) !== word(whole)) throw new Error(`Another verdict after ${cut} bytes`);
  }
  return whole;
}

/** Good, bad or more; the reason of a bad answer may quote less of it when less is there. */
function word(verdict: Verdict): string {
  return typeof verdict === "string" ? verdict : "bad";
}
