// From the backendRefs of a route to its pools: which Service is meant, whether it may be, where its endpoints are, and how
// they are spoken to. A reference that cannot be used keeps its weight: that share of the clients is refused.

import { nameOf } from "../../resource/manifest/manifest.ts";
import type { Identity } from "../../resource/credentials.ts";
import type { Service, ServicePort } from "../../resource/manifest/core.ts";
import type { BackendReference, TcpRoute, TlsRoute } from "../../resource/manifest/l4-route.ts";
import type { BackendPolicy } from "../../resource/manifest/policy.ts";
import type { PoolShare, PoolSpec, RefusedShare } from "../../resource/route.ts";
import { backendsOf } from "./backends.ts";
import type { Catalog } from "./catalog.ts";
import { referrerOf } from "./certificates.ts";
import type { Conditions } from "./conditions.ts";
import type { Grants } from "./grants.ts";
import type { GatewayApiOptions } from "./options.ts";
import type { Policies } from "./policies.ts";
import { poolSpec } from "./pool-spec.ts";
import { notPermitted } from "./references.ts";
import type { UpstreamTls } from "./upstream.ts";

/** Who gets the clients of a route. */
export interface RouteTargets {
  readonly pools: readonly PoolShare[];
  readonly refused?: RefusedShare;
}

/** A port of a Service, as a route refers to it. */
interface ServiceUse {
  readonly service: Service;
  readonly port: number;
  /** As the Service has it; absent when it has no ports. */
  readonly declared: ServicePort | undefined;
}

/** A reference that leads nowhere. */
interface DeadEnd {
  readonly reason: string;
  readonly message: string;
}

export interface TargetParts {
  readonly catalog: Catalog;
  readonly grants: Grants;
  readonly policies: Policies<BackendPolicy>;
  readonly upstream: UpstreamTls;
  readonly options: GatewayApiOptions;
}

export class Targets {
  readonly #parts: TargetParts;
  readonly #resolved = new Map<BackendReference, ServiceUse | DeadEnd>();
  /** The same value for every section: thousands of endpoints are not gone through for each of them. */
  readonly #pools = new Map<Identity | undefined, Map<string, PoolSpec | string>>();

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  /** Says what is wrong with the references of a route. */
  judge(route: TcpRoute | TlsRoute, conditions: Conditions): void {
    for (const [index, reference] of referencesOf(route).entries()) {
      const found = this.#resolve(route, reference);
      if (!("reason" in found)) continue;
      const path = ["spec", "rules", 0, "backendRefs", index];
      conditions.failToo("ResolvedRefs", found.reason, found.message, path);
    }
    conditions.hold("ResolvedRefs", "ResolvedRefs", "All references are resolved");
  }

  /** Services that a route refers to and may. */
  servicesOf(route: TcpRoute | TlsRoute): readonly ServiceUse[] {
    return referencesOf(route).flatMap((reference) => {
      const found = this.#resolve(route, reference);
      return "reason" in found ? [] : [found];
    });
  }

  /** `passesTls`: what clients speak is TLS already. `identity`: the certificate that backends may ask for. */
  of(route: TcpRoute | TlsRoute, passesTls: boolean, identity: Identity | undefined): RouteTargets {
    const shares = new Map<string, PoolShare>();
    const references = referencesOf(route);
    const details = new Set<string>();
    let refusedWeight = 0;
    for (const reference of references) {
      const { weight } = reference;
      if (weight === 0) continue;
      const found = this.#resolve(route, reference);
      if ("reason" in found) {
        refusedWeight += weight;
        details.add(found.message);
        continue;
      }
      const spec = this.#knownPool(found, passesTls, identity);
      if (typeof spec === "string") {
        refusedWeight += weight;
        details.add(spec);
        continue;
      }
      const name = `${nameOf(found.service)}:${found.port}`;
      shares.set(name, { name, weight: weight + (shares.get(name)?.weight ?? 0), spec });
    }
    const pools = Array.from(shares.values());
    if (pools.length === 0 && refusedWeight === 0) {
      details.add(references.length === 0 ? "The route's document has mistakes" : "Every backendRef has weight 0");
      refusedWeight = 1;
    }
    if (refusedWeight === 0) return { pools };
    return { pools, refused: { weight: refusedWeight, reason: "no-backend", detail: [...details].join("; ") } };
  }

