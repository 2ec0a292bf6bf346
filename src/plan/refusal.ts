// What a route is told that cannot have an address: the other route, where it is written, and what would help.

import { formatHostnamePattern } from "../base/hostname.ts";
import { formatCidr } from "../base/ip.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";
import type { Claim } from "./claim.ts";
import type { Clash } from "./clashes.ts";
import type { Finding } from "./findings.ts";
import { ANY, hostnameKey, PLAIN } from "./match-keys.ts";

/** It wants the address twice itself. */
export function refuseSelf(claim: Claim, taken: Claim): Finding {
  const message =
    claim.name === taken.name
      ? `Cannot listen on ${claim.name} twice`
      : `Cannot listen on ${claim.name} and on ${taken.name}: one of them stands for both`;
  return { code: "plan/listen-overlap", message, path: claim.path };
}

/** An address that stands for others besides one of them. */
export function refuseOverlap(claim: Claim, taken: Claim, first: RouteResource | undefined): Finding {
  const message = `Cannot listen on ${claim.name}: ${describe(first)} listens on ${taken.name}`;
  return { code: "plan/listen-overlap", message, path: claim.path };
}

/** One of the two wants the address for itself. */
export function refuseAlone(claim: Claim, other: RouteResource): Finding {
  const message = `Cannot listen on ${claim.name}: ${describe(other)} does`;
  const hint = "A TCP listener of a Gateway shares its port with nobody";
  return { code: "plan/listen-conflict", message, path: claim.path, hint };
}

/** Another route on the address matches the same clients, or asks them for another certificate. */
export function refuseClash(route: RouteResource, claim: Claim, clash: Clash): Finding {
  if (clash.difference !== undefined) return refuseHandshake(route, claim, clash, clash.difference);
  if (clash.host !== PLAIN) return refuseHostname(route, claim, clash);
  const { other, source } = clash;
  if (source !== ANY) {
    const message = `Cannot match ${source} on ${claim.name}: ${describe(other)} does`;
    return { code: "plan/match-conflict", message, path: sourcePath(route, source) };
  }
  const message = `Cannot listen on ${claim.name}: ${describe(other)} does`;
  const hint = 'Give one of them "match: {sources: [...]}", or another port';
  return { code: "plan/listen-conflict", message, path: claim.path, hint };
}

function refuseHostname(route: RouteResource, claim: Claim, clash: Clash): Finding {
  const message = `Cannot take ${describeClients(route, clash)} on ${claim.name}: ${describe(clash.other)} does`;
  const hint = 'Give one of them another name, or a "match" by sources or alpn that differs';
  return { code: "plan/hostname-conflict", message, path: hostPath(route, clash), hint };
}

function refuseHandshake(route: RouteResource, claim: Claim, clash: Clash, difference: readonly string[]): Finding {
  const clients = describeClients(route, clash);
  const key = `tls.${difference.join(".")}`;
  const message = `Cannot take ${clients} on ${claim.name} with another ${key} than ${describe(clash.other)}`;
  const hint = "Routes that only a client certificate tells apart need the same tls settings but clientAuth.allow";
  return { code: "plan/tls-conflict", message, path: ["tls", ...difference], hint };
}

/** Another protocol on the address. */
export function refuseProtocol(route: RouteResource, claim: Claim, other: RouteResource): Finding {
  const message = `Cannot listen on ${claim.name} with protocol ${route.protocol}: ${describe(other)} speaks ${other.protocol} there`;
  const hint = 'All routes of an address need the same "protocol"; use another port otherwise';
  // What is the default is seldom written.
  const path = route.protocol === "tcp" ? claim.path : ["protocol"];
  return { code: "plan/protocol-conflict", message, path, hint };
}

/** Other PROXY headers on the address, or none. */
export function refuseProxy({ proxyAccept }: RouteResource, claim: Claim, other: RouteResource): Finding {
  const code = "plan/proxy-conflict";
  const hint =
    'A PROXY header comes before anything that tells routes apart: all routes of an address need the same "proxyProtocol.accept"';
  if (proxyAccept === undefined) {
    const message = `Cannot listen on ${claim.name} without PROXY headers: ${describe(other)} accepts them there`;
    return { code, message, path: claim.path, hint };
  }
  const clash =
    other.proxyAccept === undefined
      ? `${describe(other)} does not`
      : `${describe(other)} accepts them from other sources, or in other versions`;
  const message = `Cannot accept PROXY headers on ${claim.name}: ${clash}`;
  return { code, message, path: ["proxyProtocol", "accept"], hint };
}

/** Those that both routes match. */
function describeClients({ tls }: RouteResource, { host, alpn, source }: Clash): string {
  const pattern = tls?.hostnames.find((each) => hostnameKey(each) === host);
  const every = pattern === undefined || pattern.wildcard === "all";
  const name = every ? "TLS clients of every name" : `"${formatHostnamePattern(pattern)}"`;
  return `${name}${alpn === ANY ? "" : ` with ALPN "${alpn}"`}${source === ANY ? "" : ` from ${source}`}`;
}

/** The name, or what there is instead. */
function hostPath(route: RouteResource, { host, source }: Clash): ValuePath {
  const index = route.tls?.hostnames.findIndex((pattern) => hostnameKey(pattern) === host) ?? -1;
  if (index !== -1) return ["tls", "hostnames", index];
  return source === ANY ? ["tls"] : sourcePath(route, source);
}

function sourcePath({ sources }: RouteResource, source: string): ValuePath {
  return ["match", "sources", sources.findIndex((cidr) => formatCidr(cidr) === source)];
}

function describe(route: RouteResource | undefined): string {
  if (route === undefined) return "another route";
  return `route "${route.name}" (${route.origin.file}:${route.origin.locate(["listen"]).line})`;
}
