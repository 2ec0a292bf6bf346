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
  const fields: [string, string][] = [];
  if (rule !== undefined) fields.push(["rule", jsonOf(rule, units)], ["verdict", jsonOf(verdict, units)]);
  if (logs.length > 0) fields.push(["policyLogs", jsonOf(logs, units)]);
  if (!isEmpty(vars)) fields.push(["vars", jsonOf(vars, units)]);
  return fields;
}

/** The same as further members of a JSON object, each with a comma in front. */
export function policyMembers(policy: PolicyRecord): string {
  let members = "";
  for (const [key, json] of policyFields(policy)) members += `,"${key}":${json}`;
  return members;
}

function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}

/** A value that is too long is a text, cut: half of its JSON is none. */
function jsonOf(value: unknown, units: number): string {
  const json = JSON.stringify(value);
  return json.length > units ? JSON.stringify(clip(json, units)) : json;
}
