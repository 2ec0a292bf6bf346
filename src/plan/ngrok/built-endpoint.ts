// One endpoint with everything that it takes to serve its clients, or what is wrong with it. One with something wrong lets nobody in:
// it keeps its address, so that its clients are not somebody else's.

import { parseHostnamePattern } from "../../base/hostname.ts";
import { keyOf, nameOf } from "../../resource/manifest/manifest.ts";
import type { ManifestCredentials } from "../../resource/manifest/manifest-credentials.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { PoolSpec, RefusedShare, RouteResource } from "../../resource/route.ts";
import { DEFAULT_TIMEOUTS } from "../../resource/route.ts";
import { limitsOf } from "../../resource/limits-rule.ts";
import type { TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import type { AddressOutcome } from "../addresses.ts";
import { referrerOf } from "../gateway/certificates.ts";
import { Conditions } from "../gateway/conditions.ts";
import type { References } from "../gateway/references.ts";
import { attachedPolicy, policySource } from "./attached-policy.ts";
import type { Endpoint, EndpointObject } from "./endpoint.ts";
import { type Place, placeOf } from "./place.ts";
import {
  agentTermination,
  type MadeSecrets,
  policyTermination,
  type Termination,
  type Terminated,
  tlsSpecOf,
} from "./termination.ts";
import { servicePool, type UpstreamParts, upstreamPool } from "./upstream-pool.ts";

export interface EndpointParts extends UpstreamParts {
  readonly references: References;
  readonly certificates: ManifestCredentials;
  readonly addresses: AddressOutcome;
  readonly made: MadeSecrets;
}

export interface BuiltEndpoint {
  readonly endpoint: Endpoint;
  readonly conditions: Conditions;
  /** Absent: it has none. */
  readonly place: Place | undefined;
  readonly ends: Terminated | undefined;
  /** Nobody is let in, whatever the policy would say. */
  readonly closed: boolean;
  /** What it says of clients' TLS itself, for comparing; absent: that is not known. */
  readonly tlsWish: string | undefined;
  /** Without the addresses: where it listens is a matter of all who share them. */
  readonly route: Omit<RouteResource, "listen"> | undefined;
}

/** Of an endpoint that is created. */
export function createdType({ object: { kind } }: Endpoint): "CloudEndpointCreated" | "EndpointCreated" {
  return kind === "CloudEndpoint" ? "CloudEndpointCreated" : "EndpointCreated";
}

export function buildEndpoint(endpoint: Endpoint, parts: EndpointParts): BuiltEndpoint {
  const conditions = new Conditions();
  const placing = placeOf(endpoint, parts.addresses, parts.options);
  if ("reason" in placing) {
    conditions.fail(createdType(endpoint), placing.reason, placing.message, endpoint.urlPath);
  }
  const behind = findBehind(endpoint, parts, conditions);
  const { ends, closed = false } = behind;
  const built = { endpoint, conditions, ends, closed, tlsWish: tlsWishOf(endpoint) };
  if ("reason" in placing) return { ...built, place: undefined, route: undefined };
  return { ...built, place: placing, route: routeOf(endpoint, placing, behind, parts) };
}

/** A policy could end TLS, too, if it is not the endpoint that does. */
function tlsWishOf({ object, url, attachment }: Endpoint): string | undefined {
  if (url.scheme === "tcp" || url.internal) return "";
  if (hasMistakes(object)) return undefined;
  const { tlsTermination } = object.kind === "AgentEndpoint" ? object.spec : {};
  if (tlsTermination === undefined) return attachment === undefined ? "" : undefined;
  return JSON.stringify([object.metadata.namespace, tlsTermination]);
}

/** What becomes of clients that come to an endpoint. */
interface Behind {
  readonly policy?: TrafficPolicy | undefined;
  readonly ends?: Terminated | undefined;
  /** Absent: the policy alone decides. */
  readonly pool?: PoolSpec | undefined;
  /** Why there is no pool where there should be one. */
  readonly why?: string;
  /** Nobody is even asked for a policy. */
  readonly closed?: boolean;
}

/** Finds it step by step; what is wrong is said, and nobody is let in then. */
function findBehind(endpoint: Endpoint, parts: EndpointParts, conditions: Conditions): Behind {
  const fail = (reason: string, message: string, path: ValuePath = endpoint.urlPath): Behind => {
    conditions.fail(createdType(endpoint), reason, message, path);
    return { why: message, closed: true };
  };
  const { object, mistake } = endpoint;
  if (hasMistakes(object))
    return fail("ConfigurationError", `The document of ${object.kind} "${nameOf(object)}" has mistakes`);
  if (mistake !== undefined) return fail("ConfigurationError", mistake);
  const policy = policyOf(endpoint, parts, conditions);
  if (typeof policy === "string") return { why: policy, closed: true };
  const ends = endsOf(endpoint, policy, parts);
  if (typeof ends === "string") return fail("ConfigurationError", ends);
  const pool = poolOf(endpoint, ends, parts);
  if (typeof pool !== "string") return { policy, ends, pool };
  // The policy may send its clients somewhere else.
  return { ...fail("UpstreamError", pool, upstreamPath(endpoint)), policy, ends, closed: false };
}

/** Whether it stands for a document that cannot be used. */
export function hasMistakes(object: EndpointObject): boolean {
  return object.spec.hasMistakes === true;
}

/** A policy, `undefined` for none, or why nobody can be let in. */
function policyOf(
  endpoint: Endpoint,
  { catalog }: EndpointParts,
  conditions: Conditions,
): TrafficPolicy | undefined | string {
  const { attachment, object, url, policyPath } = endpoint;
  if (attachment === undefined) return undefined;
  const use = { protocol: url.scheme, mustTerminate: object.kind === "CloudEndpoint" };
  const attached = attachedPolicy(attachment, object.metadata.namespace, use, catalog, policyPath);
  if ("policy" in attached) return attached.policy;
  for (const { message, path } of attached.problems) {
    // Of a Service the annotations are the place.
    conditions.failToo("TrafficPolicy", "TrafficPolicyError", message, object.kind === "Service" ? policyPath : path);
  }
  return attached.problems.map(({ message }) => message).join("; ");
}

function endsOf(endpoint: Endpoint, policy: TrafficPolicy | undefined, parts: EndpointParts): Termination {
  const { object, url, attachment, policyPath } = endpoint;
  if (url.scheme !== "tls") return undefined;
  const own = object.kind === "AgentEndpoint" ? agentTermination(object, parts.references) : undefined;
  const source = attachment === undefined ? undefined : policySource(attachment, object, parts.catalog, policyPath);
  const byPolicy =
    policy === undefined || source === undefined
      ? undefined
      : policyTermination(policy, source, parts.certificates, parts.made);
  if (own !== undefined && byPolicy !== undefined) {
    return 'TLS ends once: leave out "tlsTermination", or "terminate-tls" in the policy';
  }
  const found = own ?? byPolicy;
  if (typeof found !== "object" || !url.internal) return found;
  return "TLS can end at a public endpoint only: one inside gets what policies forward as it is";
}

function upstreamPath({ object }: Endpoint): readonly string[] {
  return object.kind === "AgentEndpoint" ? ["spec", "upstream", "url"] : ["spec", "ports"];
}

/** Whom clients are passed on to, `undefined` when that is the policy's business; or why nobody can be. */
function poolOf(endpoint: Endpoint, ends: Terminated | undefined, parts: EndpointParts): PoolSpec | undefined | string {
  const { object, url } = endpoint;
  if (object.kind === "CloudEndpoint") return undefined;
  const bytes = url.scheme === "tcp" || ends !== undefined ? "plain" : url.internal ? "either" : "tls";
  if (object.kind === "Service") {
    const port = object.spec.ports.find(({ protocol }) => protocol === "TCP")?.port ?? 0;
    return servicePool(object, port, bytes, undefined, parts);
  }
  const [reference] = object.spec.clientCertificateRefs;
  if (reference === undefined) return upstreamPool(object, bytes, undefined, parts);
  const found = parts.references.identity(referrerOf(object), { group: "", kind: "Secret", name: reference.name });
  return "why" in found ? found.message : upstreamPool(object, bytes, found, parts);
}

function routeOf(
  { object, url }: Endpoint,
  place: Place,
  { policy, ends, pool, why }: Behind,
  { issued }: EndpointParts,
): Omit<RouteResource, "listen"> {
  const pattern = parseHostnamePattern(place.name.host);
  const hostnames = "problem" in pattern ? [] : [pattern];
  const refused: RefusedShare = {
    weight: 1,
    reason: "no-backend",
    detail: why ?? `The policy of ${object.kind} "${nameOf(object)}" came to no decision`,
  };
  return {
    kind: "Route",
    name: keyOf(object).toLowerCase(),
    origin: object.origin,
    pools: pool === undefined ? NONE : [{ name: "", weight: 1, spec: pool }],
    ...(pool === undefined ? { refused } : {}),
    allow: NONE,
    deny: NONE,
    sources: NONE,
    alpn: NONE,
    clientCert: NONE,
    protocol: "tcp",
    ...(url.scheme === "tls" ? { tls: tlsSpecOf(hostnames, ends, issued) } : {}),
    timeouts: DEFAULT_TIMEOUTS,
    limits: NO_LIMITS,
    ...(policy === undefined ? {} : { policy }),
    endpoint: place.name,
    ...(url.scheme === "tcp" ? { alone: true } : {}),
    conflicts: "warning",
  };
}

/** The same for all, so that they are compared at once. */
const NONE: readonly never[] = [];
const NO_LIMITS = limitsOf(undefined);
