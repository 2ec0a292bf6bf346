// One action of a rule, by its type. What each may say is the file of its type.

import { quote } from "../rule.ts";
import { readForwardInternal } from "./forward-internal.ts";
import { HTTP_ACTIONS } from "./http-actions.ts";
import { readLog } from "./log.ts";
import type { PolicyAction } from "./policy.ts";
import { BAD_CONFIG, nearHint, type PolicyReading, readKeys } from "./policy-reading.ts";
import { actionMisuse } from "./policy-use.ts";
import { readRateLimit } from "./rate-limit.ts";
import { readRestrictIps } from "./restrict-ips.ts";
import { readSetVars } from "./set-vars.ts";
import { readTerminateTls } from "./terminate-tls.ts";

const UNKNOWN_ACTION = 2201;
const WRONG_PHASE = 2202;

type ReadConfig = (config: unknown, reading: PolicyReading) => PolicyAction | undefined;

const READERS: ReadonlyMap<string, ReadConfig> = new Map<string, ReadConfig>([
  ["restrict-ips", readRestrictIps],
  ["deny", readDeny],
  ["close-connection", readClose],
  ["forward-internal", readForwardInternal],
  ["log", readLog],
  ["set-vars", readSetVars],
  ["terminate-tls", readTerminateTls],
  ["rate-limit", readRateLimit],
]);

/** An action, `undefined` when it is refused. */
export function readAction(value: unknown, reading: PolicyReading): PolicyAction | undefined {
  const keys = readKeys(value, ["type", "config"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const type = keys.get("type");
  const read = typeof type === "string" ? READERS.get(type) : undefined;
  if (read === undefined) return refuseType(type, reading);
  const action = read(keys.get("config"), reading.at("config"));
  const misuse = action === undefined ? undefined : actionMisuse(action, reading.use);
  if (misuse === undefined) return action;
  return reading.refuse(misuse.code, misuse.error, misuse.message, { hint: misuse.hint, at: misuse.at });
}

function refuseType(type: unknown, reading: PolicyReading): undefined {
  const known = Array.from(READERS.keys());
  if (type === undefined || type === null) {
    const hint = `Known are: ${known.join(", ")}`;
    return reading.refuse("unknown-action", UNKNOWN_ACTION, 'Expected "type" in an action', { hint });
  }
  const instead = typeof type === "string" ? HTTP_ACTIONS.get(type) : undefined;
  if (instead !== undefined) {
    const message = `The action ${quote(type)} is for HTTP: a connection of TCP or TLS has neither requests nor responses`;
    const hint = instead === "" ? undefined : instead;
    return reading.refuse("http-action", WRONG_PHASE, message, { hint, at: ["type"] });
  }
  const hint = typeof type === "string" ? nearHint(type, [...known, ...HTTP_ACTIONS.keys()], known) : undefined;
  return reading.refuse("unknown-action", UNKNOWN_ACTION, `Unknown action ${quote(type)}`, { hint, at: ["type"] });
}

function readDeny(config: unknown, reading: PolicyReading): PolicyAction | undefined {
  const keys = readKeys(config ?? {}, ["status_code"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  if (keys.has("status_code")) {
    const message = '"status_code" has no effect: it is for HTTP, and here the connection is closed';
    reading.warn("http-key", message, { hint: "Leave it out", at: ["status_code"], part: "key" });
  }
  return { type: "deny" };
}

function readClose(config: unknown, reading: PolicyReading): PolicyAction | undefined {
  return readKeys(config ?? {}, [], BAD_CONFIG, reading) === undefined ? undefined : { type: "close-connection" };
}
