// A dialogue that a person wrote: bytes to send, if any, and bytes that have to be in the answer. Pure but for remembering
// how much of the answer was searched: it may come byte by byte, and consist of beginnings of what is expected.

import { Buffer } from "node:buffer";
import type { CheckDialogue } from "../check-dialogue.ts";

/** Good as soon as `expect` is in what was received, wherever; `send` is sent first when it is given. */
export function exchangeDialogue(send: Uint8Array | undefined, expect: Uint8Array): CheckDialogue {
  /** Bytes of the answer that are known not to contain it. */
  let searched = 0;
  return {
    ...(send === undefined ? {} : { send }),
    judge(received) {
      // One that is not longer is another answer than the one before.
      const from = received.length > searched ? Math.max(0, searched - expect.length + 1) : 0;
      const bytes = Buffer.from(received.buffer, received.byteOffset, received.byteLength);
      if (bytes.indexOf(expect, from) !== -1) return "good";
      searched = received.length;
      return "more";
    },
  };
}
