// What ListenerPolicies mean for a section: what the one of the section says, then that of its object, then that of the Gateway it is
// merged into. What a closer one leaves out the wider one says: one that is about limits does away with no certificate.
// What a policy asks for and a section cannot have closes it: nobody gets past a policy because it does not fit, nor by one of another
// namespace.

import type { Credentials } from "../../resource/credentials.ts";
import type { BrokenPolicy } from "../../resource/manifest/kinds.ts";
import type { ListenerPolicy, PolicyTarget } from "../../resource/manifest/policy.ts";
import { nameOf } from "../../resource/manifest/manifest.ts";
import type { Catalog } from "./catalog.ts";
import { Conditions } from "./conditions.ts";
import { describePolicy, Policies } from "./policies.ts";
import { judgeTarget } from "./policy-target.ts";
import type { Section } from "./section.ts";

/** What applies to a section. */
export interface SectionPolicy {
  readonly policy: ListenerPolicy | undefined;
  /** Why nobody may be let in. */
  readonly closed?: string;
}

export class ListenerPolicies {
  /** How often a policy applied. */
  applied = 0;
  readonly #catalog: Catalog;
  readonly #credentials: Credentials;
  readonly #policies: Policies<ListenerPolicy>;
  /** Sections that a policy does not fit, each with the reason. */
  readonly #misfits = new Map<ListenerPolicy, { readonly section: Section; readonly message: string }[]>();

  constructor(catalog: Catalog, broken: readonly BrokenPolicy[], credentials: Credentials) {
    this.#catalog = catalog;
    this.#credentials = credentials;
    this.#policies = new Policies(catalog.byAge("ListenerPolicy"), broken);
  }

  of(section: Section): SectionPolicy {
    const { owner, gateway, listener } = section;
    const find = ({ kind, metadata: { namespace, name } }: Section["owner"], part?: string) =>
      this.#policies.find(kind, namespace, name, part);
    const applied = [find(owner, listener.name), find(owner), ...(owner === gateway ? [] : [find(gateway)])];
    if (applied.some((each) => each !== undefined)) this.applied++;
    const layers: ListenerPolicy[] = [];
    for (const each of applied) {
      if (each === undefined) continue;
      if ("broken" in each) return { policy: undefined, closed: each.broken };
      if (!layers.includes(each.policy)) layers.push(each.policy);
    }
    const [closest] = layers;
    if (closest === undefined) return { policy: undefined };
    const spec = Object.assign({}, ...layers.toReversed().map((layer) => layer.spec), {
      targetRefs: closest.spec.targetRefs,
    });
    const policy: ListenerPolicy = { ...closest, spec };
    const { told = closest, message } = this.#judge(policy, section, layers);
    if (message === undefined) return { policy };
    const misfits = this.#misfits.get(told) ?? [];
    this.#misfits.set(told, misfits);
    misfits.push({ section, message });
    return { policy, closed: `${describePolicy(told)}: ${message}` };
  }

  /** What is to be said of a policy for one of its targets. */
  conditionsFor(policy: ListenerPolicy, target: PolicyTarget): Conditions {
    const conditions = new Conditions();
    judgeTarget(policy, target, this.#policies.winnerOver(policy, target), this.#catalog, conditions);
    const path = policy.spec.clientAuth === undefined ? ["spec"] : ["spec", "clientAuth"];
    for (const { section, message } of this.#misfits.get(policy) ?? []) {
      if (means(target, section)) conditions.failToo("Accepted", "Invalid", message, path);
    }
    conditions.hold("Accepted", "Accepted", "The policy is in force");
    return conditions;
  }

  /** What is wrong with what they say together, and which of them says it. */
  #judge(
    policy: ListenerPolicy,
    section: Section,
    layers: readonly ListenerPolicy[],
  ): { readonly told?: ListenerPolicy; readonly message?: string } {
    const misfit = this.#misfit(policy, section);
    const asking = layers.find(({ spec }) => spec.clientAuth !== undefined);
    if (misfit !== undefined && asking !== undefined) return { told: asking, message: misfit };
    for (const told of layers) {
      const message = trespass(told, section, layers);
      if (message !== undefined) return { told, message };
    }
    return {};
  }

  #misfit({ spec }: ListenerPolicy, section: Section): string | undefined {
    if (spec.clientAuth === undefined) return undefined;
    if (!section.terminates) {
      return `Listener "${section.name}" does not end TLS, so that its clients cannot be asked for certificates and are refused: name the listeners that clientAuth is for with sectionName`;
    }
    return this.#credentials.trusts.has(spec.clientAuth.trust)
      ? undefined
      : "The authorities of clientAuth cannot be used, so that clients are refused";
  }
}

/** What keeps clients out: a policy of another namespace does not change it. */
const GUARDS = ["clientAuth", "allow", "deny", "proxyAccept", "limits"] as const;

/** Why a policy of a ListenerSet may not say what the Gateway of another namespace says of its clients. */
function trespass(
  { metadata, spec }: ListenerPolicy,
  { owner, gateway, frontend, insecureFallback }: Section,
  layers: readonly ListenerPolicy[],
): string | undefined {
  if (owner.metadata.namespace === gateway.metadata.namespace) return undefined;
  if (metadata.namespace === gateway.metadata.namespace) return undefined;
  const place = `Gateway "${nameOf(gateway)}" is in another namespace`;
  const wider = layers.find((layer) => layer.metadata.namespace === gateway.metadata.namespace);
  const guarded = GUARDS.filter((key) => wider?.spec[key] !== undefined);
  // A PROXY header says what lists and limits go by.
  const changes = guarded.find((key) => spec[key] !== undefined) ?? (spec.proxyAccept && guarded[0]);
  if (changes !== undefined) {
    const written = changes === "proxyAccept" ? "proxyProtocol" : changes;
    return `${place} and its ListenerPolicy says "${written}", which this one cannot change, so that clients are refused`;
  }
  return spec.clientAuth === undefined || frontend === undefined || insecureFallback
    ? undefined
    : `${place} and says whose certificates clients need, which clientAuth cannot change, so that clients are refused`;
}

/** Whether a target stands for a section, by itself or among others. */
function means({ kind, name, sectionName }: PolicyTarget, { owner, gateway, listener }: Section): boolean {
  if (sectionName !== undefined && sectionName !== listener.name) return false;
  return [owner, gateway].some((object) => object.kind === kind && object.metadata.name === name);
}
