// Objects with `apiVersion` and `kind`, as the schemas would give them.

import type { ConfigMap, Secret, Service } from "../../src/resource/manifest/core.ts";
import type { Gateway } from "../../src/resource/manifest/gateway.ts";
import type { TcpRoute, TcpRouteSpec } from "../../src/resource/manifest/l4-route.ts";
import type { ObjectMeta } from "../../src/resource/manifest/manifest.ts";
import type { Origin } from "../../src/resource/origin.ts";

/** Name and namespace, and what else is said. */
export type MetaWish = Partial<ObjectMeta> & { readonly name: string };

export function metaOf(wish: MetaWish): ObjectMeta {
  return { namespace: "default", labels: {}, annotations: {}, ...wish };
}

export function originAt(file: string, line = 1): Origin {
  return { file, locate: () => ({ line, column: 1 }) };
}

export function tcpRoute(wish: MetaWish, spec: Partial<TcpRouteSpec> = {}): TcpRoute {
  return {
    kind: "TCPRoute",
    apiVersion: "gateway.networking.k8s.io/v1",
    metadata: metaOf(wish),
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "front" }],
      rules: [{ backendRefs: [{ group: "", kind: "Service", name: "db", port: 5432, weight: 1 }] }],
      ...spec,
    },
    origin: originAt("routes/route.yaml"),
  };
}

/** With one TCP listener on this port. */
export function tcpGateway(wish: MetaWish, port = 5432): Gateway {
  return {
    kind: "Gateway",
    apiVersion: "gateway.networking.k8s.io/v1",
    metadata: metaOf(wish),
    spec: {
      gatewayClassName: "sallyport",
      listeners: [{ name: "tcp", port, protocol: "TCP", allowedRoutes: { namespaces: { from: "Same" } } }],
    },
    origin: originAt("routes/gateway.yaml"),
  };
}

export function service(wish: MetaWish): Service {
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: metaOf(wish),
    spec: { type: "ClusterIP", ports: [{ port: 5432, protocol: "TCP" }], publishNotReadyAddresses: false },
    origin: originAt("routes/service.yaml"),
  };
}

export function secret(wish: MetaWish, data: Readonly<Record<string, string>>): Secret {
  const encoder = new TextEncoder();
  return {
    kind: "Secret",
    apiVersion: "v1",
    metadata: metaOf(wish),
    spec: {
      type: "Opaque",
      data: new Map(Object.entries(data).map(([key, value]) => [key, encoder.encode(value)])),
    },
    origin: originAt("routes/secret.yaml", 7),
  };
}

export function configMap(wish: MetaWish, data: Readonly<Record<string, string>>): ConfigMap {
  return { kind: "ConfigMap", apiVersion: "v1", metadata: metaOf(wish), spec: { data }, origin: originAt("c.yaml") };
}
