// What a health check says to a backend and how it judges the answer: bytes in, verdict out. Pure and total, whatever a
// server sends. One file per protocol is in `check/`; sockets, time and the number of checks belong to the engine.

/** `more`: nothing can be said yet. The reason of a bad answer is safe to log: short, printable, on one line. */
export type Verdict = "more" | "good" | { readonly bad: string };

/** One exchange with a backend. */
export interface CheckDialogue {
  /** Sent as soon as the connection is open; absent where the backend speaks first. */
  readonly send?: Uint8Array;
  /** Judges ALL bytes received so far. Total: never throws. */
  judge(received: Uint8Array): Verdict;
}

/** The most that is read of an answer, in bytes: enough for a greeting or an error, too little to hurt. */
export const MAX_ANSWER_BYTES = 4096;

/** What is quoted of an answer, in characters: a reason is one line of a log. */
const MAX_QUOTE_CHARS = 120;

/** Judges within the bound: an answer of MAX_ANSWER_BYTES that still says nothing is bad. */
export function judgeAnswer(dialogue: CheckDialogue, received: Uint8Array): Verdict {
  const verdict = dialogue.judge(received.subarray(0, MAX_ANSWER_BYTES));
  if (verdict !== "more" || received.length < MAX_ANSWER_BYTES) return verdict;
  return { bad: `No verdict after ${MAX_ANSWER_BYTES} bytes: ${quoteAnswer(received)}` };
}

/** What a backend said, in quotes: control and invisible characters gone, shortened. */
export function quoteAnswer(bytes: Uint8Array): string {
  // Four bytes at most per character, and one more character tells that something was left out.
  const text = new TextDecoder().decode(bytes.subarray(0, (MAX_QUOTE_CHARS + 1) * 4));
  const printable = [
    ...text
      .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
      .trim()
      .replaceAll('"', "'"),
  ];
  const shortened = printable.length > MAX_QUOTE_CHARS ? [...printable.slice(0, MAX_QUOTE_CHARS), "…"] : printable;
  return `"${shortened.join("")}"`;
}

/** The first line without its end, once it is there whole; `undefined` before. */
export function firstLine(received: Uint8Array): Uint8Array | undefined {
  const end = received.indexOf(NEWLINE);
  if (end === -1) return undefined;
  return received.subarray(0, received[end - 1] === CARRIAGE_RETURN ? end - 1 : end);
}

/** Whether `received` begins with `prefix`; `undefined` while it is too short to tell. */
export function beginsWith(received: Uint8Array, prefix: string): boolean | undefined {
  const length = Math.min(received.length, prefix.length);
  for (let at = 0; at < length; at++) if (received[at] !== prefix.charCodeAt(at)) return false;
  return length === prefix.length ? true : undefined;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
