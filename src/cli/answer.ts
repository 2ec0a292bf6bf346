// Reads values out of the gateway's answers without trusting their shape: an older or newer gateway may leave something
// out or say more, and a table with a dash is better than a crash.

import type { Diagnostic, Severity } from "../base/diagnostic.ts";

/** A JSON object. */
export type Answer = Readonly<Record<string, unknown>>;

/** Shown where there is nothing. */
export const NOTHING = "-";

export function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string, or a number or boolean as one; `otherwise` when it is none of these. */
export function textOf(answer: Answer, key: string, otherwise: string = NOTHING): string {
  const value = answer[key];
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : otherwise;
}

/** A finite number; 0 when it is none. */
export function numberOf(answer: Answer, key: string): number {
  const value = answer[key];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** The object under a key; empty when there is none. */
export function objectOf(answer: Answer, key: string): Answer {
  const value = answer[key];
  return isAnswer(value) ? value : {};
}

/** The strings of a list. */
export function textsOf(answer: Answer, key: string): readonly string[] {
  const value = answer[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The objects of a list. */
export function objectsOf(answer: Answer, key: string): readonly Answer[] {
  const value = answer[key];
  return Array.isArray(value) ? value.filter(isAnswer) : [];
}

/** The diagnostics of a list. */
export function diagnosticsOf(answer: Answer, key: string): readonly Diagnostic[] {
  return objectsOf(answer, key).map((item) => {
    const hint = textOf(item, "hint", "");
    return {
      file: textOf(item, "file"),
      line: numberOf(item, "line"),
      column: numberOf(item, "column"),
      severity: severityOf(item),
      code: textOf(item, "code"),
      message: textOf(item, "message"),
      ...(hint === "" ? {} : { hint }),
    };
  });
}

function severityOf(answer: Answer): Severity {
  const severity = answer["severity"];
  return severity === "warning" || severity === "notice" ? severity : "error";
}
