// From YAML texts to a plan, in one call.

import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { Loader } from "../../src/config/load.ts";
import { compilePlan } from "../../src/plan/compile.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Credentials } from "../../src/resource/credentials.ts";

/** Of routes that refer to none. */
const NO_CREDENTIALS: Credentials = { identities: new Map(), trusts: new Map() };

export interface CompiledRoutes {
  readonly plan: Plan;
  readonly diagnostics: readonly Diagnostic[];
  /** `file:line:column code` of each diagnostic. */
  readonly told: readonly string[];
}

/** Compiles files given by name and text; those named `document:…` count as put through the admin API. */
export async function compileRoutes(
  files: Readonly<Record<string, string>>,
  previous?: Plan,
  bind: readonly string[] = [],
): Promise<CompiledRoutes> {
  const sources = Object.entries(files).map(([file, text]) => ({ file, text }));
  const loaded = await new Loader().load({
    documents: sources.filter(({ file }) => file.startsWith("document:")),
    directories: [],
    embedded: sources.filter(({ file }) => !file.startsWith("document:")),
  });
  const compiled = compilePlan(loaded.resources, { bind, credentials: NO_CREDENTIALS }, previous);
  const diagnostics = [...loaded.diagnostics, ...compiled.diagnostics];
  const told = diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
  return { plan: compiled.plan, diagnostics, told };
}
