// A dialogue that a person wrote: bytes to send, if any, and bytes that have to be in the answer. Pure.

import type { CheckDialogue } from "../check-dialogue.ts";

/** Good as soon as `expect` is in what was received, wherever; `send` is sent first when it is given. */
export function exchangeDialogue(send: Uint8Array | undefined, expect: Uint8Array): CheckDialogue {
  return {
    ...(send === undefined ? {} : { send }),
    judge: (received) => (contains(received, expect) ? "good" : "more"),
  };
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const [first] = wanted;
  if (first === undefined) return true;
  const last = bytes.length - wanted.length;
  for (let at = bytes.indexOf(first); at !== -1 && at <= last; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return true;
  }
  return false;
}
