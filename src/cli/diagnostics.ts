// Diagnostics as the command line prints them: one line each, coloured by severity, and a line that counts them.

import { type Diagnostic, formatDiagnostic, type Severity } from "../base/diagnostic.ts";
import { formatCount } from "./quantity.ts";
import { type Paint, printable } from "./table.ts";

/** One line per diagnostic, in the form that editors and CI recognise. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], paint: Paint): string {
  return diagnostics
    .map((diagnostic) => {
      const line = printable(formatDiagnostic(diagnostic));
      if (diagnostic.severity === "error") return `${paint.bad(line)}\n`;
      return diagnostic.severity === "warning" ? `${paint.warn(line)}\n` : `${line}\n`;
    })
    .join("");
}

/** `2 errors, 1 warning`, without the severities that there are none of; empty when there are none at all. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const severities: readonly Severity[] = ["error", "warning", "notice"];
  return severities
    .map((severity) => [diagnostics.filter((diagnostic) => diagnostic.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => formatCount(count, severity))
    .join(", ");
}
