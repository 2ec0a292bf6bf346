// What is said of routes while a plan is made of them, and which of them did not get what they claim.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";

/** Why a route does not get what it claims: a diagnostic, with the path of what it is about. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly path: ValuePath;
  readonly hint?: string;
}

export class Findings {
  readonly diagnostics: Diagnostic[] = [];
  /** Route name → the first reason why it does not get all that it claims. */
  readonly refusals = new Map<string, string>();

  /** A route does not get all that it claims. */
  refuse(route: RouteResource, { path, ...rest }: Finding): void {
    const { origin, conflicts: severity = "error" } = route;
    this.diagnostics.push({ file: origin.file, ...origin.locate(path), severity, ...rest });
    this.#note(route, rest.message);
  }

  /** The same, of which others have told why. */
  noteUnusable(route: RouteResource): void {
    this.#note(route, "Its TLS settings cannot be used: see what is said of its certificates");
  }

  #note({ name }: RouteResource, message: string): void {
    if (!this.refusals.has(name)) this.refusals.set(name, message);
  }
}
