// Asks a PostgreSQL server for TLS, which is answered with one byte in the clear (PostgreSQL's "Frontend/Backend Protocol",
// SSL session encryption). What comes after it has to be TLS: bytes that follow in the clear would pass as encrypted. Pure.

import { type CheckDialogue, quoteAnswer, type Verdict } from "./check-dialogue.ts";
import { POSTGRES_ENCRYPTION_REFUSED, POSTGRES_TLS_ACCEPTED } from "./postgres.ts";

/** Length, and the code of the request: 1234 and 5679 in 16 bits each. */
export const POSTGRES_TLS_REQUEST: Uint8Array = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
/** Of an error: a server that is out of processes says so before it reads anything. */
const ERROR = 0x45;

/** The exchange as a part of a check. */
export function postgresTlsDialogue(): CheckDialogue {
  return { send: POSTGRES_TLS_REQUEST, judge: judgePostgresTls };
}

/** Judges all bytes that a server has answered with; `good`: it wants to begin TLS. */
export function judgePostgresTls(received: Uint8Array): Verdict {
  const [answer] = received;
  if (answer === undefined) return "more";
  if (answer === POSTGRES_TLS_ACCEPTED) {
    return received.length === 1 ? "good" : { bad: "The server sent bytes in the clear after it agreed to TLS" };
  }
  if (answer === POSTGRES_ENCRYPTION_REFUSED) return { bad: "The server does not offer TLS" };
  // Nobody knows yet who says this, so it is not taken apart.
  if (answer === ERROR) return { bad: `The server refuses to begin TLS: ${quoteAnswer(received.subarray(1))}` };
  return { bad: `Not a PostgreSQL server: ${quoteAnswer(received)}` };
}
