// Asks a PostgreSQL server, or a pooler in front of one, whether it lets sessions begin: a start-up packet without a
// password, as pg_isready sends it. Message formats: PostgreSQL's "Frontend/Backend Protocol", 55.7 and 55.8. Pure.

import { type CheckDialogue, MAX_ANSWER_BYTES, quoteAnswer, type Verdict } from "../check-dialogue.ts";

/** Protocol 3.0: every server since 7.4 knows it. */
const PROTOCOL = 196_608;
/** Type and length of a message. */
const HEADER_BYTES = 5;
/** The longest messages that clients believe at this point of a session; more is another protocol, or an error before 7.4. */
const MAX_AUTHENTICATION_BYTES = 2000;
const MAX_ERROR_BYTES = 30_000;

const AUTHENTICATION = letter("R");
const ERROR = letter("E");
/** Answers to a request for TLS, from a front that waits for nothing else. */
const TLS_ANSWERS: ReadonlySet<number | undefined> = new Set([letter("S"), letter("N")]);
const FIELD_CODE = letter("C");
const FIELD_MESSAGE = letter("M");

/**
 * SQLSTATE classes of a server that cannot serve anybody now: insufficient resources, operator intervention (starting up,
 * shutting down), system error, internal error. With any other it works and only does not know this user.
 */
const UNABLE = /^(?:53|57|58|XX)/;

/** Good: it asks for a password, lets the user in, or refuses the user alone. */
export function postgresDialogue(user: string): CheckDialogue {
  return { send: startupMessage(user), judge };
}

function judge(received: Uint8Array): Verdict {
  const [type] = received;
  if (type === undefined) return "more";
  if (received.length === 1 && TLS_ANSWERS.has(type)) return "good";
  if (type !== AUTHENTICATION && type !== ERROR) return { bad: `Not a PostgreSQL server: ${quoteAnswer(received)}` };
  if (received.length < HEADER_BYTES) return "more";
  const length = new DataView(received.buffer, received.byteOffset, received.length).getUint32(1);
  if (type === ERROR) return judgeError(received, length);
  return length >= 8 && length <= MAX_AUTHENTICATION_BYTES
    ? "good"
    : { bad: `Not a PostgreSQL server: ${quoteAnswer(received)}` };
}

function judgeError(received: Uint8Array, length: number): Verdict {
  if (length < 8 || length > MAX_ERROR_BYTES) {
    // A server that cannot start a process for the session says so in the format before 7.4: text up to a NUL.
    const end = received.indexOf(0);
    if (end === -1 && received.length < MAX_ANSWER_BYTES) return "more";
    return { bad: `The server said ${quoteAnswer(received.subarray(1, end === -1 ? received.length : end))}` };
  }
  const end = 1 + length;
  if (received.length < Math.min(end, MAX_ANSWER_BYTES)) return "more";
  const fields = errorFields(received.subarray(HEADER_BYTES, end));
  const code = new TextDecoder().decode(fields.get(FIELD_CODE));
  if (/^[0-9A-Z]{5}$/.test(code) && !UNABLE.test(code)) return "good";
  const state = /^[0-9A-Z]{5}$/.test(code) ? ` (SQLSTATE ${code})` : "";
  return { bad: `The server said ${quoteAnswer(fields.get(FIELD_MESSAGE) ?? new Uint8Array())}${state}` };
}

/** Fields by type; what was cut off at the end is left out, and the first of a kind counts. */
function errorFields(body: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  for (let at = 0; at < body.length;) {
    const type = body[at];
    const end = body.indexOf(0, at + 1);
    if (type === undefined || type === 0 || end === -1) break;
    if (!fields.has(type)) fields.set(type, body.subarray(at + 1, end));
    at = end + 1;
  }
  return fields;
}

function startupMessage(user: string): Uint8Array {
  const parameters = new TextEncoder().encode(`user\0${user}\0\0`);
  const message = new Uint8Array(8 + parameters.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length);
  view.setUint32(4, PROTOCOL);
  message.set(parameters, 8);
  return message;
}

function letter(text: string): number {
  return text.charCodeAt(0);
}
