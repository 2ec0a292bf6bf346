// Routes that would dial themselves, or the port that leads to them: each client would open connections until a limit stops it.
// Only what is written as an IP or as localhost is judged; what a name means is not known before it is looked up.

import { compileCidrMap, lookupCidr } from "../base/cidr-map.ts";
import { parseHostname } from "../base/hostname.ts";
import { compileHostnames, lookupHostname } from "../base/hostname-map.ts";
import { type Ip, parseIp } from "../base/ip.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { BackendSpec, ListenSpec, PoolSpec, RouteResource } from "../resource/route.ts";
import { ALL, ALL_IPV4, hostsOf } from "./claim.ts";
import { doorsOf } from "./doors.ts";
import type { Findings } from "./findings.ts";
import type { CompileMemo } from "./memo.ts";

/** A backend with a host. */
type HostBackend = Extract<BackendSpec, { readonly host: string }>;

const LOCALHOST: ReadonlySet<string> = new Set(["localhost", "localhost."]);

/** The routes that have themselves as a backend, each told. `bind` are the hosts of a `listen` without one. */
export function findLoops(
  routes: readonly RouteResource[],
  bind: readonly string[],
  findings: Findings,
  { harmless }: CompileMemo,
): ReadonlySet<RouteResource> {
  const loops = new Set<RouteResource>();
  const doors = doorsOf(routes);
  for (const route of routes) {
    // Who leads to a route without addresses may be another one each time.
    const ways = doors.get(route) ?? [route];
    if (harmless.has(route) && ways[0] === route) continue;
    for (const [at, { name, spec }] of route.pools.entries()) {
      for (const [index, backend] of spec.backends.entries()) {
        if (!("host" in backend)) continue;
        const hosts = [backend.host, ...(backend.orElse ?? [])];
        if (!hosts.some((host) => ways.some((way) => dialsItself(way, spec, { ...backend, host }, bind)))) continue;
        loops.add(route);
        const path = pathOf(name, at, index);
        const message = `"${backend.address}" is where this route listens: every connection would open another one`;
        const hint = "Write the address of the backend, or listen on another port";
        findings.refuse(route, { path, code: "route/loop", message, hint });
      }
    }
    if (!loops.has(route)) harmless.add(route);
  }
  return loops;
}

/** A Route document has its backends at the top. */
function pathOf(pool: string, at: number, index: number): ValuePath {
  return pool === "" ? ["backends", index] : ["pools", at, "backends", index];
}

function dialsItself(route: RouteResource, pool: PoolSpec, backend: HostBackend, bind: readonly string[]): boolean {
  const { listen, sources } = route;
  const ip = parseIp(backend.host);
  // A name other than localhost is somebody else's.
  if (ip === undefined && !LOCALHOST.has(backend.host)) return false;
  const itself = listen.some(
    (spec) => isSamePort(spec, backend) && hostsOf(spec.host, bind).some((host) => covers(host, backend.host, ip)),
  );
  return itself && (sources.length === 0 || takes(sources, ip)) && speaksItsTls(route, pool, backend);
}

/**
 * Whether the gateway, as a client of the port, says what leads to this route again. A client's TLS that is passed through
 * does: it comes back with the same name and the same ALPN. What was taken out of TLS does not, it is for the route there
 * that has no `tls`; unless it is put into TLS again, under a name that this route takes. Like sources, names are judged as
 * if no other route took some of them away.
 */
function speaksItsTls({ tls }: RouteResource, { upstreamTls }: PoolSpec, { host }: HostBackend): boolean {
  if (tls?.mode !== "terminate") return true;
  if (upstreamTls === undefined) return false;
  if (tls.hostnames.length === 0) return true;
  const names = compileHostnames(tls.hostnames.map((pattern) => ({ pattern, value: 0 })));
  // An IP is never said as a name.
  return lookupHostname(names, parseHostname(upstreamTls.serverName ?? host)) !== -1;
}

/** Whether a client on some port of the range would be sent to that port again. */
function isSamePort(listen: ListenSpec, { firstPort, lastPort }: HostBackend): boolean {
  // A range maps to a range of the same length port by port, and to a single port whole.
  if (lastPort > firstPort) return firstPort === listen.firstPort;
  return listen.firstPort <= firstPort && firstPort <= listen.lastPort;
}

/** Whether a listener on `listen` gets what is dialled at `host`; its `ip` is absent for localhost. */
function covers(listen: string, host: string, ip: Ip | undefined): boolean {
  if (listen === host) return true;
  const isV4 = typeof ip === "number";
  // Dialling "all addresses" reaches this machine.
  const local = ip === undefined || host === ALL || host === ALL_IPV4 || (isV4 ? ip >>> 24 === 127 : host === "::1");
  if (!local) return false;
  if (listen === ALL) return true;
  if (listen === ALL_IPV4) return ip === undefined || isV4;
  return (
    (listen === "127.0.0.1" && (host === ALL_IPV4 || ip === undefined)) ||
    (listen === "::1" && (host === ALL || ip === undefined))
  );
}

/** Whether a connection of the gateway to itself comes from one of these sources. */
function takes(sources: RouteResource["sources"], dialled: Ip | undefined): boolean {
  const map = compileCidrMap(sources.map((cidr) => ({ cidr, value: 0 })));
  const from = [dialled, parseIp("127.0.0.1"), parseIp("::1")];
  return from.some((ip) => ip !== undefined && lookupCidr(map, ip) !== -1);
}