  /** For one port of a Service, whoever refers to it; or why nobody may be sent there. */
  poolOf(service: Service, port: number, passesTls: boolean, identity: Identity | undefined): PoolSpec | string {
    const { ports, hasMistakes } = service.spec;
    if (hasMistakes === true) return `The document of Service "${nameOf(service)}" has mistakes`;
    const declared = ports.find((each) => each.port === port && each.protocol === "TCP");
    if (declared !== undefined || ports.length === 0) {
      return this.#knownPool({ service, port, declared }, passesTls, identity);
    }
    return `Service "${nameOf(service)}" has no port ${port} for TCP`;
  }

  /** Each reference once: it is asked for by status, by policies and for every section. */
  #resolve(route: TcpRoute | TlsRoute, reference: BackendReference): ServiceUse | DeadEnd {
    const known = this.#resolved.get(reference);
    if (known !== undefined) return known;
    const found = this.#find(route, reference);
    this.#resolved.set(reference, found);
    return found;
  }

  #find(route: TcpRoute | TlsRoute, reference: BackendReference): ServiceUse | DeadEnd {
    const { catalog, grants } = this.#parts;
    const { group, kind, name, port, namespace = route.metadata.namespace } = reference;
    if (group !== "" || kind !== "Service") {
      const written = group === "" ? kind : `${kind} of group "${group}"`;
      return {
        reason: "InvalidKind",
        message: `Backend "${name}" of kind ${written} is not supported: wanted is Service`,
      };
    }
    const from = referrerOf(route);
    if (!grants.allows(from, reference)) {
      return { reason: "RefNotPermitted", message: notPermitted(from, reference, namespace).message };
    }
    const service = catalog.find("Service", namespace, name);
    if (service === undefined || service.spec.hasMistakes === true || port === undefined) {
      return { reason: "BackendNotFound", message: `There is no Service "${namespace}/${name}"` };
    }
    const { ports } = service.spec;
    const declared = ports.find((each) => each.port === port && each.protocol === "TCP");
    if (declared !== undefined || ports.length === 0) return { service, port, declared };
    const other = ports.find((each) => each.port === port);
    if (other !== undefined) {
      const message = `Port ${port} of Service "${namespace}/${name}" is for ${other.protocol}: wanted is TCP`;
      return { reason: "UnsupportedProtocol", message };
    }
    const known = ports.map((each) => each.port).join(", ");
    return { reason: "BackendNotFound", message: `Service "${namespace}/${name}" has no port ${port}, only ${known}` };
  }

  #knownPool(use: ServiceUse, passesTls: boolean, identity: Identity | undefined): PoolSpec | string {
    const known = this.#pools.get(identity) ?? new Map<string, PoolSpec | string>();
    this.#pools.set(identity, known);
    const key = `${nameOf(use.service)}:${use.port}${passesTls ? "" : " "}`;
    const pool = known.get(key) ?? this.#poolOf(use, passesTls, identity);
    known.set(key, pool);
    return pool;
  }

  /** The pool, or why nobody may be sent there. */
  #poolOf(use: ServiceUse, passesTls: boolean, identity: Identity | undefined): PoolSpec | string {
    const { catalog, policies, upstream, options } = this.#parts;
    const { service, port, declared } = use;
    const { namespace, name } = service.metadata;
    const applied = policies.find("Service", namespace, name, declared?.name);
    if (applied !== undefined && "broken" in applied) return applied.broken;
    // What goes through is TLS from end to end.
    const found = passesTls ? { tls: undefined } : upstream.of(service, declared, identity);
    if ("refused" in found) return found.refused;
    const wishes = applied?.policy.spec;
    const backends = backendsOf(service, port, declared, wishes?.maxConnections ?? 0, catalog, options);
    if (backends.length === 0) return `No endpoint of port ${port} of Service "${nameOf(service)}" is ready`;
    return poolSpec(backends, wishes, found.tls);
  }
}

/** Of all rules, of which there is one. */
function referencesOf({ spec: { rules } }: TcpRoute | TlsRoute): readonly BackendReference[] {
  const [only] = rules;
  return only !== undefined && rules.length === 1 ? only.backendRefs : rules.flatMap(({ backendRefs }) => backendRefs);
}
