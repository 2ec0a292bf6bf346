// What policies have to say of a connection, as fields of its line in the log.

import type { PolicyRecord } from "./log.ts";
import { clip } from "./log-text.ts";

/** Longest value: what peers sent may be in it. */
const MAX_JSON_UNITS = 8_192;

/** Keys, and values as JSON; none, when policies did nothing that is worth telling. */
export function policyFields({ rule, verdict, logs, vars }: PolicyRecord): readonly (readonly [string, string])[] {
  const fields: [string, unknown][] = [];
  if (rule !== undefined) fields.push(["rule", rule], ["verdict", verdict]);
  if (logs.length > 0) fields.push(["policyLogs", logs]);
  if (Object.keys(vars).length > 0) fields.push(["vars", vars]);
  return fields.map(([key, value]) => [key, jsonOf(value)]);
}

/** A value that is too long is a text, cut: half of its JSON is none. */
function jsonOf(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > MAX_JSON_UNITS ? JSON.stringify(clip(json, MAX_JSON_UNITS)) : json;
}
