// Judges the greeting of a NATS server, which speaks first: INFO and a JSON object on one line. Nothing is sent. Pure.

import { beginsWith, type CheckDialogue, firstLine, MAX_ANSWER_BYTES, quoteAnswer } from "../check-dialogue.ts";

/** Good: it greets. Bad: it says anything else first, such as an error. */
export function natsDialogue(): CheckDialogue {
  return {
    judge(received) {
      const greets = beginsWith(received, "INFO ");
      if (greets === true) return "good";
      if (greets === undefined) return "more";
      // An error is a line of text, worth waiting for; anything else may never end one.
      const line = firstLine(received);
      const isError = beginsWith(received, "-");
      if (line === undefined && isError === true && received.length < MAX_ANSWER_BYTES) return "more";
      return { bad: `${isError === true ? "The server said" : "Not a NATS server:"} ${quoteAnswer(line ?? received)}` };
    },
  };
}
