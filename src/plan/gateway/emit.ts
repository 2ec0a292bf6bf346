// From sections and what is attached to them to routes: what a plan is compiled from, whatever dialect it was written in. A
// section that nobody is attached to has a route too, which refuses its clients: they are not somebody else's.

import type { Identity } from "../../resource/credentials.ts";
import { limitsOf } from "../../resource/limits-rule.ts";
import { EVERY_HOSTNAME } from "../../resource/manifest/l4-route.ts";
import type { ListenerPolicy } from "../../resource/manifest/policy.ts";
import { DEFAULT_TIMEOUTS, type RefusedShare, type RouteResource } from "../../resource/route.ts";
import type { TerminateSpec, TlsSpec } from "../../resource/tls.ts";
import type { TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import { isClosed } from "../closed.ts";
import type { Plan, RoutePlan } from "../plan.ts";
import type { IssuedCredentials } from "./credentials.ts";
import { toPattern } from "./hostnames.ts";
import type { Section } from "./section.ts";
import { ALPN_OPTION, MIN_VERSION_OPTION } from "./sections.ts";
import { type CertificateNames, groupByIdentity } from "./shown-names.ts";
import { isOthersOf, type L4Route, type PortNames, type Takers, takersOf } from "./takers.ts";
import type { Targets } from "./targets.ts";

/** A section with what its policy wants; `closed`: why nobody may be let in. */
export interface SoundSection {
  readonly section: Section;
  readonly policy: ListenerPolicy | undefined;
  readonly closed?: string;
  /** What backends are shown. */
  readonly identity: Identity | undefined;
  /** Decides about the clients of its routes. */
  readonly trafficPolicy?: TrafficPolicy | undefined;
}

/** What a section came to. */
export interface Emission {
  readonly routes: readonly RouteResource[];
  /** Absent when nobody is let in: no route has anything then. */
  readonly takers?: Takers;
  /** Names of the routes that stand for one that was written. */
  readonly namesOf: ReadonlyMap<L4Route, readonly string[]>;
}

/**
 * Names of the sections that have what they want in a plan. Their routes may be called otherwise now, because a route came or went:
 * the port is the section's all the same.
 */
export function incumbentsOf(
  plan: Plan | undefined,
  known: WeakMap<RoutePlan, { readonly name: string | undefined }> = new WeakMap(),
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const route of plan?.routes ?? []) {
    const section = known.get(route) ?? { name: isClosed(route) ? undefined : sectionNameOf(route.name) };
    known.set(route, section);
    if (section.name !== undefined) names.add(section.name);
  }
  return names;
}

