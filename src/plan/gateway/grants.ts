// Who may refer to an object of another namespace: whoever a ReferenceGrant in that namespace names.

import type { ObjectReference } from "../../resource/manifest/manifest.ts";
import type { ReferenceGrant } from "../../resource/manifest/reference-grant.ts";

/** Who refers. */
export interface Referrer {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export class Grants {
  readonly #byNamespace = new Map<string, ReferenceGrant[]>();

  constructor(grants: readonly ReferenceGrant[]) {
    for (const grant of grants) {
      const list = this.#byNamespace.get(grant.metadata.namespace);
      if (list === undefined) this.#byNamespace.set(grant.metadata.namespace, [grant]);
      else list.push(grant);
    }
  }

  /** Whether `from` may refer to what `to` names; within a namespace everybody may. */
  allows(from: Referrer, to: ObjectReference): boolean {
    const namespace = to.namespace ?? from.namespace;
    if (namespace === from.namespace) return true;
    return (this.#byNamespace.get(namespace) ?? []).some(
      ({ spec }) =>
        spec.from.some(
          (each) => each.group === from.group && each.kind === from.kind && each.namespace === from.namespace,
        ) &&
        spec.to.some(
          ({ group, kind, name }) =>
            group === to.group && kind === to.kind && (name === undefined || name === "" || name === to.name),
        ),
    );
  }
}
