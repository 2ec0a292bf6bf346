// Who may ask what of the admin port. Reading on loopback is free, so that `curl` just works, but only under a loopback
// name; every change, and everything on a network address, needs the bearer token. A browser page of another origin may
// change nothing, token or not. There are no cookies and no CORS headers.

import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./answer-error.ts";
import { isLoopbackHost } from "./reach.ts";
import type { AdminReach } from "./reach.ts";

/** Whether a request has the token. */
export type TokenCheck = (c: Context) => boolean;

/** Compares with this token. */
export function tokenCheck(token: string): TokenCheck {
  const expected = sha256(token);
  return (c) => isToken(c.req.header("authorization"), expected);
}

/** Answers 401 `unauthorized`. */
export function refuseWithoutToken(c: Context): Response {
  c.header("WWW-Authenticate", 'Bearer realm="sallyport"');
  return refuse(c, 401, "unauthorized", "This needs the admin token: send the header Authorization: Bearer TOKEN");
}

/** Middleware that answers 403 `host-not-allowed`, 403 `origin-not-allowed` or 401 `unauthorized`, or lets the request pass. */
export function guard(reach: AdminReach, hasToken: TokenCheck): MiddlewareHandler {
  return async (c, next) => {
    const reading = c.req.method === "GET" || c.req.method === "HEAD";
    const host = c.req.header("host");
    if (reach === "loopback" && !isLoopbackHost(host)) {
      return refuse(
        c,
        403,
        "host-not-allowed",
        "The Host header must name this machine, as in http://localhost or http://127.0.0.1",
      );
    }
    const origin = c.req.header("origin");
    if (!reading && origin !== undefined && !isAllowedOrigin(reach, origin, host)) {
      return refuse(c, 403, "origin-not-allowed", "A page of another origin may not change anything");
    }
    if ((reach === "network" || !reading) && !hasToken(c)) return refuseWithoutToken(c);
    return next();
  };
}

/** On a network address, a page that the admin port itself served has the origin that the Host header names. */
function isAllowedOrigin(reach: AdminReach, origin: string, host: string | undefined): boolean {
  const authority = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1];
  if (authority === undefined) return false;
  return isLoopbackHost(authority) || (reach === "network" && authority.toLowerCase() === host?.toLowerCase());
}

function isToken(authorization: string | undefined, expected: Uint8Array): boolean {
  const given = /^bearer +([^ ]+) *$/i.exec(authorization ?? "")?.[1];
  // Digests have one length whatever was given, so the comparison tells nothing by its duration.
  return given !== undefined && timingSafeEqual(sha256(given), expected);
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
