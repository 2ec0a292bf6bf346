// What one Gateway comes to: its sections with their routes, by their ports. Nothing of another Gateway has a part in it; whose a
// port is that two of them want is for whoever compiles their routes.

import type { RouteResource } from "../../resource/route.ts";
import { claimsOf } from "../claim.ts";
import type { Emission, Emitter, SoundSection } from "./emit.ts";
import type { GatewayState } from "./gateways.ts";
import type { ListenerPolicies } from "./listener-policies.ts";
import type { Section } from "./section.ts";
import type { PortNames } from "./takers.ts";

/** What became of a section. */
export interface EmittedSection extends Pick<Emission, "takers" | "namesOf"> {
  readonly section: Section;
  /** Names of its routes. */
  readonly routes: readonly string[];
  /** Names of the listeners that it wants, see `ListenerPlan`; asked for when something runs. */
  listeners(): readonly string[];
}

/** A Gateway with all that it came to. */
export interface GatewayUnit {
  readonly state: GatewayState;
  /** In order of precedence. */
  readonly sections: readonly { readonly emitted: EmittedSection; readonly routes: readonly RouteResource[] }[];
  readonly emitted: ReadonlyMap<Section, EmittedSection>;
  /** Whether it is the same again as long as what it is made of is the same manifests. */
  readonly lasting: boolean;
}

/** Makes a Gateway's routes; `bind` are the hosts of those that name none. */
export function emitSections(
  state: GatewayState,
  emitter: Emitter,
  policies: ListenerPolicies,
  bind: readonly string[],
): GatewayUnit["sections"] {
  return Array.from(emitGateway(state, emitter, policies), ([section, { routes, ...rest }]) => {
    const [first] = routes;
    // All routes of a section listen at the same places.
    const listeners = () => (first === undefined ? [] : claimsOf(first, bind).map(({ name }) => name));
    return { emitted: { section, routes: routes.map(({ name }) => name), listeners, ...rest }, routes };
  });
}

/** What a Gateway's sections come to, in order of precedence. */
function* emitGateway(
  state: GatewayState,
  emitter: Emitter,
  policies: ListenerPolicies,
): Generator<readonly [Section, Emission]> {
  if (state.places.hosts.length === 0) return;
  // It listens nowhere, and the names that it means are for no other Gateway all the same.
  const isOnlyClaim = state.conditions.failed("Accepted");
  const all = [...state.sections, ...state.sets.flatMap(({ sections }) => sections)];
  for (const onPort of Map.groupBy(all, ({ listener }) => listener.port).values()) {
    const present = presentAmong(onPort);
    const names: PortNames = present.length < 2 ? ALONE : new Set(present.map(({ listener }) => listener.hostname));
    for (const section of present) {
      // One that cannot be used keeps its clients and its port: they are not for whoever comes next.
      const emission = emitter.emit(soundness(section, state, policies), names);
      yield [section, isOnlyClaim ? withoutPorts(emission) : emission];
    }
  }
}

function withoutPorts({ routes, ...rest }: Emission): Emission {
  const named = routes.filter(({ tls }) => (tls?.hostnames.length ?? 0) > 0);
  return { ...rest, routes: named.map((route) => ({ ...route, claimOnly: true })) };
}

const ALONE: PortNames = new Set();

/**
 * The sections of a port that are there, good or not: others have to make room for them. Beside those that are for TLS also those
 * that should have been, for a name that nobody else has: its clients must not be taken by a listener that means more names.
 */
function presentAmong(onPort: readonly Section[]): readonly Section[] {
  const known = onPort.filter(({ listener, conflicted }) => isKnown(listener.protocol) && !conflicted);
  if (!known.some(({ listener }) => listener.protocol === "TLS")) return known;
  const names = new Set(known.map(({ listener }) => listener.hostname));
  const others = onPort.filter(({ listener: { protocol, hostname }, conflicted }) => {
    const wants = (protocol === "TLS" && conflicted) || protocol === "HTTPS";
    if (!wants || hostname === undefined || names.has(hostname)) return false;
    names.add(hostname);
    return true;
  });
  return others.length === 0 ? known : onPort.filter((section) => known.includes(section) || others.includes(section));
}

function isKnown(protocol: string): boolean {
  return protocol === "TCP" || protocol === "TLS";
}

/** Whether a section has all it needs of its own. */
function isProgrammable({ conditions }: Section): boolean {
  return !conditions.failed("Accepted") && !conditions.failed("Programmed");
}

function soundness(
  section: Section,
  { identity, trafficPolicy }: GatewayState,
  policies: ListenerPolicies,
): SoundSection {
  const { policy, closed } = policies.of(section);
  const { conditions } = section;
  const why = isProgrammable(section)
    ? closed
    : `Listener "${section.name}" cannot be used: ${conditions.messageOf("Accepted") ?? conditions.messageOf("Programmed")}`;
  return { section, policy, identity, trafficPolicy, ...(why === undefined ? {} : { closed: why }) };
}
