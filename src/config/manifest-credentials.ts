// Certificates that manifests hold: Secrets and ConfigMaps that something refers to are judged like the files of a Route, and
// what there is to say about them is said where they are written. What nobody refers to is not looked at.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { Identity, Trust } from "../resource/credentials.ts";
import type { ConfigMap, Secret } from "../resource/manifest/core.ts";
import { nameOf } from "../resource/manifest/manifest.ts";
import type { ManifestCredentials, Verdict } from "../resource/manifest/manifest-credentials.ts";
import { type CredentialPart, type Finding, type Judged, judgePeriods } from "./credential-finding.ts";
import { type CredentialText, lowerFirst } from "./credential-text.ts";
import { judgeIdentity } from "./identity.ts";
import { judgeTrust } from "./trust.ts";

/** The key of a Secret or ConfigMap that each part is under. */
const KEY_OF: Readonly<Record<CredentialPart, string>> = {
  certificate: "tls.crt",
  key: "tls.key",
  ca: "ca.crt",
  crl: "ca.crl",
};

/** Verdicts of all loads, each made once: an object that did not change is the same object. */
export interface JudgedManifests {
  readonly identities: WeakMap<Secret, Judged<Identity>>;
  readonly trusts: WeakMap<Secret | ConfigMap, Judged<Trust>>;
}

/** Nothing is known yet. */
export function noJudgedManifests(): JudgedManifests {
  return { identities: new WeakMap(), trusts: new WeakMap() };
}

/** What is asked of manifests in one load. */
export class ManifestReading implements ManifestCredentials {
  readonly diagnostics: Diagnostic[] = [];
  /** Files with an object that is referred to and cannot be used. */
  readonly failing = new Set<string>();
  readonly #known: JudgedManifests;
  readonly #nowMs: number;
  readonly #told = new Set<Secret | ConfigMap>();

  constructor(known: JudgedManifests, nowMs: number) {
    this.#known = known;
    this.#nowMs = nowMs;
  }

  identityOf(secret: Secret): Verdict<Identity> {
    const known = this.#known.identities.get(secret);
    const judged = known ?? judgeSecret(secret);
    this.#known.identities.set(secret, judged);
    return this.#verdict(secret, judged);
  }

  authoritiesOf(object: Secret | ConfigMap): Verdict<Trust> {
    const known = this.#known.trusts.get(object);
    const judged = known ?? judgeAuthorities(object);
    this.#known.trusts.set(object, judged);
    return this.#verdict(object, judged);
  }

  #verdict<Value>(object: Secret | ConfigMap, { value, findings, periods }: Judged<Value>): Verdict<Value> {
    if (!this.#told.has(object)) {
      this.#told.add(object);
      const all = [...findings, ...judgePeriods(periods, this.#nowMs)];
      this.diagnostics.push(...all.map((finding) => toDiagnostic(object, finding)));
      if (value === undefined) this.failing.add(object.origin.file);
    }
    if (value !== undefined) return { value };
    const error = findings.find(({ severity }) => severity === "error");
    return { problem: error === undefined ? "it cannot be read" : lowerFirst(error.message) };
  }
}

function judgeSecret(secret: Secret): Judged<Identity> {
  const certificate = secret.spec.data.get(KEY_OF.certificate);
  const key = secret.spec.data.get(KEY_OF.key);
  if (certificate === undefined) return missing(secret, "certificate");
  if (key === undefined) return missing(secret, "key");
  return judgeIdentity(textOf("certificate", certificate), textOf("key", key));
}

function judgeAuthorities(object: Secret | ConfigMap): Judged<Trust> {
  const ca = bytesOf(object, KEY_OF.ca);
  if (ca === undefined) return missing(object, "ca");
  const crl = bytesOf(object, KEY_OF.crl);
  return judgeTrust(textOf("ca", ca), crl === undefined ? undefined : textOf("crl", crl));
}

function bytesOf(object: Secret | ConfigMap, key: string): Uint8Array | undefined {
  if (object.kind === "Secret") return object.spec.data.get(key);
  return Object.hasOwn(object.spec.data, key) ? new TextEncoder().encode(object.spec.data[key]) : undefined;
}

function textOf(part: CredentialPart, bytes: Uint8Array): CredentialText {
  return { called: `"${KEY_OF[part]}"`, file: "FILE", bytes };
}

function missing(object: Secret | ConfigMap, part: CredentialPart): Judged<never> {
  const message = `${object.kind} "${nameOf(object)}" has no "${KEY_OF[part]}"`;
  return { findings: [{ part, severity: "error", code: "tls/missing-key", message }], periods: [] };
}

function toDiagnostic({ origin, spec }: Secret | ConfigMap, { part, ...said }: Finding): Diagnostic {
  const key = KEY_OF[part];
  const written = origin.locate(["stringData", key]);
  const place = "type" in spec && written.line !== origin.locate([]).line ? written : origin.locate(["data", key]);
  return { file: origin.file, ...place, ...said };
}
