// Manifests as short calls: each gives the text of one document. A name is `NAMESPACE/NAME`, or one in `default`.

import type { Translated } from "./translate-manifests.ts";

type Spec = Readonly<Record<string, unknown>>;

/** How old an object is: a day of January 2026, and labels. */
export interface Meta {
  readonly day?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const GATEWAY = "gateway.networking.k8s.io";

/** A document of any kind. */
export function manifest(
  apiVersion: string,
  kind: string,
  fullName: string,
  rest: Spec,
  { day, labels }: Meta = {},
): string {
  const [name, namespace] = fullName.split("/").toReversed();
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(day === undefined ? {} : { creationTimestamp: `2026-01-${String(day).padStart(2, "0")}T00:00:00Z` }),
  };
  return `---\n${JSON.stringify({ apiVersion, kind, metadata, ...rest })}\n`;
}

export function gateway(name: string, listeners: readonly Spec[], rest: Spec = {}, meta?: Meta): string {
  const spec = { gatewayClassName: "sallyport", listeners, ...rest };
  return manifest(`${GATEWAY}/v1`, "Gateway", name, { spec }, meta);
}

export function listenerSet(name: string, parent: string, listeners: readonly Spec[], meta?: Meta): string {
  const spec = { parentRef: referenceTo(parent), listeners };
  return manifest(`${GATEWAY}/v1`, "ListenerSet", name, { spec }, meta);
}

/** A listener that routes of every namespace may attach to. */
export function tcp(name: string, port: number, rest: Spec = {}): Spec {
  return { name, port, protocol: "TCP", allowedRoutes: { namespaces: { from: "All" } }, ...rest };
}

/** One that passes TLS through; without a host name it is for all. */
export function tls(name: string, port: number, hostname?: string, rest: Spec = {}): Spec {
  const named = hostname === undefined ? {} : { hostname };
  return { ...tcp(name, port), protocol: "TLS", tls: { mode: "Passthrough" }, ...named, ...rest };
}

/** One that ends TLS with these Secrets. */
export function terminating(name: string, port: number, hostname: string | undefined, ...secrets: string[]): Spec {
  return tls(name, port, hostname, { tls: { mode: "Terminate", certificateRefs: secrets.map(referenceTo) } });
}

/** `parents`: names of Gateways, or whole parentRefs. `backends`: names of Services with port 5432, or whole backendRefs. */
export function tcpRoute(
  name: string,
  parents: readonly (string | Spec)[],
  backends: Backends = ["db"],
  meta?: Meta,
): string {
  return route("TCPRoute", name, parents, backends, {}, meta);
}

type Backends = readonly (string | Spec)[];

export function tlsRoute(
  name: string,
  parents: readonly (string | Spec)[],
  hostnames: readonly string[],
  backends: Backends = ["db"],
  meta?: Meta,
): string {
  return route("TLSRoute", name, parents, backends, { hostnames }, meta);
}

function route(
  kind: string,
  name: string,
  parents: readonly (string | Spec)[],
  backends: Backends,
  rest: Spec,
  meta?: Meta,
): string {
  const spec = {
    parentRefs: parents.map((parent) => (typeof parent === "string" ? referenceTo(parent) : parent)),
    rules: [
      { backendRefs: backends.map((each) => (typeof each === "string" ? { ...referenceTo(each), port: 5432 } : each)) },
    ],
    ...rest,
  };
  return manifest(`${GATEWAY}/v1`, kind, name, { spec }, meta);
}

export function service(name: string, spec: Spec = {}): string {
  return manifest("v1", "Service", name, { spec: { ports: [{ port: 5432 }], ...spec } });
}

export function slice(name: string, of: string, rest: Spec): string {
  const labels = { "kubernetes.io/service-name": of };
  const body = { addressType: "IPv4", ports: [{ port: 5432 }], ...rest };
  return manifest("discovery.k8s.io/v1", "EndpointSlice", name, body, { labels });
}

