// Reads small JSON bodies and judges them by a schema. Total, like request-body.ts: whatever is wrong becomes the answer.

import type { Context } from "hono";
import * as v from "valibot";
import { refuse } from "./answer-error.ts";
import { readText } from "./request-body.ts";

/** Settings are a few dozen bytes. */
const MAX_JSON_BYTES = 64 * 1024;

const JSON_TYPE = "application/json";

/** A body's value, or the answer to a client whose body cannot be used. */
export type BodyValue<Value> = { readonly value: Value } | { readonly refusal: Response };

/** Reads the body, a JSON object, as `schema` wants it. Messages of the schema complete the sentence `"FIELD" …`. */
export async function readJson<Value>(c: Context, schema: v.GenericSchema<unknown, Value>): Promise<BodyValue<Value>> {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if ((type !== "" && type !== JSON_TYPE) || c.req.header("content-encoding") !== undefined) {
    const message = `Send the body uncompressed, in UTF-8, with the header Content-Type: ${JSON_TYPE}`;
    return { refusal: refuse(c, 415, "unsupported-media-type", message, { accepted: [JSON_TYPE] }) };
  }
  const body = await readText(c, MAX_JSON_BYTES);
  if ("refusal" in body) return body;
  let given: unknown;
  try {
    given = JSON.parse(body.text);
  } catch {
    // SyntaxError is the only thing that JSON.parse throws.
    return { refusal: refuse(c, 400, "body-not-json", "The body must be JSON") };
  }
  // Valibot takes a list for an object without keys.
  const judged = v.safeParse(schema, Array.isArray(given) ? null : given, { abortPipeEarly: true });
  if (judged.success) return { value: judged.output };
  const fields = judged.issues.map((issue) => ({ field: v.getDotPath(issue) ?? "", message: issue.message }));
  const summary = fields.map(({ field, message }) => `${field === "" ? "it" : `"${field}"`} ${message}`).join("; ");
  return { refusal: refuse(c, 422, "body-invalid", `Cannot use the body: ${summary}`, { fields }) };
}
