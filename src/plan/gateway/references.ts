// References to certificates: whether they may be made, whether there is something at their end, and whether it is good. What is
// good is judged by whoever can read certificates; this only asks.

import type { Identity, Trust } from "../../resource/credentials.ts";
import type { ManifestCredentials } from "../../resource/manifest/manifest-credentials.ts";
import type { ObjectReference } from "../../resource/manifest/manifest.ts";
import type { Catalog } from "./catalog.ts";
import type { Grants, Referrer } from "./grants.ts";

/** Why a reference cannot be used. */
export interface Unresolved {
  readonly why: "kind" | "not-permitted" | "unusable";
  /** A sentence. */
  readonly message: string;
}

export class References {
  /** How often a certificate was asked for. */
  asked = 0;
  readonly #catalog: Catalog;
  readonly #grants: Grants;
  readonly #credentials: ManifestCredentials;
  readonly #numbers = new Map<Trust, number>();
  readonly #united = new Map<string, Trust>();

  constructor(catalog: Catalog, grants: Grants, credentials: ManifestCredentials) {
    this.#catalog = catalog;
    this.#grants = grants;
    this.#credentials = credentials;
  }

  /** A certificate with its key, in a Secret. */
  identity(from: Referrer, reference: ObjectReference): Identity | Unresolved {
    this.asked++;
    const { group, kind, name, namespace = from.namespace } = reference;
    if (group !== "" || kind !== "Secret") return wrongKind(reference, "a Secret");
    // Before it is looked for: whether it is there is nobody's business who may not refer to it.
    if (!this.#grants.allows(from, reference)) return notPermitted(from, reference, namespace);
    const secret = this.#catalog.find("Secret", namespace, name);
    if (secret === undefined) return unusable(`There is no Secret "${namespace}/${name}"`);
    const verdict = this.#credentials.identityOf(secret);
    return "value" in verdict
      ? verdict.value
      : unusable(`Secret "${namespace}/${name}" has no usable certificate: ${verdict.problem}`);
  }

  /** Authorities, in a ConfigMap or a Secret. */
  authorities(from: Referrer, reference: ObjectReference): Trust | Unresolved {
    this.asked++;
    const { group, kind, name, namespace = from.namespace } = reference;
    if (group !== "" || (kind !== "ConfigMap" && kind !== "Secret"))
      return wrongKind(reference, "a ConfigMap or a Secret");
    if (!this.#grants.allows(from, reference)) return notPermitted(from, reference, namespace);
    const object = this.#catalog.find(kind, namespace, name);
    if (object === undefined) return unusable(`There is no ${kind} "${namespace}/${name}"`);
    const verdict = this.#credentials.authoritiesOf(object);
    return "value" in verdict
      ? verdict.value
      : unusable(`${kind} "${namespace}/${name}" has no usable authorities: ${verdict.problem}`);
  }

  /** Several authorities as one; the same value for the same ones. */
  unite(trusts: readonly Trust[]): Trust | undefined {
    const [first, ...others] = trusts;
    if (first === undefined || others.every((trust) => trust === first)) return first;
    const key = trusts.map((trust) => this.#numberOf(trust)).join(" ");
    const known = this.#united.get(key);
    if (known !== undefined) return known;
    const united: Trust = {
      ca: [...new Set(trusts.flatMap((trust) => trust.ca))],
      crl: [...new Set(trusts.flatMap((trust) => trust.crl))],
    };
    this.#united.set(key, united);
    return united;
  }

  #numberOf(trust: Trust): number {
    const number = this.#numbers.get(trust) ?? this.#numbers.size;
    this.#numbers.set(trust, number);
    return number;
  }
}

/** A reference that is not permitted, in the words of all who have one. */
export function notPermitted(from: Referrer, { kind, name }: ObjectReference, namespace: string): Unresolved {
  const message = `No ReferenceGrant in namespace "${namespace}" lets a ${from.kind} of namespace "${from.namespace}" refer to ${kind} "${name}"`;
  return { why: "not-permitted", message };
}

function wrongKind({ group, kind, name }: ObjectReference, wanted: string): Unresolved {
  const written = group === "" ? kind : `${kind} of group "${group}"`;
  return { why: "kind", message: `A reference to ${written} "${name}" cannot be used: wanted is ${wanted}` };
}

function unusable(message: string): Unresolved {
  return { why: "unusable", message };
}
