// What policies have to say of a connection, as fields of its line in the log.

import type { PolicyRecord } from "./log.ts";
import { clip } from "./log-text.ts";

/** Longest value: what peers sent may be in it, and a line that does not fit into the log's buffer is lost. */
const MAX_JSON_UNITS = 2_048;

/** Keys, and values as JSON of at most `units`; none, when policies did nothing that is worth telling. */
export function policyFields(
  { rule, verdict, logs, vars }: PolicyRecord,
  units: number = MAX_JSON_UNITS,
): readonly (readonly [string, string])[] {
  const fields: [string, unknown][] = [];
  if (rule !== undefined) fields.push(["rule", rule], ["verdict", verdict]);
  if (logs.length > 0) fields.push(["policyLogs", logs]);
  if (Object.keys(vars).length > 0) fields.push(["vars", vars]);
  return fields.map(([key, value]) => [key, jsonOf(value, units)]);
}

/** A value that is too long is a text, cut: half of its JSON is none. */
function jsonOf(value: unknown, units: number): string {
  const json = JSON.stringify(value);
  return json.length > units ? JSON.stringify(clip(json, units)) : json;
}
