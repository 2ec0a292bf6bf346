// Everything that is said about one document while it is judged, with its kind in lower case as the area of every code that has
// none of its own.

import * as v from "valibot";

import type { Diagnostic, Severity } from "../../base/diagnostic.ts";
import type { Origin } from "../origin.ts";
import type { Fail } from "../route-together.ts";
import { type KnownStrangers, toDiagnostic } from "../rule.ts";

/** Nobody reads more, and finding what each of a million unknown keys was meant to be would take seconds. */
const MAX_ISSUES = 200;
const NO_STRANGERS: KnownStrangers = { misplaced: new Map() };

export class Judgement {
  readonly diagnostics: Diagnostic[] = [];
  /** Says that something is wrong; `code` comes without its area. */
  readonly fail: Fail = this.#say("error");
  /** The same of what is used, and probably not what was meant. */
  readonly warn: Fail = this.#say("warning");
  readonly note: Fail = this.#say("notice");
  readonly #area: string;
  readonly #origin: Origin;
  readonly #strangers: KnownStrangers;

  constructor(kind: string, origin: Origin, strangers: KnownStrangers = NO_STRANGERS) {
    this.#area = kind.toLowerCase();
    this.#origin = origin;
    this.#strangers = strangers;
  }

  /** Whether anything is wrong. */
  get failed(): boolean {
    return this.diagnostics.some(({ severity }) => severity === "error");
  }

  /** The document by its schema; `undefined` when it does not fit, which is told. */
  parse<Output>(schema: v.GenericSchema<unknown, Output>, document: unknown): Output | undefined {
    const result = v.safeParse(schema, document);
    if (result.success) return result.output;
    for (const issue of result.issues.slice(0, MAX_ISSUES)) {
      this.diagnostics.push(toDiagnostic(issue, this.#area, this.#origin, this.#strangers));
    }
    return undefined;
  }

  #say(severity: Severity): Fail {
    return (code, message, path, hint, part) => {
      if (this.diagnostics.length > 2 * MAX_ISSUES) return;
      const place = { file: this.#origin.file, ...this.#origin.locate(path, part) };
      const whole = code.includes("/") ? code : `${this.#area}/${code}`;
      const said = { ...place, severity, code: whole, message };
      this.diagnostics.push(hint === undefined ? said : { ...said, hint });
    };
  }
}
