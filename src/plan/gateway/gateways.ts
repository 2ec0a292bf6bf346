// From Gateways and ListenerSets to what they come to: which are ours, where they listen, and their sections.

import type { Identity } from "../../resource/credentials.ts";
import type { Gateway, ListenerSet } from "../../resource/manifest/gateway.ts";
import { GATEWAY_GROUP, nameOf } from "../../resource/manifest/manifest.ts";
import type { TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import { gatewayTrafficPolicy } from "../ngrok/gateway-annotations.ts";
import { type GatewayPlaces, placesOf } from "./addresses.ts";
import type { Catalog } from "./catalog.ts";
import { gatewayIdentity, judgeCertificates } from "./certificates.ts";
import { type ClassFinding, findClass } from "./classes.ts";
import { Conditions } from "./conditions.ts";
import { judgeConflicts } from "./conflicts.ts";
import type { GatewayApiOptions } from "./options.ts";
import type { References } from "./references.ts";
import { type Section, sectionsOf } from "./section.ts";
import { judgeListener } from "./sections.ts";
import { allowsNamespace } from "./selector.ts";

/** A Gateway that is ours. */
export interface GatewayState {
  readonly gateway: Gateway;
  readonly controllerName: string;
  readonly places: GatewayPlaces;
  readonly conditions: Conditions;
  /** Its own. */
  readonly sections: readonly Section[];
  readonly sets: readonly ListenerSetState[];
  /** What backends are shown that ask for it. */
  readonly identity: Identity | undefined;
  /** Decides about the clients of all its routes; absent: nothing does. */
  readonly trafficPolicy?: TrafficPolicy;
  /** Whether certificates were asked for, which change with time and without a manifest that does. */
  readonly asked: boolean;
}

/** A ListenerSet of a Gateway that is ours. */
export interface ListenerSetState {
  readonly set: ListenerSet;
  readonly conditions: Conditions;
  /** None when it is not allowed. */
  readonly sections: readonly Section[];
}

/** Gateways that are ours, the oldest first, and what is to be said of the others. */
export interface GatewayStates {
  readonly ours: readonly GatewayState[];
  readonly others: readonly {
    readonly gateway: Gateway;
    readonly finding: Exclude<ClassFinding, { controllerName: string }>;
  }[];
}

/** Finds and judges all Gateways, but for those that `known` has the state of. */
export function judgeGateways(
  catalog: Catalog,
  references: References,
  bind: readonly string[],
  options: GatewayApiOptions,
  known: (gateway: Gateway) => GatewayState | undefined,
): GatewayStates {
  const sets = Map.groupBy(catalog.byAge("ListenerSet"), gatewayOf);
  const ours: GatewayState[] = [];
  const others: { gateway: Gateway; finding: Exclude<ClassFinding, { controllerName: string }> }[] = [];
  for (const gateway of catalog.byAge("Gateway")) {
    const finding = findClass(gateway.spec.gatewayClassName, catalog);
    if (!("controllerName" in finding)) {
      others.push({ gateway, finding });
      continue;
    }
    const same = known(gateway);
    if (same !== undefined) {
      ours.push(same);
      continue;
    }
    const { asked } = references;
    const places = placesOf(gateway, bind, options);
    const conditions = new Conditions();
    judgeGateway(gateway, places, conditions);
    const trafficPolicy = gatewayTrafficPolicy(gateway, catalog, conditions);
    const sections = sectionsOf(gateway, gateway, places.hosts);
    const setStates = (sets.get(nameOf(gateway)) ?? []).map((set) =>
      judgeSet(set, gateway, places, conditions, catalog),
    );
    const all = [...sections, ...setStates.flatMap((state) => state.sections)];
    // First: who is in conflict says so in all of its conditions.
    judgeConflicts(all);
    for (const section of all) {
      judgeListener(section);
      judgeCertificates(section, references);
    }
    closeAll(all, gateway, conditions, places);
    const identity = gatewayIdentity(gateway, references, conditions);
    ours.push({
      gateway,
      controllerName: finding.controllerName,
      places,
      conditions,
      sections,
      sets: setStates,
      identity,
      ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
      asked: references.asked > asked,
    });
  }
  return { ours, others };
}

/** The Gateway that a ListenerSet names, or nothing that could be one's name. */
export function gatewayOf({ metadata, spec }: ListenerSet): string {
  const { group, kind, name, namespace = metadata.namespace } = spec.parentRef;
  return group === GATEWAY_GROUP && kind === "Gateway" ? `${namespace}/${name}` : "";
}

function judgeGateway({ spec }: Gateway, { unsupported, unusable }: GatewayPlaces, conditions: Conditions): void {
  if (spec.infrastructure?.parametersRef !== undefined) {
    const message = "Parameters are not supported: leave infrastructure.parametersRef out";
    conditions.fail("Accepted", "InvalidParameters", message, ["spec", "infrastructure", "parametersRef"]);
  }
  if (unsupported !== undefined) {
    const path = ["spec", "addresses", unsupported.index];
    conditions.failToo("Accepted", "UnsupportedAddress", unsupported.message, path);
  }
  if (unusable !== undefined) {
    const path = ["spec", "addresses", unusable.index];
    conditions.fail("Programmed", "AddressNotUsable", unusable.message, path);
  }
}

/** What is wrong with a whole Gateway leaves none of its listeners. */
function closeAll(
  sections: readonly Section[],
  gateway: Gateway,
  gatewayConditions: Conditions,
  { hosts }: GatewayPlaces,
): void {
  const why = gatewayConditions.failed("Accepted")
    ? `Gateway "${nameOf(gateway)}" is not accepted: ${gatewayConditions.messageOf("Accepted")}`
    : hosts.length === 0
      ? `Gateway "${nameOf(gateway)}" has no address that can be used: ${gatewayConditions.messageOf("Programmed")}`
      : undefined;
  if (why !== undefined) for (const { conditions } of sections) conditions.fail("Programmed", "Invalid", why);
}

function judgeSet(
  set: ListenerSet,
  gateway: Gateway,
  places: GatewayPlaces,
  parent: Conditions,
  catalog: Catalog,
): ListenerSetState {
  const conditions = new Conditions();
  const { namespace } = set.metadata;
  const from = gateway.spec.allowedListeners?.namespaces ?? { from: "None" };
  if (!allowsNamespace(from, gateway.metadata.namespace, namespace, catalog.labelsOf(namespace))) {
    const message = `Gateway "${nameOf(gateway)}" does not allow ListenerSets of namespace "${namespace}": its allowedListeners would have to`;
    conditions.fail("Accepted", "NotAllowed", message, ["spec", "parentRef"]);
    conditions.fail("Programmed", "NotAllowed", message, ["spec", "parentRef"]);
    return { set, conditions, sections: [] };
  }
  if (parent.failed("Accepted")) {
    const message = `Gateway "${nameOf(gateway)}" is not accepted`;
    conditions.fail("Accepted", "ParentNotAccepted", message);
    conditions.fail("Programmed", "ParentNotProgrammed", message);
  }
  return { set, conditions, sections: sectionsOf(set, gateway, places.hosts) };
}
