// Errors as clients of ngrok's API know them: our own in another form, with ngrok's code where it has one for the same thing.

import type { Context, MiddlewareHandler } from "hono";
import type { ResponsesWithResolver } from "hono-openapi";
import * as v from "valibot";
import { answer, refusals, type RefusalStatus } from "./describe.ts";

/** Every answer below `/reserved_addrs` with a status of 400 or more. */
export const NgrokErrorSchema = v.pipe(
  v.object({
    error_code: v.pipe(v.string(), v.description("ERR_NGROK_…, or our own where ngrok has none")),
    status_code: v.pipe(v.number(), v.integer()),
    msg: v.string(),
    details: v.record(v.string(), v.string()),
  }),
  v.metadata({ ref: "NgrokError" }),
);

/** Codes of ours that mean what one of ngrok's means. */
const NGROK_CODES: Readonly<Record<string, string>> = {
  "address-not-found": "ERR_NGROK_7113",
  "range-full": "ERR_NGROK_503",
  "nothing-to-change": "ERR_NGROK_506",
};
/** What cannot be done with a body is a bad request there. */
const NGROK_STATUS: ReadonlyMap<number, number> = new Map([[422, 400]]);

const OwnError = v.object({
  error: v.object({ code: v.string(), message: v.string(), details: v.record(v.string(), v.unknown()) }),
});

/** Middleware that puts errors of everything behind it into ngrok's form. */
export const inNgrokForm: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.status >= 400) c.res = await ngrokAnswer(c);
};

/** As `refusals`, in ngrok's form. */
export function ngrokRefusals(...statuses: readonly RefusalStatus[]): ResponsesWithResolver {
  return Object.fromEntries(
    Object.entries(refusals(...statuses)).map(([status, response]) => {
      const description = "description" in response ? response.description : "";
      return [status, answer(description, NgrokErrorSchema)];
    }),
  );
}

async function ngrokAnswer(c: Context): Promise<Response> {
  const { status: own, headers: sent } = c.res;
  const { code, message, details } = v.parse(OwnError, await c.res.json()).error;
  const status = NGROK_STATUS.get(own) ?? own;
  const texts = Object.entries(details).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const body = {
    error_code: NGROK_CODES[code] ?? code,
    status_code: status,
    msg: message,
    details: Object.fromEntries(texts),
  };
  const headers = new Headers(sent);
  headers.delete("content-length");
  return new Response(JSON.stringify(body), { status, headers });
}
