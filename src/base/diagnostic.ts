// A diagnostic is a message to the person who wrote a file: where, how bad, a stable code, what is wrong and what is
// wanted. It is a value, never thrown; everything that reads configuration collects them all and sorts once.

import { compareText } from "./compare-text.ts";
import { conceal } from "./conceal.ts";

/** `error`: the document is not used. `warning`: it is used, and probably not what was meant. `notice`: for information. */
export type Severity = "error" | "warning" | "notice";

/** A place in a source. Lines and columns are 1-based and count UTF-16 units; 0 means "the whole file". */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One message about one place. The field names are part of the admin API (design 6). */
export interface Diagnostic extends Position {
  readonly file: string;
  readonly severity: Severity;
  /** Stable, `area/what`, for example `route/unknown-key`: scripts and tests match on it, never on the message. */
  readonly code: string;
  /** Upper case first, no full stop: what is wrong and what is wanted. */
  readonly message: string;
  /** How to mend it, when we can tell, for example `Did you mean "backends"?`. */
  readonly hint?: string;
}

/** The same without what could be a part of a key: diagnostics go into logs, and they take words from what was written. */
export function concealed(diagnostic: Diagnostic): Diagnostic {
  const { message, hint } = diagnostic;
  return { ...diagnostic, message: conceal(message), ...(hint === undefined ? {} : { hint: conceal(hint) }) };
}

/** Orders by file, line, column, then code, so that the same mistakes always print the same way. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.code, b.code);
}

/** `file:line:col severity code message (hint)` on one line, the form that editors and CI recognise. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, message, hint } = diagnostic;
  return `${file}:${line}:${column} ${severity} ${code} ${message}${hint === undefined ? "" : ` (${hint})`}`;
}
