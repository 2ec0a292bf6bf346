// Vocabulary for describing routes in OpenAPI, so that each route says only what is its own. Describing does not change
// what a route does; a test compares real answers with the descriptions.

import { resolver } from "hono-openapi";
import type { DescribeRouteOptions, ResponsesWithResolver } from "hono-openapi";
import * as v from "valibot";
import { ErrorSchema } from "./schema-error.ts";

/** An operation's `security` when it needs the token wherever the admin port is bound. */
export const NEEDS_TOKEN: NonNullable<DescribeRouteOptions["security"]> = [{ token: [] }];

/** A JSON answer. */
export function answer(description: string, schema: v.GenericSchema): ResponsesWithResolver[string] {
  return { description, content: { "application/json": { schema: resolver(schema) } } };
}

/** `{"items":[…],"next":…}`, the shape of every list. */
export function listOf(item: v.GenericSchema): v.GenericSchema {
  return v.object({
    items: v.array(item),
    next: v.pipe(v.nullable(v.string()), v.description("Give it as after to get the next page; null on the last page")),
  });
}

/** What is described for every operation, and further statuses with which this one refuses. */
export function refusals(...statuses: readonly RefusalStatus[]): ResponsesWithResolver {
  return Object.fromEntries(
    [...ALWAYS_POSSIBLE, ...statuses].map((status) => [status, answer(REFUSALS[status], ErrorSchema)]),
  );
}

/** A status that a request can be refused with. */
export type RefusalStatus = keyof typeof REFUSALS;

const REFUSALS = {
  400: "The request cannot be understood",
  401: "The token is missing or wrong",
  403: "The Host or Origin header is not allowed",
  404: "There is none",
  409: "Somebody else has it, or there is nothing left; nothing was changed",
  413: "The body is too large",
  415: "The body's type or encoding is not accepted",
  422: "The body says something that cannot be done; nothing was changed",
  500: "The gateway failed; its log says why",
  503: "The state file cannot be used at the moment",
  507: "The disk with the state file is full",
} as const;

const ALWAYS_POSSIBLE = [400, 401, 403, 500] as const;
