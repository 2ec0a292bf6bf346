// Reads request bodies within a limit, whether their length was announced or not. Total: whatever a client does to its
// body (too long, cut off, not text) becomes a value.

import { Buffer } from "node:buffer";
import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./answer-error.ts";

/** Requests that need no body may still have a small one, such as an empty JSON object. */
const MAX_IGNORED_BYTES = 64 * 1024;

/** A body's text, or the answer to a client whose body cannot be used. */
export type BodyText = { readonly text: string } | { readonly refusal: Response };

/** Reads the body as UTF-8 text of at most `maxBytes`. */
export async function readText(c: Context, maxBytes: number): Promise<BodyText> {
  const bytes = await readBytes(c.req.raw, maxBytes);
  if (bytes === "too-large") {
    const refusal = refuse(c, 413, "body-too-large", `The body must not exceed ${maxBytes} bytes`, { maxBytes });
    return { refusal };
  }
  if (bytes === "broken") return { refusal: refuse(c, 400, "body-broken", "The body ended before it was complete") };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    // `fatal` reports wrong bytes in no other way.
    return { refusal: refuse(c, 400, "body-not-utf8", "The body must be UTF-8 text") };
  }
}

/** Middleware for requests without a meaningful body: answers 413 when there is a big one. */
export function ignoreSmallBody(): MiddlewareHandler {
  return async (c, next) => {
    const bytes = await readBytes(c.req.raw, MAX_IGNORED_BYTES);
    if (bytes !== "too-large") return next();
    return refuse(c, 413, "body-too-large", "This request takes no body", { maxBytes: MAX_IGNORED_BYTES });
  };
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | "too-large" | "broken"> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return "too-large";
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > maxBytes) {
        await reader.cancel();
        return "too-large";
      }
      chunks.push(value);
    }
  } catch {
    // The client went away: there is nobody to tell and nothing that an operator could do.
    return "broken";
  }
  return Buffer.concat(chunks, size);
}
