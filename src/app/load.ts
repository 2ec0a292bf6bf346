// The one way from sources to a plan: sources → documents → resources, with their certificates → plan, and everything there
// is to say about them.
// `run`, `check`, reload, documents put through the admin API and the build all come through here.

import type { CidrMap } from "../base/cidr-map.ts";
import { compareDiagnostics, concealed, type Diagnostic, formatDiagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import type { Cidr } from "../base/ip.ts";
import { type CredentialOptions, type CredentialReading, CredentialStore } from "../config/credentials.ts";
import { type Loaded, Loader } from "../config/load.ts";
import type { Sources } from "../config/source.ts";
import { type CompiledPlan, compilePlan } from "../plan/compile.ts";
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
  /** How many documents with `apiVersion` and `kind` take part. */
  readonly manifestCount: number;
  /** Absolute paths of certificates and keys that the plan depends on, with a stamp of what was there (`stampAt`). */
  readonly watched: ReadonlyMap<string, string>;
  /** Says that the plan is in force: files without an error are what a later mistake in them falls back to. */
  accept(): void;
}

/** Each round puts at least one more file back to its last good version; a handful settles any real case. */
const MAX_FALL_BACKS = 5;

/** Loads plans again and again, and remembers what was good. Nothing it loads takes effect in it before `accept`. */
export class PlanLoader {
  readonly #loader = new Loader();
  readonly #credentials: CredentialStore;
  readonly #maps = new WeakMap<readonly Cidr[], CidrMap>();
  readonly #bind: readonly string[];

  /** `bind`: IPs that a route without a host in `listen` binds; empty means all. */
  constructor(bind: readonly string[], credentials: CredentialOptions = {}) {
    this.#bind = bind;
    this.#credentials = new CredentialStore(credentials);
  }

  /** Loads and compiles everything. `previous` is the plan in force, whose routes keep their addresses. Never rejects. */
  async load(sources: Sources, previous?: Plan): Promise<LoadedPlan> {
    const session = this.#credentials.begin();
    const attempt = async (loaded: Loaded): Promise<Attempt> => {
      const reading = await session.read(loaded.resources, loaded.onDisk);
      // Compiling is one turn of its own, so it does not add to the loader's last.
      await new Pace().rest();
      const { credentials } = reading;
      const options = { bind: this.#bind, maps: this.#maps, credentials };
      return { loaded, reading, compiled: compilePlan(loaded.resources, options, previous) };
    };
    let current = await attempt(await this.#loader.load(sources));
    const diagnostics = [...current.loaded.diagnostics, ...saidOf(current)];
    const failing = new Set(failingFiles(current));
    for (let round = 0; round < MAX_FALL_BACKS; round++) {
      const earlier = this.#loader.fallBack(current.loaded, failing);
      if (earlier === undefined) break;
      current = await attempt(earlier);
      // A file is spoken of once, as it is written now: lines of its earlier version would mislead.
      diagnostics.push(...saidOf(current).filter(({ file }) => !failing.has(file)));
      for (const file of failingFiles(current)) failing.add(file);
    }
    const accepted = current;
    return {
      plan: accepted.compiled.plan,
      diagnostics: withoutTwins(diagnostics.map(concealed)).toSorted(compareDiagnostics),
      failed: diagnostics.some(({ severity }) => severity === "error"),
      fileCount: accepted.loaded.fileCount,
      manifestCount: accepted.loaded.manifests.length,
      watched: session.watched,
      accept: () => {
        this.#loader.accept(accepted.loaded, failing);
        this.#credentials.accept(accepted.reading);
      },
    };
  }
}

/** Loads once, with nothing to fall back to: for `check` and the build. */
export async function loadPlan(
  sources: Sources,
  bind: readonly string[] = [],
  credentials: CredentialOptions = {},
): Promise<LoadedPlan> {
  return new PlanLoader(bind, credentials).load(sources);
}

/** One set of resources, and what came of it. */
interface Attempt {
  readonly loaded: Loaded;
  readonly reading: CredentialReading;
  readonly compiled: CompiledPlan;
}

function saidOf({ reading, compiled }: Attempt): readonly Diagnostic[] {
  return [...reading.diagnostics, ...compiled.diagnostics];
}

/** Files that are better used as they were. A certificate that is kept as it was is no reason: its route goes on with it. */
function failingFiles({ loaded, reading, compiled }: Attempt): readonly string[] {
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  return [...loaded.duplicating, ...reading.failing, ...errors.map(({ file }) => file)];
}

/** What was said of a file in one round is said again in the next, when the file is the same in both. */
function withoutTwins(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((each) => [formatDiagnostic(each), each])).values()];
}
