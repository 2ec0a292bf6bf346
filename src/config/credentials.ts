// Certificates and keys of the routes of each load, and what they were when they were last good. While a new version of one
// cannot be used, the earlier one goes on: a certificate is replaced file by file, and in between it does not belong to its
// key. As in load.ts, what was read takes effect here only by `accept`.

import { dirname, resolve } from "node:path";

import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import type { Credentials, Identity, Trust } from "../resource/credentials.ts";
import type { ListenerPolicy } from "../resource/manifest/policy.ts";
import type { Origin } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";
import type { IdentitySpec, TrustSpec } from "../resource/tls.ts";
import type { Finding } from "./credential-finding.ts";
import { CredentialReader, type ReadTexts } from "./credential-reader.ts";
import { type Choice, Shelf, type Version, type Versions } from "./credential-shelf.ts";
import { type CredentialUse, credentialUses, policyUses } from "./credential-use.ts";
import { judgeIdentity } from "./identity.ts";
import { judgeNames } from "./name-cover.ts";
import { judgeTrust } from "./trust.ts";

/** What is known of the machine that reads. */
export interface CredentialOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /**
   * False: files are on another machine, and what is in them is taken on trust. For the build, which has none of them; a
   * plan that was made so must not be run.
   */
  readonly readFiles?: boolean;
}

/** What was read for some routes. */
export interface CredentialReading {
  readonly credentials: Credentials;
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
  /** Files with a route that lacks something: it cannot be used, and there is no earlier one that could. */
  readonly failing: ReadonlySet<string>;
  /** For the store itself. */
  readonly used: UsedVersions;
}

interface UsedVersions {
  readonly identities: Versions<Identity>;
  readonly trusts: Versions<Trust>;
}

const UNREAD_IDENTITY: Identity = { certificate: "", key: "", notBeforeMs: 0, notAfterMs: Infinity };
const UNREAD_TRUST: Trust = { ca: [], crl: [] };

/** Remembers what was good. */
export class CredentialStore {
  readonly #options: CredentialOptions;
  #good: UsedVersions = { identities: new Map(), trusts: new Map() };

  constructor(options: CredentialOptions = {}) {
    this.#options = options;
  }

  /** Begins a load. */
  begin(): CredentialSession {
    return new CredentialSession(this.#options, this.#good);
  }

  /** Says that a reading is in force: what it uses is good from now on, and nothing else is. */
  accept({ used }: CredentialReading): void {
    this.#good = used;
  }
}

/** One load: each file is read once in it, whatever is asked for how often. */
class CredentialSession {
  readonly #now: () => number;
  readonly #reader: CredentialReader;
  readonly #identities: Shelf<Identity>;
  readonly #trusts: Shelf<Trust>;

  constructor({ now = Date.now, readFiles = true }: CredentialOptions, good: UsedVersions) {
    this.#now = now;
    this.#reader = new CredentialReader(readFiles);
    this.#identities = new Shelf(good.identities, toIdentity, UNREAD_IDENTITY);
    this.#trusts = new Shelf(good.trusts, toTrust, UNREAD_TRUST);
  }

  /** Absolute paths of all files that were asked for in this load, with a stamp of what was there (`stampAt`). */
  get watched(): ReadonlyMap<string, string> {
    return this.#reader.stamps;
  }

  /**
   * Reads what these routes and policies refer to, in turns. Relative paths are relative to the directory of the file that they
   * are in, when it is one of `onDisk`. Never rejects.
   */
  async read(
    resources: readonly (RouteResource | ListenerPolicy)[],
    onDisk: ReadonlySet<string>,
  ): Promise<CredentialReading> {
    const pace = new Pace();
    const identities = new Uses<IdentitySpec, Identity>();
    const trusts = new Uses<TrustSpec, Trust>();
    const diagnostics: Diagnostic[] = [];
    const failing = new Set<string>();
    for (const resource of resources) {
      const { file } = resource.origin;
      const directory = onDisk.has(file) ? dirname(resolve(file)) : undefined;
      for (const use of resource.kind === "Route" ? credentialUses(resource) : policyUses(resource)) {
        if (pace.due()) await pace.rest();
        const read = await this.#reader.read(use.sources, directory);
        const { value, findings } =
          use.kind === "identity"
            ? identities.add(use.spec, this.#identities.choose(read, this.#now()))
            : trusts.add(use.spec, this.#trusts.choose(read, this.#now()));
        if (value === undefined) failing.add(file);
        diagnostics.push(...findings.map((finding) => toDiagnostic(finding, resource, use)));
        const shown = use.kind === "identity" ? identities.values.get(use.spec) : undefined;
        const tls = resource.kind === "Route" ? resource.tls : undefined;
        if (shown !== undefined && tls?.mode === "terminate" && tls.identity === use.spec) {
          const names = judgeNames(shown, tls.hostnames);
          diagnostics.push(...names.map((finding) => toDiagnostic(finding, resource, use)));
        }
      }
    }
    return {
      credentials: { identities: identities.values, trusts: trusts.values },
      diagnostics: diagnostics.toSorted(compareDiagnostics),
      failing,
      used: { identities: identities.versions, trusts: trusts.versions },
    };
  }
}

/** What the routes of one reading use of one kind. */
class Uses<Spec, Value> {
  readonly values = new Map<Spec, Value>();
  readonly versions = new Map<string, Version<Value>>();

  add(spec: Spec, choice: Choice<Value>): Choice<Value> {
    const { value, key, version } = choice;
    if (value !== undefined) this.values.set(spec, value);
    if (key !== undefined && version !== undefined) this.versions.set(key, version);
    return choice;
  }
}

function toIdentity({ certificate, key }: ReadTexts["texts"]): ReturnType<typeof judgeIdentity> {
  return certificate === undefined || key === undefined ? NOTHING : judgeIdentity(certificate, key);
}

function toTrust({ ca, crl }: ReadTexts["texts"]): ReturnType<typeof judgeTrust> {
  return ca === undefined ? NOTHING : judgeTrust(ca, crl);
}

const NOTHING = { findings: [], periods: [] };

function toDiagnostic(
  { part, ...said }: Finding,
  { origin }: { readonly origin: Origin },
  { at }: CredentialUse,
): Diagnostic {
  return { file: origin.file, ...origin.locate([...at, part]), ...said };
}
