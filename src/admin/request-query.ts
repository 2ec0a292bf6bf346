// What requests say in their address, judged: answers 400 with every mistake, before a handler sees anything.

import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./answer-error.ts";

/** As much of a validator's result as is needed here. */
interface Judged {
  readonly success: boolean;
  readonly error?: readonly {
    readonly message: string;
    readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  }[];
}

/** Hook for validators: answers 400 `invalid-parameter` and names each parameter. Values are not repeated. */
export function refuseParameters(result: Judged, c: Context): Response | undefined {
  if (result.success) return undefined;
  const parameters = (result.error ?? []).map(({ message, path }) => {
    const [first] = path ?? [];
    return { parameter: String(typeof first === "object" ? first.key : (first ?? "")), message };
  });
  const summary = parameters.map(({ parameter, message }) => `"${parameter}" ${message}`).join("; ");
  return refuse(c, 400, "invalid-parameter", `Cannot use the request: ${summary}`, { parameters });
}

/** Middleware that answers 400 `malformed-url` when the address has a broken percent-encoding. */
export function refuseMalformedUrl(): MiddlewareHandler {
  return async (c, next) => {
    if (isWellEncoded(c.req.url)) return next();
    return refuse(c, 400, "malformed-url", "The address has a malformed percent-encoding");
  };
}

function isWellEncoded(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    // URIError is the only thing that decodeURIComponent throws.
    return false;
  }
}