/** `from`: kind and namespace; `to`: kind, and maybe a name. */
export function grant(namespace: string, from: string, to: string, rest: Spec = {}): string {
  const [kind, home] = from.split("/");
  const [target, name] = to.split("/");
  const spec = {
    from: [{ group: GATEWAY, kind, namespace: home }],
    to: [{ group: "", kind: target, ...(name === undefined ? {} : { name }) }],
    ...rest,
  };
  return manifest(`${GATEWAY}/v1`, "ReferenceGrant", `${namespace}/grant`, { spec });
}

export function backendTls(name: string, targets: readonly (string | Spec)[], validation: Spec, meta?: Meta): string {
  const targetRefs = targets.map((each) =>
    typeof each === "string" ? { group: "", kind: "Service", name: each } : each,
  );
  const spec = { targetRefs, validation: { hostname: "db.example.com", ...validation } };
  return manifest(`${GATEWAY}/v1`, "BackendTLSPolicy", name, { spec }, meta);
}

/** A policy of our own; targets are `KIND/NAME` or `KIND/NAME#SECTION`. */
export function policy(
  kind: "ListenerPolicy" | "BackendPolicy",
  name: string,
  targets: readonly string[],
  rest: Spec,
  meta?: Meta,
): string {
  const targetRefs = targets.map((target) => {
    const [object = "", sectionName] = target.split("#");
    const [targetKind, targetName] = object.split("/");
    const group = targetKind === "Service" ? "" : GATEWAY;
    return { group, kind: targetKind, name: targetName, ...(sectionName === undefined ? {} : { sectionName }) };
  });
  return manifest("sallyport.dev/v1alpha1", kind, name, { spec: { targetRefs, ...rest } }, meta);
}

export function secret(name: string, data: Readonly<Record<string, string>>): string {
  return manifest("v1", "Secret", name, { type: "Opaque", stringData: data });
}

export function configMap(name: string, data: Readonly<Record<string, string>>): string {
  return manifest("v1", "ConfigMap", name, { data });
}

/** `NAMESPACE/NAME` as a reference. */
export function referenceTo(fullName: string): Spec {
  const [name, namespace] = fullName.split("/").toReversed();
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

interface Conditioned {
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

/** `{Accepted: "True/Accepted", …}`. */
export function summary({ conditions }: Conditioned): Readonly<Record<string, string>> {
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

type Kind = Parameters<Translated["status"]>[0];

/** The same of an object. */
export function conditionsOf(translated: Translated, kind: Kind, name: string): Readonly<Record<string, string>> {
  const status = translated.status(kind, name);
  if (!("conditions" in status)) throw new Error(`${kind} has no conditions of its own`);
  return summary(status);
}

/** The same of a listener of a Gateway or ListenerSet, with what it counts. */
export function listenerOf(translated: Translated, owner: string, name: string) {
  for (const kind of ["Gateway", "ListenerSet"] as const) {
    if (!translated.has(kind, owner)) continue;
    const status = translated.status(kind, owner);
    const listener = "listeners" in status ? status.listeners?.find((each) => each.name === name) : undefined;
    if (listener === undefined) continue;
    const kinds = listener.supportedKinds.map((each) => each.kind);
    return { ...summary(listener), kinds, routes: listener.attachedRoutes };
  }
  throw new Error(`There is no listener "${name}" of "${owner}"`);
}

/** The same of each parent of a route. */
export function parentsOf(
  translated: Translated,
  kind: "TCPRoute" | "TLSRoute" | "UDPRoute" | "HTTPRoute" | "GRPCRoute",
  name: string,
) {
  const status = translated.status(kind, name);
  return "parents" in status ? status.parents.map(summary) : [];
}

/** The same of each ancestor of a policy, by the ancestor. */
export function ancestorsOf(translated: Translated, kind: Kind, name: string): Readonly<Record<string, Spec>> {
  const status = translated.status(kind, name);
  if (!("ancestors" in status)) return {};
  return Object.fromEntries(
    status.ancestors.map((each) => {
      const { kind: of, name: called, sectionName } = each.ancestorRef;
      return [`${of}/${called}${sectionName === undefined ? "" : `#${sectionName}`}`, summary(each)];
    }),
  );
}
