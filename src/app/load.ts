// The one way from sources to a plan: sources → documents → resources → plan, with everything there is to say about them.
// `run`, `check`, reload, documents put through the admin API and the build all come through here.

import type { CidrMap } from "../base/cidr-map.ts";
import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import type { Cidr } from "../base/ip.ts";
import { Loader } from "../config/load.ts";
import type { Sources } from "../config/source.ts";
import { compilePlan } from "../plan/compile.ts";
import type { Plan } from "../plan/plan.ts";

/** A plan and how it came to be. */
export interface LoadedPlan {
  readonly plan: Plan;
  /** About everything as it is written now, sorted. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether any diagnostic is an error. */
  readonly failed: boolean;
  /** How many sources were read. */
  readonly fileCount: number;
  /** Says that the plan is in force: files without an error are what a later mistake in them falls back to. */
  accept(): void;
}

/** Each round puts at least one more file back to its last good version; a handful settles any real case. */
const MAX_FALL_BACKS = 5;

/** Loads plans again and again, and remembers what was good. Nothing it loads takes effect in it before `accept`. */
export class PlanLoader {
  readonly #loader = new Loader();
  readonly #maps = new WeakMap<readonly Cidr[], CidrMap>();
  readonly #bind: readonly string[];

  /** `bind`: IPs that a route without a host in `listen` binds; empty means all. */
  constructor(bind: readonly string[]) {
    this.#bind = bind;
  }

  /** Loads and compiles everything. `previous` is the plan in force, whose routes keep their addresses. Never rejects. */
  async load(sources: Sources, previous?: Plan): Promise<LoadedPlan> {
    const credentials = { identities: new Map(), trusts: new Map() };
    const options = { bind: this.#bind, credentials, maps: this.#maps };
    let loaded = await this.#loader.load(sources);
    // Compiling is one turn of its own, so it does not add to the loader's last.
    await new Pace().rest();
    let compiled = compilePlan(loaded.resources, options, previous);
    const diagnostics = [...loaded.diagnostics, ...compiled.diagnostics];
    const failing = failedFiles(compiled.diagnostics);
    for (let round = 0; round < MAX_FALL_BACKS; round++) {
      const earlier = this.#loader.fallBack(loaded, failing);
      if (earlier === undefined) break;
      loaded = earlier;
      compiled = compilePlan(loaded.resources, options, previous);
      // A file is spoken of once, as it is written now: lines of its earlier version would mislead.
      diagnostics.push(...compiled.diagnostics.filter(({ file }) => !failing.has(file)));
      for (const file of failedFiles(compiled.diagnostics)) failing.add(file);
    }
    const accepted = loaded;
    return {
      plan: compiled.plan,
      diagnostics: diagnostics.toSorted(compareDiagnostics),
      failed: diagnostics.some(({ severity }) => severity === "error"),
      fileCount: accepted.fileCount,
      accept: () => this.#loader.accept(accepted, failing),
    };
  }
}

/** Loads once, with nothing to fall back to: for `check` and the build. */
export async function loadPlan(sources: Sources, bind: readonly string[] = []): Promise<LoadedPlan> {
  return new PlanLoader(bind).load(sources);
}

function failedFiles(diagnostics: readonly Diagnostic[]): Set<string> {
  return new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ file }) => file));
}
