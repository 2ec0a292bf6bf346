// The one way from sources to a plan: sources → documents → resources, with their certificates → plan, and everything there
// is to say about them. Manifests become routes on the way, and keep what is to be said of each.
// `run`, `check`, reload, documents put through the admin API and the build all come through here.

import { compareDiagnostics, concealed, type Diagnostic, formatDiagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import { type CredentialOptions, type CredentialReading, CredentialStore } from "../config/credentials.ts";
import { type Loaded, Loader } from "../config/load.ts";
import { ManifestReading, noJudgedManifests } from "../config/manifest-credentials.ts";
import type { Sources } from "../config/source.ts";
import { type CompiledPlan, compilePlan } from "../plan/compile.ts";
import { findingsOf } from "../plan/gateway/findings.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS, type GatewayApiOptions } from "../plan/gateway/options.ts";
import { TranslationMemo } from "../plan/gateway/memo.ts";
import { translate, type Translation } from "../plan/gateway/translate.ts";
import { CompileMemo } from "../plan/memo.ts";
import { RoutePolicyMemo } from "../plan/ngrok/route-policies.ts";
import type { Plan } from "../plan/plan.ts";
import type { Credentials } from "../resource/credentials.ts";
import type { GatewayClass } from "../resource/manifest/gateway.ts";
import { judgeImmutable } from "../resource/manifest/gateway-class-schema.ts";
import { AddressRegister } from "./address-register.ts";
import { AddressSpace } from "./address-space.ts";
import { addressWishesOf, wantedPorts } from "./address-wishes.ts";
import { type AllotmentProposal, type Allotments, memoryAllotments } from "./allotments.ts";
import { judgeGatewayNames } from "./gateway-names.ts";
import { GeoNotices } from "./geo-notices.ts";
import { type Ledger, type LedgerProposal, memoryLedger } from "./ledger.ts";

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
  /** What was made of manifests. */
  readonly translation: Translation;
  /** Name → why, for every route that did not get the addresses that it claims. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Says that the plan is in force: files without an error are what a later mistake in them falls back to. */
  accept(): void;
}

/** What loading depends on besides the sources. */
export interface LoaderOptions {
  /** IPs that a route without a host in `listen` binds; empty means all. */
  readonly bind?: readonly string[];
  readonly credentials?: CredentialOptions;
  readonly gatewayApi?: GatewayApiOptions;
  /** Where age and generation of objects are kept; absent: in memory. */
  readonly ledger?: Ledger;
  /** Where TCP addresses of objects are kept; absent: in memory. */
  readonly allotments?: Allotments;
  /** Whether there is a database that knows where addresses are. */
  readonly hasGeo?: boolean;
}

/** Each round puts at least one more file back to its last good version; a handful settles any real case. */
const MAX_FALL_BACKS = 5;

/** Loads plans again and again, and remembers what was good. Nothing it loads takes effect in it before `accept`. */
export class PlanLoader {
  readonly #loader = new Loader();
  readonly #credentials: CredentialStore;
  readonly #judged = noJudgedManifests();
  readonly #memo = new CompileMemo();
  readonly #translations = new TranslationMemo();
  readonly #routePolicies = new RoutePolicyMemo();
  readonly #bind: readonly string[];
  readonly #gatewayApi: GatewayApiOptions;
  readonly #ledger: Ledger;
  readonly #allotments: Allotments;
  readonly #now: () => number;
  /** `null`: whoever asks where addresses are gets an answer. */
  readonly #geoNotices: GeoNotices | null;
  /** Of the load in force. */
  #classes: readonly GatewayClass[] = [];

  constructor({ bind = [], credentials = {}, gatewayApi, ledger, allotments, hasGeo }: LoaderOptions = {}) {
    this.#bind = bind;
    this.#credentials = new CredentialStore(credentials);
    this.#gatewayApi = gatewayApi ?? { tcpHosts: DEFAULT_TCP_HOSTS, tcpPorts: DEFAULT_TCP_PORTS };
    this.#ledger = ledger ?? memoryLedger();
    this.#allotments = allotments ?? memoryAllotments(new AddressRegister(new AddressSpace(this.#gatewayApi)));
    this.#now = credentials.now ?? Date.now;
    this.#geoNotices = hasGeo === true ? null : new GeoNotices();
  }

