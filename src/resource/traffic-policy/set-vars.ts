// The action `set-vars`: values that later expressions read as `vars.NAME`.

import type { JsonValue } from "../../base/json-value.ts";
import { isMap, quote } from "../rule.ts";
import { readJson } from "./json-reader.ts";
import type { SetVars } from "./policy.ts";
import { BAD_CONFIG, type PolicyReading, readKeys } from "./policy-reading.ts";

const BAD_VARS = 2252;
const MAX_VARS = 100;
/** What can follow `vars.`. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

type Var = SetVars["vars"][number];

export function readSetVars(config: unknown, reading: PolicyReading): SetVars | undefined {
  const keys = readKeys(config ?? {}, ["vars"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  if (!keys.has("vars")) return reading.refuse("missing-key", BAD_CONFIG, 'Missing key "vars": what is set');
  const written = keys.get("vars");
  const at = reading.at("vars");
  if (!Array.isArray(written)) {
    const message = `Expected a list of maps of one key each, found ${quote(written)}`;
    const hint = isMap(written) ? 'Write each key as an entry of its own: "- name: value"' : undefined;
    return at.refuse("bad-vars", BAD_VARS, message, { hint });
  }
  if (written.length === 0 || written.length > MAX_VARS) {
    return at.refuse("bad-vars", BAD_VARS, `Expected 1 to ${MAX_VARS} variables, found ${written.length}`);
  }
  const vars = written.flatMap((item: unknown, index): readonly Var[] => {
    const read = readVar(item, at.at(index));
    return read === undefined ? [] : [read];
  });
  return vars.length === written.length ? { type: "set-vars", vars } : undefined;
}

function readVar(item: unknown, reading: PolicyReading): Var | undefined {
  const entries = isMap(item) ? Object.entries(item) : [];
  const [first] = entries;
  if (first === undefined || entries.length > 1) {
    const found = isMap(item) ? `${entries.length} keys` : quote(item);
    return reading.refuse("bad-vars", BAD_VARS, `Expected a map of one key, found ${found}`);
  }
  const [name, written] = first;
  if (!NAME.test(name)) {
    const message = `Expected a name of letters, digits and "_", found ${quote(name)}: expressions read it as vars.NAME`;
    return reading.refuse("bad-vars", BAD_VARS, message, { at: [name], part: "key" });
  }
  const value: JsonValue | undefined = readJson(written, reading.at(name));
  return value === undefined ? undefined : { name, value };
}
