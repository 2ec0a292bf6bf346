// The status of GatewayClasses, Gateways and ListenerSets, in the shape of the standard.

import { formatIp, parseIp } from "../../base/ip.ts";
import type { GatewayAddress, GatewayClass } from "../../resource/manifest/gateway.ts";
import { isOurs, judgeClass, SUPPORTED_FEATURES } from "./classes.ts";
import type { Condition } from "./condition.ts";
import { Conditions } from "./conditions.ts";
import type { GatewayState, ListenerSetState } from "./gateways.ts";
import { foreignHosts, type Obstacle, obstacleOf, type Outcome } from "./outcome.ts";
import type { RouteKind, Section } from "./section.ts";
import type { Translation } from "./translate.ts";

export interface ClassStatus {
  readonly conditions: readonly Condition[];
  readonly supportedFeatures: readonly { readonly name: string }[];
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly RouteKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface GatewayStatus {
  readonly addresses: readonly GatewayAddress[];
  readonly conditions: readonly Condition[];
  readonly listeners: readonly ListenerStatus[];
  /** How many ListenerSets are accepted; absent for none. */
  readonly attachedListenerSets?: number;
}

export interface ListenerSetStatus {
  readonly conditions: readonly Condition[];
  readonly listeners?: readonly ListenerStatus[];
}

/** `undefined` for a class that is somebody else's. */
export function classStatus(gatewayClass: GatewayClass, generation: number): ClassStatus | undefined {
  if (!isOurs(gatewayClass)) return undefined;
  return {
    conditions: judgeClass(gatewayClass).list(generation),
    supportedFeatures: SUPPORTED_FEATURES.map((name) => ({ name })),
  };
}

export function gatewayStatus(state: GatewayState, translation: Translation, outcome: Outcome): GatewayStatus {
  const generation = translation.catalog.generationOf(state.gateway);
  const obstacles = state.sections.map((section) => obstacleOf(translation.emitted(section), outcome));
  const judged = state.sections.map((section, index) => conditionsOf(section, obstacles[index]));
  const conditions = new Conditions();
  const said = state.conditions;
  conditions.adopt(said, "Accepted");
  holdAccepted(conditions, judged, "The Gateway is accepted");
  conditions.adopt(said, "Programmed");
  if (conditions.failed("Accepted")) conditions.fail("Programmed", "Invalid", "The Gateway is not accepted");
  const foreign = obstacles.find((obstacle) => obstacle?.reason === "AddressNotUsable");
  if (foreign !== undefined) conditions.fail("Programmed", foreign.reason, foreign.message);
  if (judged.every((each) => each.failed("Programmed"))) {
    conditions.fail("Programmed", "Invalid", "None of its listeners can be used");
  }
  conditions.hold("Programmed", "Programmed", "The Gateway accepts connections");
  conditions.adopt(said, "ResolvedRefs");
  const unresolved = state.sections.filter((section) => section.conditions.failed("ResolvedRefs"));
  if (unresolved.length > 0) {
    const names = unresolved.map(({ listener }) => listener.name).join(", ");
    conditions.fail("ResolvedRefs", "ListenersNotResolved", `Listeners refer to what cannot be used: ${names}`);
  }
  conditions.hold("ResolvedRefs", "ResolvedRefs", "All references are resolved");
  if (isInsecure(state)) {
    const message = "Clients without a valid certificate are let in: AllowInsecureFallback";
    conditions.hold("InsecureFrontendValidationMode", "ConfigurationChanged", message);
  }
  const sets = state.sets.filter((set) => !setConditions(set, translation, outcome).failed("Accepted")).length;
  return {
    addresses: conditions.failed("Accepted") ? [] : boundOf(state, translation, outcome),
    conditions: conditions.list(generation),
    listeners: state.sections.map((section, index) => listenerStatus(section, judged[index], generation)),
    ...(sets === 0 ? {} : { attachedListenerSets: sets }),
  };
}

export function listenerSetStatus(
  state: ListenerSetState,
  translation: Translation,
  outcome: Outcome,
): ListenerSetStatus {
  const generation = translation.catalog.generationOf(state.set);
  const listeners = state.sections.map((section) => {
    const obstacle = obstacleOf(translation.emitted(section), outcome);
    return listenerStatus(section, conditionsOf(section, obstacle), generation);
  });
  return {
    conditions: setConditions(state, translation, outcome).list(generation),
    ...(listeners.length === 0 ? {} : { listeners }),
  };
}

function setConditions(state: ListenerSetState, { emitted }: Translation, outcome: Outcome): Conditions {
  const conditions = new Conditions();
  const judged = state.sections.map((section) => conditionsOf(section, obstacleOf(emitted(section), outcome)));
  const programmed = judged.filter((each) => !each.failed("Programmed")).length;
  conditions.adopt(state.conditions, "Accepted");
  holdAccepted(conditions, judged, "The ListenerSet is accepted");
  conditions.adopt(state.conditions, "Programmed");
  if (programmed === 0) conditions.fail("Programmed", "ListenersNotValid", "None of its listeners can be used");
  conditions.hold("Programmed", "Programmed", "Its listeners accept connections");
  return conditions;
}

/** Whether what has listeners is accepted, unless something was said of that. */
function holdAccepted(conditions: Conditions, listeners: readonly Conditions[], message: string): void {
  const bad = listeners.filter((each) => each.failed("Accepted")).length;
  if (bad === listeners.length) {
    conditions.fail("Accepted", "ListenersNotValid", "None of its listeners is accepted: see what is said of each");
  } else if (bad > 0) {
    const some = bad === 1 ? "1 of its listeners is" : `${bad} of its listeners are`;
    conditions.hold("Accepted", "ListenersNotValid", `${some} not accepted, the others are`);
  } else conditions.hold("Accepted", "Accepted", message);
}

function listenerStatus(section: Section, conditions: Conditions | undefined, generation: number): ListenerStatus {
  return {
    name: section.listener.name,
    supportedKinds: section.supportedKinds,
    attachedRoutes: section.attachedRoutes,
    conditions: conditions?.list(generation) ?? [],
  };
}

/** All that is to be said of a section. */
function conditionsOf({ conditions: said }: Section, obstacle: Obstacle | undefined): Conditions {
  const conditions = new Conditions();
  conditions.adopt(said, "Accepted");
  if (obstacle !== undefined) {
    // That an address is not this machine's is not the listener's fault.
    if (obstacle.reason === "PortUnavailable") conditions.fail("Accepted", obstacle.reason, obstacle.message);
    conditions.fail("Programmed", obstacle.reason, obstacle.message);
  }
  conditions.hold("Accepted", "Accepted", "The listener is accepted");
  conditions.adopt(said, "Programmed");
  if (conditions.failed("Accepted")) conditions.fail("Programmed", "Invalid", "The listener is not accepted");
  conditions.hold("Programmed", "Programmed", "The listener accepts connections");
  conditions.adopt(said, "ResolvedRefs");
  conditions.hold("ResolvedRefs", "ResolvedRefs", "All references are resolved");
  conditions.adopt(said, "Conflicted");
  conditions.adopt(said, "OverlappingTLSConfig");
  return conditions;
}

/** The addresses of a Gateway without those that could not be bound because they are not this machine's. */
function boundOf(
  { places, sections }: GatewayState,
  { emitted }: Translation,
  outcome: Outcome,
): readonly GatewayAddress[] {
  const foreign = new Set(sections.flatMap((section) => foreignHosts(emitted(section), outcome)));
  if (foreign.size === 0) return places.shown;
  return places.shown.filter(({ value = "" }) => {
    const ip = parseIp(value);
    return ip === undefined || !foreign.has(formatIp(ip));
  });
}

function isInsecure({ gateway: { spec } }: GatewayState): boolean {
  const frontend = spec.tls?.frontend;
  const all = [frontend?.default, ...(frontend?.perPort ?? []).map(({ tls }) => tls)];
  return all.some((tls) => tls?.validation?.mode === "AllowInsecureFallback");
}
