// Which policy applies to an object or to a part of it: the one that names the part before the one that names the whole, the
// oldest of several. A policy whose document has mistakes applies too: nobody knows what it would have forbidden.

import { nameOf } from "../../resource/manifest/manifest.ts";
import type { Policy, PolicyTarget } from "../../resource/manifest/policy.ts";
import type { BrokenPolicy } from "../../resource/manifest/kinds.ts";

/** What applies to a target. */
export type Applied<Kind extends Policy> =
  | { readonly policy: Kind }
  /** Nothing may go on as if there were no policy; why. */
  | { readonly broken: string }
  | undefined;

/** One kind of policy of a load. */
export class Policies<Kind extends Policy> {
  readonly #byTarget = new Map<string, Kind>();
  readonly #brokenTargets = new Map<string, string>();
  readonly #brokenNamespaces = new Map<string, string>();
  readonly #isEmpty: boolean;
  readonly #losers = new Map<Kind, Map<PolicyTarget, Kind>>();

  /** `policies` of one kind, the oldest first. */
  constructor(policies: readonly Kind[], broken: readonly BrokenPolicy[]) {
    this.#isEmpty = policies.length + broken.length === 0;
    for (const policy of policies) for (const target of policy.spec.targetRefs) this.#add(policy, target);
    for (const { kind, namespace, name, targets, file } of broken) {
      const why = `${kind}${name === undefined ? "" : ` "${namespace}/${name}"`} in ${file} has mistakes`;
      if (targets === undefined) this.#brokenNamespaces.set(namespace, why);
      else for (const target of targets) this.#brokenTargets.set(targetKey(namespace, target), why);
    }
  }

  /** What applies to a part (`sectionName`) of an object, or to all of it. */
  find(kind: string, namespace: string, name: string, sectionName: string | undefined): Applied<Kind> {
    if (this.#isEmpty) return undefined;
    const part = targetKey(namespace, { kind, name, ...(sectionName === undefined ? {} : { sectionName }) });
    const whole = targetKey(namespace, { kind, name });
    const broken =
      this.#brokenTargets.get(part) ?? this.#brokenTargets.get(whole) ?? this.#brokenNamespaces.get(namespace);
    if (broken !== undefined) return { broken };
    const policy = this.#byTarget.get(part) ?? this.#byTarget.get(whole);
    return policy === undefined ? undefined : { policy };
  }

  /** The older policy that has what this one wants for a target. */
  winnerOver(policy: Kind, target: PolicyTarget): Kind | undefined {
    return this.#losers.get(policy)?.get(target);
  }

  #add(policy: Kind, target: PolicyTarget): void {
    // Somebody else's kind of the same name.
    if (target.kind === "Service" && target.group !== "") return;
    const key = targetKey(policy.metadata.namespace, target);
    const older = this.#byTarget.get(key);
    if (older === undefined || older === policy) {
      this.#byTarget.set(key, policy);
      return;
    }
    const lost = this.#losers.get(policy) ?? new Map<PolicyTarget, Kind>();
    this.#losers.set(policy, lost.set(target, older));
  }
}

/** How messages call a policy. */
export function describePolicy(policy: Policy): string {
  return `${policy.kind} "${nameOf(policy)}"`;
}

function targetKey(
  namespace: string,
  { kind, name, sectionName = "" }: { readonly kind: string; readonly name: string; readonly sectionName?: string },
): string {
  return `${kind}/${namespace}/${name}#${sectionName}`;
}