  /**
   * Loads and compiles everything. `previous` is the plan in force, whose routes keep their addresses. `filesAsBefore` as in
   * `Loader`. Never rejects.
   */
  async load(sources: Sources, previous?: Plan, filesAsBefore = false): Promise<LoadedPlan> {
    const session = this.#credentials.begin();
    const attempt = async (loaded: Loaded): Promise<Attempt> => {
      const policies = loaded.manifests.filter((manifest) => manifest.kind === "ListenerPolicy");
      const reading = await session.read([...loaded.resources, ...policies], loaded.onDisk);
      // Compiling is one turn of its own, so it does not add to the loader's last.
      await new Pace().rest();
      return this.#compile(loaded, reading, previous);
    };
    let current = await attempt(await this.#loader.load(sources, filesAsBefore));
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
    const { translation, unknown } = accepted;
    diagnostics.push(...findingsOf(translation), ...judgeGatewayNames(translation), ...unknown);
    diagnostics.push(...(this.#geoNotices?.of(accepted.loaded.resources, accepted.loaded.manifests) ?? []));
    return {
      plan: accepted.compiled.plan,
      diagnostics: withoutTwins(diagnostics.map(concealed)).toSorted(compareDiagnostics),
      failed: diagnostics.some(({ severity }) => severity === "error"),
      fileCount: accepted.loaded.fileCount,
      manifestCount: accepted.loaded.manifests.length,
      watched: session.watched,
      translation: accepted.translation,
      refusals: accepted.compiled.refusals,
      accept: () => {
        this.#loader.accept(accepted.loaded, failing);
        this.#credentials.accept(accepted.reading);
        accepted.records.accept();
        accepted.addresses.accept();
        this.#classes = accepted.translation.catalog.of("GatewayClass");
      },
    };
  }

  #compile(loaded: Loaded, reading: CredentialReading, previous: Plan | undefined): Attempt {
    const nowMs = this.#now();
    const complete = loaded.diagnostics.every(({ severity }) => severity !== "error");
    const records = this.#ledger.propose(loaded.manifests, new Date(nowMs), complete);
    const addresses = this.#allotments.propose(addressWishesOf(loaded.manifests, records), {
      complete,
      isWanted: wantedPorts(loaded.resources, loaded.manifests),
    });
    const certificates = new ManifestReading(this.#judged, nowMs);
    const translation = translate({
      manifests: loaded.manifests,
      broken: loaded.broken,
      records,
      credentials: reading.credentials,
      certificates,
      addresses,
      bind: this.#bind,
      options: this.#gatewayApi,
      memo: this.#translations,
      ...(previous === undefined ? {} : { previous }),
    });
    const credentials = unite(reading.credentials, translation.issued);
    const options = { bind: this.#bind, memo: this.#memo, credentials };
    const { routes, keptCount, catalog } = translation;
    const written = this.#routePolicies.resolve(loaded.resources, catalog);
    const ordered = [...routes.slice(0, keptCount), ...written.routes, ...routes.slice(keptCount)];
    const compiled = compilePlan(ordered, options, previous);
    const changed = this.#changedClasses(translation);
    const { diagnostics: unknown } = written;
    return { loaded, reading, records, addresses, certificates, translation, compiled, changed, unknown };
  }

  /** What must not change as long as an object is there, and did. */
  #changedClasses({ catalog }: Translation): readonly Diagnostic[] {
    return this.#classes.flatMap((before) => {
      const after = catalog.find("GatewayClass", "", before.metadata.name);
      // From another file comes another class, and there is nothing to put back.
      return after?.origin.file === before.origin.file ? judgeImmutable(before, after) : [];
    });
  }
}

/** Loads once, with nothing to fall back to: for `check` and the build. */
export async function loadPlan(sources: Sources, options: LoaderOptions = {}): Promise<LoadedPlan> {
  return new PlanLoader(options).load(sources);
}

/** One set of resources, and what came of it. */
interface Attempt {
  readonly loaded: Loaded;
  readonly reading: CredentialReading;
  readonly records: LedgerProposal;
  readonly addresses: AllotmentProposal;
  readonly certificates: ManifestReading;
  readonly translation: Translation;
  readonly compiled: CompiledPlan;
  /** Errors about what must not change. */
  readonly changed: readonly Diagnostic[];
  /** About IPPolicies that routes name and that are not there. */
  readonly unknown: readonly Diagnostic[];
}

/** All but what a status says, which is said of manifests as they are in force. */
function saidOf({ reading, certificates, compiled, changed }: Attempt): readonly Diagnostic[] {
  return [...reading.diagnostics, ...certificates.diagnostics, ...changed, ...compiled.diagnostics];
}

/** Files that are better used as they were. A certificate that is kept as it was is no reason: its route goes on with it. */
function failingFiles({ loaded, reading, certificates, compiled, changed }: Attempt): readonly string[] {
  const errors = [...compiled.diagnostics, ...changed].filter(({ severity }) => severity === "error");
  const unusable = [...reading.failing, ...certificates.failing];
  return [...loaded.duplicating, ...unusable, ...errors.map(({ file }) => file)];
}

function unite(a: Credentials, b: Credentials): Credentials {
  return {
    identities: new Map([...a.identities, ...b.identities]),
    trusts: new Map([...a.trusts, ...b.trusts]),
  };
}

/** What was said of a file in one round is said again in the next, when the file is the same in both. */
function withoutTwins(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((each) => [formatDiagnostic(each), each])).values()];
}