/** The section that a route is of, by the route's name. */
function sectionNameOf(route: string): string | undefined {
  return /^(?:listener\/|[a-z]+\/[^@]*@)([^@#]+)(?:#\d+)?$/.exec(route)?.[1];
}

export class Emitter {
  readonly #targets: Targets;
  readonly #issued: IssuedCredentials;
  readonly #names: CertificateNames;

  constructor(targets: Targets, issued: IssuedCredentials, names: CertificateNames) {
    this.#targets = targets;
    this.#issued = issued;
    this.#names = names;
  }

  /** The routes of a section; `names` are those of all sections of its Gateway on its port. */
  emit(sound: SoundSection, names: PortNames): Emission {
    const { section } = sound;
    const isOthers = isOthersOf(section, names);
    const takers = takersOf(section, isOthers);
    if (sound.closed !== undefined) {
      // Narrower names of its routes are no other Gateway's either.
      const kept = [...takers.keys()].filter((hostname) => hostname !== "" && hostname !== section.listener.hostname);
      const more = kept.length === 0 ? [] : [this.#floor(sound, kept)];
      return { routes: [this.#floor(sound), ...more], namesOf: new Map() };
    }
    const routes: RouteResource[] = [];
    const namesOf = new Map<L4Route, string[]>();
    const add = (route: L4Route, tls: TlsSpec | undefined, suffix = ""): void => {
      const emitted = this.#route(sound, route, tls, suffix);
      routes.push(emitted);
      const names = namesOf.get(route);
      if (names === undefined) namesOf.set(route, [emitted.name]);
      else names.push(emitted.name);
    };
    if (section.listener.protocol === "TCP") {
      for (const route of takers.values()) add(route, undefined);
    } else if (section.terminates) {
      for (const { route, shown, place, hostnames } of groupByIdentity(
        section.identities,
        takers,
        isOthers,
        this.#names,
      )) {
        add(route, this.#terminate(sound, shown, hostnames), place === 0 ? "" : `#${place}`);
      }
    } else {
      for (const [route, entries] of Map.groupBy(takers, ([, taker]) => taker)) {
        add(route, { mode: "passthrough", hostnames: entries.map(([hostname]) => toPattern(hostname)) });
      }
    }
    const { protocol, hostname } = section.listener;
    const isTaken = protocol === "TCP" ? takers.size > 0 : takers.has(hostname ?? EVERY_HOSTNAME);
    if (!isTaken) routes.push(this.#floor(sound));
    return { routes, takers, namesOf };
  }

  #terminate({ section, policy }: SoundSection, shown: Identity, hostnames: readonly string[]): TerminateSpec {
    const { options = {} } = section.listener.tls ?? {};
    const alpn = options[ALPN_OPTION]?.split(",").map((protocol) => protocol.trim());
    const trust = section.insecureFallback ? undefined : section.frontend?.trust;
    const byGateway = trust === undefined || trust === null ? undefined : this.#issued.trust(trust);
    const clientAuth =
      policy?.spec.clientAuth ??
      (byGateway === undefined ? undefined : { trust: byGateway, mode: "require" as const, allow: [] });
    return {
      mode: "terminate",
      hostnames: hostnames.map(toPattern),
      identity: this.#issued.identity(shown),
      minVersion: options[MIN_VERSION_OPTION] === "1.3" ? "1.3" : "1.2",
      alpn: alpn ?? (policy?.spec.protocol === "postgres" ? ["postgresql"] : []),
      ...(clientAuth === undefined ? {} : { clientAuth }),
    };
  }

  #route(sound: SoundSection, route: L4Route, tls: TlsSpec | undefined, suffix: string): RouteResource {
    const { section, identity, trafficPolicy } = sound;
    const { namespace, name } = route.metadata;
    const targets = this.#targets.of(route, tls?.mode === "passthrough", identity);
    // Whom nobody gets needs no handshake first; a policy may still send them somewhere.
    const spoken: TlsSpec | undefined =
      tls === undefined || targets.pools.length > 0 || trafficPolicy !== undefined
        ? tls
        : { mode: "passthrough", hostnames: tls.hostnames };
    return {
      ...this.#common(sound),
      name: `${route.kind.toLowerCase()}/${namespace}/${name}@${section.name}${suffix}`,
      origin: route.origin,
      pools: targets.pools,
      ...(targets.refused === undefined ? {} : { refused: targets.refused }),
      ...(spoken === undefined ? {} : { tls: spoken }),
      ...(trafficPolicy === undefined ? {} : { policy: trafficPolicy }),
    };
  }

  /** For the clients of a section whom no route takes; `kept`: for those of these names alone. */
  #floor(sound: SoundSection, kept?: readonly string[]): RouteResource {
    const { section, closed } = sound;
    const { protocol, hostname } = section.listener;
    const refused: RefusedShare = {
      weight: 1,
      reason: "no-route",
      detail: closed ?? `No route of listener "${section.name}" takes this client`,
    };
    const hostnames = (kept ?? (hostname === undefined ? [] : [hostname])).map(toPattern);
    return {
      ...this.#common(sound),
      name: `listener/${section.name}${kept === undefined ? "" : "#1"}`,
      origin: section.owner.origin,
      pools: [],
      refused,
      ...(protocol === "TCP" ? {} : { tls: { mode: "passthrough", hostnames } }),
    };
  }

  /** What all routes of a section have in common. */
  #common({ section, policy }: SoundSection): Omit<RouteResource, "name" | "origin" | "pools"> {
    const { port, protocol } = section.listener;
    const spec = policy?.spec;
    return {
      kind: "Route",
      listen: section.hosts.map((host) => ({
        ...(host === undefined ? {} : { host }),
        firstPort: port,
        lastPort: port,
      })),
      allow: spec?.allow ?? NONE,
      deny: spec?.deny ?? NONE,
      sources: NONE,
      alpn: NONE,
      clientCert: NONE,
      protocol: spec?.protocol ?? "tcp",
      ...(spec?.proxyAccept === undefined ? {} : { proxyAccept: spec.proxyAccept }),
      timeouts: spec?.timeouts === undefined ? DEFAULT_TIMEOUTS : { ...DEFAULT_TIMEOUTS, ...spec.timeouts },
      limits: spec?.limits ?? NO_LIMITS,
      // Nobody else's clients come to a TCP listener: to tell them apart it would have to wait for their first bytes.
      ...(protocol === "TCP" ? { alone: true } : {}),
      conflicts: "warning",
    };
  }
}

/** The same for all, so that they are compared at once. */
const NONE: readonly never[] = [];
const NO_LIMITS = limitsOf(undefined);
