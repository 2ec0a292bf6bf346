// Documents of ngrok's kinds as short calls, beside `gateway-documents.ts`. A name is `NAMESPACE/NAME`, or one in `default`.

import type { Status } from "../../src/plan/gateway/status.ts";
import { manifest, type Meta } from "./gateway-documents.ts";
import { tlsPem } from "./tls-client.ts";
import type { Translated } from "./translate-manifests.ts";

type Spec = Readonly<Record<string, unknown>>;

/** A pem of the fixtures as an inline certificate, in an action that ends TLS. */
export function terminateTls(certificate = "one", more: Spec = {}): Spec {
  const config = { server_certificate: tlsPem(`${certificate}.pem`), server_private_key: tlsPem(`${certificate}.key`) };
  return { type: "terminate-tls", config: { ...config, ...more } };
}

export const DENY: Spec = { type: "deny" };

export function forwardTo(url: string, more: Spec = {}): Spec {
  return { type: "forward-internal", config: { url, ...more } };
}

export function restrictTo(config: Spec): Spec {
  return { type: "restrict-ips", config };
}

/** One rule with these actions for everybody. */
export function phase(...actions: readonly Spec[]): Spec {
  return { on_tcp_connect: [{ actions }] };
}

/** An inline policy of one rule. */
export function inline(...actions: readonly Spec[]): Spec {
  return { trafficPolicy: { inline: phase(...actions) } };
}

/** A policy by its name. */
export function named(name: string): Spec {
  return { trafficPolicy: { targetRef: { name } } };
}

export function agent(name: string, url: string, upstream: string, rest: Spec = {}, meta?: Meta): string {
  const spec = { url, upstream: { url: upstream }, ...rest };
  return manifest("ngrok.k8s.ngrok.com/v1alpha1", "AgentEndpoint", name, { spec }, meta);
}

export function cloud(name: string, url: string, rest: Spec, meta?: Meta): string {
  return manifest("ngrok.k8s.ngrok.com/v1alpha1", "CloudEndpoint", name, { spec: { url, ...rest } }, meta);
}

export function trafficPolicy(name: string, policy: Spec): string {
  return manifest("ngrok.k8s.ngrok.com/v1alpha1", "NgrokTrafficPolicy", name, { spec: { policy } });
}

/** Rules are `allow CIDR` or `deny CIDR`. */
export function ipPolicy(name: string, ...rules: readonly string[]): string {
  const written = rules.map((rule) => {
    const [action, cidr] = rule.split(" ");
    return { action, cidr };
  });
  return manifest("ingress.k8s.ngrok.com/v1alpha1", "IPPolicy", name, { spec: { rules: written } });
}

/** A Service of type LoadBalancer; annotations without a prefix are ngrok's. */
export function loadBalancer(
  name: string,
  annotations: Readonly<Record<string, string>> = {},
  spec: Spec = {},
): string {
  const named = Object.entries(annotations).map(([key, value]) => [
    key.includes("/") ? key : `ngrok.com/${key}`,
    value,
  ]);
  return (
    JSON.stringify({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, annotations: Object.fromEntries(named) },
      spec: { type: "LoadBalancer", loadBalancerClass: "ngrok", ports: [{ port: 5432 }], ...spec },
    }).replace(/^/, "---\n") + "\n"
  );
}

/** A TLS Secret with a pair of the fixtures. */
export function tlsSecret(name: string, certificate = "one"): string {
  const stringData = { "tls.crt": tlsPem(`${certificate}.pem`), "tls.key": tlsPem(`${certificate}.key`) };
  return manifest("v1", "Secret", name, { type: "kubernetes.io/tls", stringData });
}

/** A Secret with the authority of the fixtures. */
export function caSecret(name: string, pem = tlsPem("ca.pem")): string {
  return manifest("v1", "Secret", name, { type: "Opaque", stringData: { "ca.crt": pem } });
}

/** Names of the hosts that a route's clients are passed on to, `HOST:PORT` each; of a route that has none, why. */
export function reached(translated: Translated, route: string): readonly string[] | string {
  const { plan } = translated.compiled;
  const found = plan.routes.find(({ name }) => name === route);
  if (found === undefined) return "no such route";
  const names = found.pools.map(({ pool }) => pool);
  const targets = plan.pools.filter(({ name }) => names.includes(name)).flatMap((pool) => pool.targets);
  return targets.length === 0
    ? (found.refused?.detail ?? "nobody")
    : targets.map((target) => ("host" in target ? `${target.host}:${target.port}` : JSON.stringify(target)));
}

/** Ready, with the reason, and the message of whatever is wrong. */
export function readiness(status: Status): string {
  const conditions = "conditions" in status ? status.conditions : [];
  const ready = conditions.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? `True ${ready.reason}` : `False ${ready?.reason}: ${ready?.message}`;
}

/** The URL that clients use; `undefined`: it has none. */
export function urlOf(status: Status): string | undefined {
  return "assignedURL" in status ? status.assignedURL : undefined;
}
