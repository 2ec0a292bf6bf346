// The status of routes and policies, in the shape of the standard.

import type { Policy, PolicyTarget } from "../../resource/manifest/policy.ts";
import { GATEWAY_GROUP, nameOf, type ObjectReference } from "../../resource/manifest/manifest.ts";
import type { ParentReference } from "../../resource/manifest/l4-route.ts";
import type { ParentOutcome, RouteState } from "./attach.ts";
import { CONTROLLER_NAME } from "./classes.ts";
import type { Condition } from "./condition.ts";
import { Conditions } from "./conditions.ts";
import type { Outcome } from "./outcome.ts";
import { judgeTarget } from "./policy-target.ts";
import type { Section } from "./section.ts";
import type { L4Route, Takers } from "./takers.ts";
import type { Translation } from "./translate.ts";

export interface RouteStatus {
  readonly parents: readonly {
    readonly parentRef: ParentReference;
    readonly controllerName: string;
    readonly conditions: readonly Condition[];
  }[];
}

export interface PolicyStatus {
  readonly ancestors: readonly {
    readonly ancestorRef: ObjectReference & { readonly sectionName?: string };
    readonly controllerName: string;
    readonly conditions: readonly Condition[];
  }[];
}

/** Of a status's list: the standard allows no more. */
const MAX_ANCESTORS = 16;
/** Our own, beside those of the standard: it has no word for a route that another one leaves nothing to (#4303). */
const SERVING = "sallyport.dev/Serving";

export function routeStatus({ route, parents }: RouteState, translation: Translation, outcome: Outcome): RouteStatus {
  const generation = translation.catalog.generationOf(route);
  return {
    parents: parents.map((parent) => ({
      parentRef: parent.parentRef,
      controllerName: parent.controllerName,
      conditions: conditionsOfParent(route, parent, translation, outcome).list(generation),
    })),
  };
}

/** What is said of a route at one of its parents, and whether it has any clients there. */
export function conditionsOfParent(
  route: RouteState["route"],
  { path, conditions: said, sections }: ParentOutcome,
  { emitted }: Translation,
  outcome: Outcome,
): Conditions {
  if (route.kind !== "TCPRoute" && route.kind !== "TLSRoute") return said;
  const idle: { reason: string; message: string }[] = [];
  for (const section of sections) {
    const found = emitted(section);
    // Where nobody is let in the listener says why.
    if (found?.takers === undefined) return said;
    const why = whyIdle(route, section, found.takers, found.namesOf.get(route) ?? [], outcome);
    if (why === undefined) return said;
    idle.push(why);
  }
  const [first] = idle;
  if (first === undefined) return said;
  const conditions = new Conditions();
  for (const { type } of said.all()) conditions.adopt(said, type);
  conditions.fail(SERVING, first.reason, first.message, path);
  return conditions;
}

/** Why a route has no clients of a section that took it; `undefined`: it has some. */
function whyIdle(
  route: L4Route,
  { attachments, name }: Section,
  takers: Takers,
  names: readonly string[],
  outcome: Outcome,
): { readonly reason: string; readonly message: string } | undefined {
  if (names.length > 0) {
    const refusals = names.map((each) => outcome.refusalOf(each));
    const [message] = refusals;
    return message === undefined || refusals.includes(undefined) ? undefined : { reason: "Conflicted", message };
  }
  const hostnames = route.kind === "TCPRoute" ? [""] : attachments.find((each) => each.route === route)?.hostnames;
  for (const hostname of hostnames ?? []) {
    const older = takers.get(hostname);
    if (older === undefined) continue;
    const what = hostname === "" ? "all clients" : `the clients of "${hostname}"`;
    const message = `${older.kind} "${nameOf(older)}" comes first and has ${what} of listener "${name}"`;
    return { reason: "SupersededByOlderRoute", message };
  }
  const message = `Other listeners on the port of "${name}" mean the route's host names more closely and have its clients`;
  return { reason: "SupersededByCloserListener", message };
}

/** Of a BackendTLSPolicy or BackendPolicy for the Gateways that it matters to, or for what it names when it matters to none. */
export function policyStatus(policy: Policy, translation: Translation): PolicyStatus {
  const generation = translation.catalog.generationOf(policy);
  const byText = new Map<string, PolicyStatus["ancestors"][number]>();
  for (const target of policy.spec.targetRefs) {
    const conditions = conditionsFor(policy, target, translation);
    const isBad = conditions.all().some(({ status }) => status === "False");
    for (const ancestorRef of ancestorsOf(policy, target, translation)) {
      const key = JSON.stringify(ancestorRef);
      // Of several targets that come to one ancestor, the one with something wrong is worth telling.
      if (byText.has(key) && !isBad) continue;
      byText.set(key, { ancestorRef, controllerName: CONTROLLER_NAME, conditions: conditions.list(generation) });
    }
  }
  return { ancestors: Array.from(byText.values()).slice(0, MAX_ANCESTORS) };
}

/** What is said of a policy for one of its targets. */
export function conditionsFor(policy: Policy, target: PolicyTarget, translation: Translation): Conditions {
  if (policy.kind === "BackendTLSPolicy") return translation.upstream.conditionsFor(policy, target);
  if (policy.kind === "ListenerPolicy") return translation.listenerPolicies.conditionsFor(policy, target);
  const conditions = new Conditions();
  judgeTarget(policy, target, translation.backendPolicies.winnerOver(policy, target), translation.catalog, conditions);
  conditions.hold("Accepted", "Accepted", "The policy is in force");
  return conditions;
}

function ancestorsOf(
  { kind, metadata: { namespace } }: Policy,
  target: PolicyTarget,
  { gatewaysOf }: Translation,
): PolicyStatus["ancestors"][number]["ancestorRef"][] {
  const named = { group: target.group, kind: target.kind, namespace, name: target.name };
  const { sectionName } = target;
  if (kind === "ListenerPolicy") return [{ ...named, ...(sectionName === undefined ? {} : { sectionName }) }];
  const gateways = gatewaysOf(`${namespace}/${target.name}`);
  if (gateways.length === 0) return [named];
  return gateways.map(({ metadata }) => ({
    group: GATEWAY_GROUP,
    kind: "Gateway",
    namespace: metadata.namespace,
    name: metadata.name,
  }));
}
