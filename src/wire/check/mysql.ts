// Judges the greeting of a MySQL or MariaDB server, which speaks first. Packet: three bytes of length, little-endian, a
// sequence number, then the payload (MySQL's "Client/Server Protocol", connection phase). Nothing is sent. Pure.

import { type CheckDialogue, MAX_ANSWER_BYTES, quoteAnswer, type Verdict } from "../check-dialogue.ts";

const HEADER_BYTES = 4;
/** Version of the handshake at the start of a greeting: 10 since 3.21.0, 9 before. */
const GREETINGS: ReadonlySet<number | undefined> = new Set([10, 9]);
const ERROR = 0xff;
/** Mark and SQLSTATE that may stand before the message of an error. */
const SQL_STATE = /^#[0-9A-Z]{5}/;

/** Good: it greets. Bad: it sends an error, such as too many connections or a blocked host. */
export function mysqlDialogue(): CheckDialogue {
  return { judge };
}

function judge(received: Uint8Array): Verdict {
  const [low, middle, high, sequence, kind] = received;
  if (sequence !== undefined && sequence !== 0) return { bad: `Not a MySQL server: ${quoteAnswer(received)}` };
  if (low === undefined || middle === undefined || high === undefined || kind === undefined) return "more";
  const end = HEADER_BYTES + low + middle * 256 + high * 65_536;
  if (end > HEADER_BYTES && GREETINGS.has(kind)) return "good";
  if (end <= HEADER_BYTES || kind !== ERROR) return { bad: `Not a MySQL server: ${quoteAnswer(received)}` };
  if (received.length < Math.min(end, MAX_ANSWER_BYTES)) return "more";
  const [, codeLow = 0, codeHigh = 0] = received.subarray(HEADER_BYTES, end);
  const said = received.subarray(HEADER_BYTES + 3, end);
  const message = SQL_STATE.test(new TextDecoder("latin1").decode(said.subarray(0, 6))) ? said.subarray(6) : said;
  return { bad: `The server said ${quoteAnswer(message)} (error ${codeLow + codeHigh * 256})` };
}
