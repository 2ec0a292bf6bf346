// The action `log`: something of one's own in the access log.

import type { LogAction } from "./policy.ts";
import { readJsonMap } from "./json-reader.ts";
import { BAD_CONFIG, type PolicyReading, readKeys } from "./policy-reading.ts";

export function readLog(config: unknown, reading: PolicyReading): LogAction | undefined {
  const keys = readKeys(config ?? {}, ["metadata"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  if (!keys.has("metadata")) return reading.refuse("missing-key", BAD_CONFIG, 'Missing key "metadata": what is logged');
  const metadata = readJsonMap(keys.get("metadata"), reading.at("metadata"));
  return metadata === undefined ? undefined : { type: "log", metadata };
}
