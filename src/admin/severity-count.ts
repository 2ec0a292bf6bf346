// Diagnostics as numbers, for the status and the metrics.

import type { Diagnostic, Severity } from "../base/diagnostic.ts";

/** How many diagnostics there are of each severity, also of those that do not occur. */
export function countBySeverity(diagnostics: readonly Diagnostic[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, notice: 0 };
  for (const { severity } of diagnostics) counts[severity]++;
  return counts;
}
