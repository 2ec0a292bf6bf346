// Judges the expressions of policies while they are read, by the library that will run them.

import { type CelMistake, compileCondition, compileValue, isMistake } from "../cel/expression.ts";
import { compileTemplate } from "../cel/template.ts";
import type { ExpressionChecks } from "./traffic-policy/policy-reading.ts";

export const CEL_CHECKS: ExpressionChecks = {
  condition: (text) => mistakeIn(compileCondition(text)),
  value: (text) => mistakeIn(compileValue(text)),
  template: (text) => mistakeIn(compileTemplate(text)),
};

function mistakeIn(compiled: object): CelMistake | undefined {
  return isMistake(compiled) ? compiled : undefined;
}
