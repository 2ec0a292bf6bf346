// The one shape of every error that leaves the admin port, `{"error":{"code","message","details"}}`, and which status an
// exception becomes. Clients get codes and sentences, never stacks, causes or messages of unexpected errors.

import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { GatewayError } from "../base/gateway-error.ts";

/** More about an error, for programs; what is in it depends on the code. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Answers with an error. `code` is stable, `message` is for people. */
export function refuse(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  message: string,
  details: ErrorDetails = {},
): Response {
  return c.json({ error: { code, message, details } }, status);
}

/**
 * Answers for an exception: a GatewayError with its own code, anything else as `internal`. What is not the client's doing is
 * also handed to `report`, for the log.
 */
export function answerException(c: Context, error: Error, report: (error: Error) => void): Response {
  const status = statusOf(error);
  if (status >= 500) report(error);
  if (error instanceof GatewayError) return refuse(c, status, error.code, error.message);
  if (status < 500) return refuse(c, status, "bad-request", "Cannot understand the request");
  return refuse(c, 500, "internal", "The gateway failed to answer; its log says why");
}

/** Codes that deserve another status than their area has. */
const STATUS_BY_CODE: ReadonlyMap<string, ContentfulStatusCode> = new Map([["state/full", 507]]);

/** What a GatewayError's code begins with: `request/…` is the client's mistake, `state/…` may pass. */
const STATUS_BY_AREA: ReadonlyMap<string, ContentfulStatusCode> = new Map([
  ["request", 400],
  ["state", 503],
]);

function statusOf(error: Error): ContentfulStatusCode {
  if (error instanceof GatewayError) {
    const [area = ""] = error.code.split("/", 1);
    return STATUS_BY_CODE.get(error.code) ?? STATUS_BY_AREA.get(area) ?? 500;
  }
  // Hono throws these for requests that it cannot read.
  return error instanceof HTTPException && error.status < 500 ? 400 : 500;
}
