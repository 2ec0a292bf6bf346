// Asks a Redis server, or anything that speaks its protocol, whether it takes commands: PING in the inline form. Pure.

import { beginsWith, type CheckDialogue, firstLine, quoteAnswer, type Verdict } from "../check-dialogue.ts";

const PING = new TextEncoder().encode("PING\r\n");

/** A server that wants a password, or whose default user may do little, works. */
const GOOD_ANSWERS: readonly string[] = ["+PONG", "-NOAUTH", "-NOPERM"];

/** Good: PONG, or a refusal of the unknown user. Bad: loading, a replica without its master, any other error. */
export function redisDialogue(): CheckDialogue {
  return { send: PING, judge };
}

function judge(received: Uint8Array): Verdict {
  if (received.length === 0) return "more";
  if (beginsWith(received, "+") !== true && beginsWith(received, "-") !== true) {
    return { bad: `Not a Redis server: ${quoteAnswer(received)}` };
  }
  const line = firstLine(received);
  if (line === undefined) return "more";
  // The word ends with the line or a space, so that no longer word passes for it.
  const answer = new TextDecoder().decode(line);
  return GOOD_ANSWERS.includes(answer.split(" ", 1)[0] ?? "")
    ? "good"
    : { bad: `The server said ${quoteAnswer(line)}` };
}
