// A policy ready to run: its expressions compiled, once for each plan. They were judged when they were read; one that cannot be
// compiled all the same fails whenever it is asked, so that the client is refused.

import { GatewayError } from "../../base/gateway-error.ts";
import { compileCondition, type Condition, isMistake } from "../../cel/expression.ts";
import type { PolicyPlan, PolicyRulePlan } from "../../plan/policy-plan.ts";
import { compileAction } from "./action.ts";
import type { Act } from "./decision.ts";
import type { SlidingWindows } from "./sliding-windows.ts";

export interface Rule {
  readonly name: string;
  /** All of them must hold. */
  readonly conditions: readonly Condition[];
  readonly acts: readonly Act[];
}

export interface Program {
  readonly plan: PolicyPlan;
  readonly rules: readonly Rule[];
  /** Of its rate limits, by what is written there. */
  readonly windows: ReadonlyMap<string, SlidingWindows>;
}

/** `before`: the same policy as it ran until now; what its rate limits have counted goes on. */
export function compileProgram(plan: PolicyPlan, before: Program | null): Program {
  const windows = new Map<string, SlidingWindows>();
  const known = before?.windows ?? windows;
  return { plan, rules: plan.rules.map((rule) => compileRule(rule, known, windows)), windows };
}

function compileRule(
  { name, expressions, actions }: PolicyRulePlan,
  known: Program["windows"],
  windows: Map<string, SlidingWindows>,
): Rule {
  return {
    name,
    conditions: expressions.map(conditionOf),
    acts: actions.map((action) => compileAction(action, known, windows)),
  };
}

function conditionOf(source: string): Condition {
  const condition = compileCondition(source);
  if (!isMistake(condition)) return condition;
  return {
    uses: new Set(),
    evaluate: () => {
      throw new GatewayError("policy/bad-expression", condition.message);
    },
  };
}
