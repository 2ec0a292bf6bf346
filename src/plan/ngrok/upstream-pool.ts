// Where an AgentEndpoint passes its clients on to: the endpoints of a Service that is written here, or whatever its host resolves to.

import { formatHostPort } from "../../base/address.ts";
import { parseIp } from "../../base/ip.ts";
import type { Identity } from "../../resource/credentials.ts";
import type { Service } from "../../resource/manifest/core.ts";
import type { AgentEndpoint } from "../../resource/manifest/ngrok.ts";
import type { BackendSpec, PoolSpec } from "../../resource/route.ts";
import type { UpstreamTlsSpec } from "../../resource/tls.ts";
import type { UpstreamUrl } from "../../resource/upstream-url.ts";
import type { Catalog } from "../gateway/catalog.ts";
import type { IssuedCredentials } from "../gateway/credentials.ts";
import type { GatewayApiOptions } from "../gateway/options.ts";
import { poolSpec } from "../gateway/pool-spec.ts";
import type { Targets } from "../gateway/targets.ts";

/** With this annotation on an AgentEndpoint nothing of its upstream's certificate is verified, as ngrok's operator does it. */
export const INSECURE_ANNOTATION = "sallyport.dev/upstream-insecure";

const UNLESS_TLS = { plain: {}, tls: {}, either: { unlessTls: true } } as const;

export interface UpstreamParts {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly issued: IssuedCredentials;
  readonly options: GatewayApiOptions;
}

/** What clients say by the time somebody is dialled for them; of an endpoint inside, either, by where the client came in. */
export type ClientBytes = "plain" | "tls" | "either";

/** The pool of a Service, or why nobody can be sent there. What is TLS already goes there as it is. */
export function servicePool(
  service: Service,
  port: number,
  bytes: ClientBytes,
  identity: Identity | undefined,
  { targets }: UpstreamParts,
): PoolSpec | string {
  const pool = targets.poolOf(service, port, bytes === "tls", identity);
  if (typeof pool === "string" || pool.upstreamTls === undefined || bytes !== "either") return pool;
  return { ...pool, upstreamTls: { ...pool.upstreamTls, unlessTls: true } };
}

/** The pool, or why nobody can be sent there. `identity`: what an upstream of TLS is shown. */
export function upstreamPool(
  { spec, metadata }: AgentEndpoint,
  bytes: ClientBytes,
  identity: Identity | undefined,
  parts: UpstreamParts,
): PoolSpec | string {
  const { url, proxyProtocolVersion } = spec.upstream;
  const service = serviceOf(url, metadata.namespace, parts);
  const base =
    service === undefined
      ? poolSpec([backendOf(url, parts.options)], undefined, undefined)
      : servicePool(service, url.port, bytes, identity, parts);
  if (typeof base === "string") return base;
  const wantsTls = url.scheme === "tls" && bytes !== "tls" && base.upstreamTls === undefined;
  const insecure = metadata.annotations[INSECURE_ANNOTATION] === "true";
  return {
    ...base,
    ...(wantsTls ? { upstreamTls: { ...tlsOf(url, insecure, identity, parts), ...UNLESS_TLS[bytes] } } : {}),
    ...(proxyProtocolVersion === undefined ? {} : { proxySend: proxyProtocolVersion === "1" ? 1 : 2 }),
  };
}

/** `NAME.NAMESPACE`, and with what may follow it in a cluster; a name alone is of the endpoint's own namespace. */
function serviceOf({ host }: UpstreamUrl, namespace: string, { catalog, options }: UpstreamParts): Service | undefined {
  const [name = "", home = namespace, ...rest] = host.split(".");
  const suffix = rest.join(".");
  const known = [
    "",
    "svc",
    ...(options.clusterDomain === undefined ? ["svc.cluster.local"] : [`svc.${options.clusterDomain}`]),
  ];
  return known.includes(suffix) ? catalog.find("Service", home, name) : undefined;
}

/** `NAME.NAMESPACE` and `NAME.NAMESPACE.svc` may be names of a cluster, if there is one. */
function backendOf({ host, port }: UpstreamUrl, { clusterDomain }: GatewayApiOptions): BackendSpec {
  const inCluster = clusterDomain !== undefined && parseIp(host) === undefined && /^[^.]+\.[^.]+(?:\.svc)?$/.test(host);
  const names = inCluster ? [`${host.replace(/\.svc$/, "")}.svc.${clusterDomain}`, host] : [host];
  const [first = host, ...others] = names;
  const how = { weight: 1, backup: false, maxConnections: 0, address: formatHostPort(host, port) };
  return { host: first, ...(others.length === 0 ? {} : { orElse: others }), firstPort: port, lastPort: port, ...how };
}

function tlsOf(
  { host }: UpstreamUrl,
  insecure: boolean,
  identity: Identity | undefined,
  { issued }: UpstreamParts,
): UpstreamTlsSpec {
  return { serverName: host, insecure, ...(identity === undefined ? {} : { identity: issued.identity(identity) }) };
}
