// Judges the expressions of policies while they are read, by the library that will run them, and tells what they ask for.

import { type CelMistake, compileCondition, compileValue, isMistake } from "../cel/expression.ts";
import { compileTemplate } from "../cel/template.ts";
import type { PolicyExpression } from "./traffic-policy/policy-expressions.ts";
import type { ExpressionChecks } from "./traffic-policy/policy-reading.ts";

export const CEL_CHECKS: ExpressionChecks = {
  condition: (text) => mistakeIn(compileCondition(text)),
  value: (text) => mistakeIn(compileValue(text)),
  template: (text) => mistakeIn(compileTemplate(text)),
};

function mistakeIn(compiled: object): CelMistake | undefined {
  return isMistake(compiled) ? compiled : undefined;
}

/** The names of variables that an expression reads, as `Value.uses` has them; of one that is wrong there are none. */
export function variablesOf({ kind, text }: Pick<PolicyExpression, "kind" | "text">): ReadonlySet<string> {
  const compiled = COMPILERS[kind](text);
  return isMistake(compiled) ? new Set() : compiled.uses;
}

const COMPILERS = { condition: compileCondition, value: compileValue, template: compileTemplate } as const;
