// Manifests from one text of YAML to routes and statuses, without files, ports or a state.

import { AddressRegister } from "../../src/app/address-register.ts";
import { AddressSpace } from "../../src/app/address-space.ts";
import { addressWishesOf, wantedPorts } from "../../src/app/address-wishes.ts";
import { type Allotments, memoryAllotments } from "../../src/app/allotments.ts";
import { memoryLedger } from "../../src/app/ledger.ts";
import { compilePlan, type CompiledPlan } from "../../src/plan/compile.ts";
import { parseDocuments } from "../../src/config/document.ts";
import { findOffset } from "../../src/config/mark.ts";
import { ManifestReading, noJudgedManifests } from "../../src/config/manifest-credentials.ts";
import { findingsOf } from "../../src/plan/gateway/findings.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS, type GatewayApiOptions } from "../../src/plan/gateway/options.ts";
import type { Outcome } from "../../src/plan/gateway/outcome.ts";
import { type Status, statusesOf } from "../../src/plan/gateway/status.ts";
import { translate, type Translation } from "../../src/plan/gateway/translate.ts";
import { decodeManifest } from "../../src/resource/manifest/decode-manifest.ts";
import type { AnyManifest, BrokenPolicy } from "../../src/resource/manifest/kinds.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Trust } from "../../src/resource/credentials.ts";
import { isMap } from "../../src/resource/rule.ts";
import type { TrustSpec } from "../../src/resource/tls.ts";

export interface Translated extends Translation {
  readonly compiled: CompiledPlan;
  /** What there is to say, as `line: code`. */
  readonly said: readonly string[];
  /** The same, with the message. */
  readonly messages: readonly string[];
  /** What there is to say of certificates, as `line:column: code`. */
  readonly ofCertificates: readonly string[];
  readonly statuses: ReadonlyMap<AnyManifest, Status>;
  /** The status of `kind/name`, in whatever namespace. */
  status(kind: AnyManifest["kind"], name: string): Status;
  /** Whether it has one. */
  has(kind: AnyManifest["kind"], name: string): boolean;
  /** Route name → why its clients get nobody. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface TranslateOptions {
  /** Documents with mistakes are no error of the test. */
  readonly mayBreak?: boolean;
  readonly bind?: readonly string[];
  readonly tcpHosts?: GatewayApiOptions["tcpHosts"];
  /** Whether files that a ListenerPolicy names are there; what they hold does not matter. */
  readonly hasFiles?: boolean;
  readonly inCluster?: boolean;
  readonly tcpPorts?: GatewayApiOptions["tcpPorts"];
  /** Where addresses are kept, for whoever translates more than once; what is translated comes into force at once. */
  readonly allotments?: Allotments;
  readonly previous?: Plan;
  readonly bindErrorOf?: Outcome["bindErrorOf"];
  /** In place of 1. */
  readonly generationOf?: (manifest: AnyManifest) => number;
}

/** Translates and compiles. */
export async function translateManifests(text: string, options: TranslateOptions = {}): Promise<Translated> {
  const { mayBreak = false, bind = [], tcpHosts = DEFAULT_TCP_HOSTS, hasFiles = false, inCluster = true } = options;
  const { documents, lines, diagnostics } = await parseDocuments("test.yaml", text);
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  const manifests: AnyManifest[] = [];
  const broken: BrokenPolicy[] = [];
  for (const { value, mark } of documents) {
    if (!isMap(value)) continue;
    const origin = {
      file: "test.yaml",
      locate: (path: readonly (string | number)[], part?: "key" | "value") =>
        lines.position(findOffset(mark, path, part)),
    };
    const decoded = decodeManifest(value, origin);
    const errors = decoded?.diagnostics.filter(({ severity }) => severity === "error") ?? [];
    if (errors.length > 0 && !mayBreak) throw new Error(JSON.stringify(errors));
    if (decoded?.manifest !== undefined) manifests.push(decoded.manifest);
    if (decoded?.broken !== undefined) broken.push(decoded.broken);
  }
  const gatewayApi = { tcpHosts, tcpPorts: options.tcpPorts ?? DEFAULT_TCP_PORTS };
  const trusts = new Map<TrustSpec, Trust>();
  for (const manifest of manifests) {
    const auth = hasFiles && manifest.kind === "ListenerPolicy" ? manifest.spec.clientAuth : undefined;
    if (auth !== undefined) trusts.set(auth.trust, { ca: ["of a file"], crl: [] });
  }
  const credentials = { identities: new Map(), trusts };
  const records = memoryLedger().propose(manifests, new Date("2026-01-01T00:00:00Z"));
  const allotments = options.allotments ?? memoryAllotments(new AddressRegister(new AddressSpace(gatewayApi)));
  const isWanted = wantedPorts([], manifests);
  const addresses = allotments.propose(addressWishesOf(manifests, records), { isWanted });
  addresses.accept();
  const certificates = new ManifestReading(noJudgedManifests(), Date.now());
  const translation = translate({
    manifests,
    broken,
    records: {
      ageOf: (manifest) => records.ageOf(manifest),
      of: (manifest) => ({ ...records.of(manifest), generation: options.generationOf?.(manifest) ?? 1 }),
    },
    credentials,
    certificates,
    addresses,
    bind,
    ...(options.previous === undefined ? {} : { previous: options.previous }),
    options: { ...gatewayApi, ...(inCluster ? { clusterDomain: "cluster.local" } : {}) },
  });
  const { issued } = translation;
  const all = { identities: issued.identities, trusts: new Map([...trusts, ...issued.trusts]) };
  const compiled = compilePlan(translation.routes, { bind, credentials: all }, options.previous);
  const outcome: Outcome = {
    refusalOf: (route) => compiled.refusals.get(route),
    bindErrorOf: options.bindErrorOf ?? (() => undefined),
  };
  const statuses = statusesOf(translation, outcome);
  const find = (kind: AnyManifest["kind"], name: string): Status | undefined => {
    for (const [manifest, status] of statuses) {
      if (manifest.kind === kind && manifest.metadata.name === name) return status;
    }
    return undefined;
  };
  const findings = findingsOf(translation);
  return {
    ...translation,
    compiled,
    said: findings.map(({ line, code }) => `${line}: ${code}`),
    messages: findings.map(({ line, code, message }) => `${line}: ${code}: ${message}`),
    ofCertificates: certificates.diagnostics.map(({ line, column, code }) => `${line}:${column}: ${code}`),
    refused: new Map(
      compiled.plan.routes.flatMap(({ name, refused }) =>
        refused === undefined ? [] : [[name, refused.detail] as const],
      ),
    ),
    statuses,
    has: (kind, name) => find(kind, name) !== undefined,
    status(kind, name) {
      const status = find(kind, name);
      if (status === undefined) throw new Error(`${kind} "${name}" has no status`);
      return status;
    },
  };
}
