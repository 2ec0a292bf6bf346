// What a policy did to one client, for its line in the log.

import type { JsonMap, JsonValue } from "../../base/json-value.ts";

/** What came of a rule. `would-…`: it is not enforced. `unreachable`: nobody was reached where it forwarded to. `failed`: an error. */
export const VERDICTS = [
  "denied",
  "would-deny",
  "limited",
  "would-limit",
  "forwarded",
  "unreachable",
  "failed",
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** More than anybody reads: what policies add to one line of the log. */
const MAX_LOGS = 32;

export class PolicyNote {
  /** The rule that decided last, and what. */
  rule: string | undefined;
  verdict: Verdict | undefined;
  /** What its `log` actions said. */
  readonly logs: JsonMap[] = [];
  /** What its `set-vars` actions set. */
  readonly vars: Record<string, JsonValue> = {};

  log(metadata: JsonMap): void {
    if (this.logs.length < MAX_LOGS) this.logs.push(metadata);
  }
}
