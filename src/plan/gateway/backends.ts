// From a Service to addresses: its EndpointSlices, its Endpoints, or a name that stands for it.

import { formatHostPort } from "../../base/address.ts";
import type { BackendSpec } from "../../resource/route.ts";
import type { Endpoints, EndpointSlice, Service, ServicePort } from "../../resource/manifest/core.ts";
import type { Catalog } from "./catalog.ts";
import type { GatewayApiOptions } from "./options.ts";

/** A Service's name on its own means something only where nobody else could have it. */
const DEFAULT_NAMESPACE = "default";

/**
 * Where the clients of one port of a Service go. Empty: nowhere, because none of its endpoints is ready. `port` is the port as
 * it was referred to, `declared` what the Service says of it.
 */
export function backendsOf(
  service: Service,
  port: number,
  declared: ServicePort | undefined,
  maxConnections: number,
  catalog: Catalog,
  options: GatewayApiOptions,
): readonly BackendSpec[] {
  const { spec, metadata } = service;
  const backend = (host: string, at: number, orElse: readonly string[] = []): BackendSpec => ({
    host,
    firstPort: at,
    lastPort: at,
    address: formatHostPort(host, at),
    weight: 1,
    backup: false,
    maxConnections,
    ...(orElse.length === 0 ? {} : { orElse }),
  });
  if (spec.type === "ExternalName") return [backend(spec.externalName ?? "", port)];
  const slices = catalog.slicesOf(service);
  const endpoints = catalog.find("Endpoints", metadata.namespace, metadata.name);
  const places =
    slices.length > 0
      ? placesOfSlices(slices, port, declared, spec.publishNotReadyAddresses)
      : endpoints === undefined
        ? undefined
        : placesOfEndpoints(endpoints, port, declared, spec.publishNotReadyAddresses);
  if (places === undefined) {
    const [first = metadata.name, ...others] = namesOf(service, options);
    const target = declared?.targetPort;
    // A headless Service's name stands for the endpoints themselves, which do not know its ports.
    const at = spec.clusterIP === "None" && typeof target === "number" ? target : port;
    return [backend(first, at, others)];
  }
  const found = places.map(({ host, port: at }) => backend(host, at));
  return found.length < 2 ? found : Array.from(new Map(found.map((each) => [each.address, each])).values());
}

/** Names of a Service, in the order in which they are asked for. */
function namesOf({ metadata: { name, namespace } }: Service, { clusterDomain }: GatewayApiOptions): readonly string[] {
  const inCluster = `${name}.${namespace}.svc`;
  return [
    ...(clusterDomain === undefined ? [] : [`${inCluster}.${clusterDomain}`]),
    inCluster,
    ...(namespace === DEFAULT_NAMESPACE ? [name] : []),
  ];
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function placesOfSlices(
  slices: readonly EndpointSlice[],
  wanted: number,
  declared: ServicePort | undefined,
  all: boolean,
): readonly Place[] {
  const entries = slices.flatMap(({ spec }) => {
    const port = portIn(spec.ports, wanted, declared);
    return port === undefined ? [] : spec.endpoints.map((endpoint) => ({ endpoint, port }));
  });
  const ready = entries.filter(({ endpoint }) => all || endpoint.conditions?.ready !== false);
  // Those that are on their way out serve when there is nobody else, as in Kubernetes itself.
  const leaving = entries.filter(
    ({ endpoint: { conditions } }) => conditions?.serving === true && conditions.terminating,
  );
  return (ready.length > 0 ? ready : leaving).flatMap(({ endpoint, port }) =>
    // All addresses of one endpoint are the same place.
    endpoint.addresses.slice(0, 1).map((host) => ({ host, port })),
  );
}

function placesOfEndpoints(
  { spec }: Endpoints,
  wanted: number,
  declared: ServicePort | undefined,
  all: boolean,
): readonly Place[] {
  return spec.subsets.flatMap(({ addresses, notReadyAddresses, ports }) => {
    const port = portIn(ports, wanted, declared);
    const hosts = all ? [...addresses, ...notReadyAddresses] : addresses;
    return port === undefined ? [] : hosts.map((host) => ({ host, port }));
  });
}

/** The port that endpoints have for a port of their Service, which they know by its name; `wanted` is its number. */
function portIn(
  ports: readonly { readonly name?: string; readonly port?: number; readonly protocol: string }[],
  wanted: number,
  declared: ServicePort | undefined,
): number | undefined {
  const tcp = ports.filter(({ protocol }) => protocol === "TCP");
  if (declared === undefined) {
    // A Service without ports has all of them, and so have endpoints without.
    return ports.length === 0 || tcp.some(({ port = wanted }) => port === wanted) ? wanted : undefined;
  }
  const found = tcp.find(({ name = "" }) => name === (declared.name ?? ""));
  if (found === undefined) return undefined;
  const { targetPort = declared.port } = declared;
  return found.port ?? (typeof targetPort === "number" ? targetPort : undefined);
}
