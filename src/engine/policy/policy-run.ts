// One client's way through a policy: rule by rule, until something is decided. It can go on after a decision to forward, when nobody
// was reached. Whatever goes wrong in it, the client is refused.

import type { Refusal } from "../limit/refusal.ts";
import type { Decision, PolicyClient } from "./decision.ts";
import type { Verdict } from "./policy-note.ts";
import type { Program, Rule } from "./program.ts";

/** `admit`: no rule has decided anything, or none is left. */
export type Outcome = "admit" | Decision;

/** Counts what rules came to. */
export interface VerdictCounter {
  countVerdict(rule: string, verdict: Verdict): void;
}

export class PolicyRun {
  readonly #program: Program;
  readonly #client: PolicyClient;
  readonly #counter: VerdictCounter;
  #rule = 0;
  /** Of the rule, the next one to be done. */
  #act = 0;
  /** The last URL that it forwarded to. */
  #url = "";

  constructor(program: Program, client: PolicyClient, counter: VerdictCounter) {
    this.#program = program;
    this.#client = client;
    this.#counter = counter;
  }

  /** Goes on to the next decision. Never throws. */
  next(): Outcome {
    const { rules } = this.#program;
    for (; this.#rule < rules.length; this.#rule++, this.#act = 0) {
      const rule = rules[this.#rule];
      if (rule === undefined) break;
      try {
        const decision = this.#follow(rule);
        if (decision !== null) return decision;
      } catch (cause) {
        this.#tell(rule, "failed");
        return { refusal: failureOf(rule, cause), verdict: "failed" };
      }
    }
    return "admit";
  }

  /** Nobody was reached where the last decision forwarded to. */
  unreachable(why: Refusal): void {
    const rule = this.#program.rules[this.#rule];
    if (rule === undefined) return;
    this.#tell(rule, "unreachable");
    const message = why.detail ?? why.reason;
    this.#client.scope.setAction("forward_internal", { url: this.#url, error: { code: UNREACHABLE, message } });
  }

  #follow(rule: Rule): Decision | null {
    const { scope } = this.#client;
    // One that has been begun is not asked again: what it has done may have changed what it is about.
    if (this.#act === 0 && !rule.conditions.every((condition) => condition.evaluate(scope))) return null;
    for (;;) {
      const act = rule.acts[this.#act++];
      if (act === undefined) return null;
      const decision = act(this.#client);
      if (decision === null) continue;
      if (typeof decision === "string") {
        this.#tell(rule, decision);
        continue;
      }
      if ("forward" in decision) {
        this.#tell(rule, "forwarded");
        this.#url = decision.forward;
        scope.setAction("forward_internal", { url: decision.forward });
        return decision;
      }
      this.#tell(rule, decision.verdict);
      const { reason, detail } = decision.refusal;
      return {
        ...decision,
        refusal: { reason, detail: `Rule "${rule.name}"${detail === undefined ? "" : `: ${detail}`}` },
      };
    }
  }

  #tell({ name }: Rule, verdict: Verdict): void {
    const { note } = this.#client;
    note.rule = name;
    note.verdict = verdict;
    this.#counter.countVerdict(name, verdict);
  }
}

/** As ngrok calls it. */
const UNREACHABLE = "ERR_NGROK_3200";

/** A message may quote what the client said. */
const MAX_WHY_UNITS = 256;

/** Fail closed. */
function failureOf({ name }: Rule, cause: unknown): Refusal {
  const why = (cause instanceof Error ? cause.message : String(cause)).slice(0, MAX_WHY_UNITS);
  return { reason: "denied-policy", detail: `Rule "${name}" failed: ${why}` };
}
