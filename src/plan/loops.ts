// Routes that would dial themselves: each client would open connections until a limit stops it. Only what is written as
// an IP or as localhost is judged; what a name means is not known before it is looked up.

import { compileCidrMap, lookupCidr } from "../base/cidr-map.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { type Ip, parseIp } from "../base/ip.ts";
import { type BackendSpec, EVERYBODY, type ListenSpec, type RouteResource } from "../resource/route.ts";

/** A backend with a host. */
type HostBackend = Extract<BackendSpec, { readonly host: string }>;

const LOCALHOST: ReadonlySet<string> = new Set(["localhost", "localhost."]);
const ALL_IPV4 = "0.0.0.0";
const ALL = "::";

/**
 * The routes without those that have themselves as a backend, each told. One that takes some sources away from a more
 * general route stays, and refuses them: they must not get the general one. `bind` are the hosts of a `listen` without one.
 */
export function closeLoops(
  routes: readonly RouteResource[],
  bind: readonly string[],
  diagnostics: Diagnostic[],
): readonly RouteResource[] {
  return routes.flatMap((route) => {
    const loops = [...route.backends.entries()].filter(
      ([, backend]) => "host" in backend && dialsItself(route, backend, bind),
    );
    if (loops.length === 0) return [route];
    for (const [index, { address }] of loops) {
      const place = { file: route.origin.file, ...route.origin.locate(["backends", index]) };
      const message = `"${address}" is where this route listens: every connection would open another one`;
      const hint = "Write the address of the backend, or listen on another port";
      diagnostics.push({ ...place, severity: "error", code: "route/loop", message, hint });
    }
    return route.sources.length === 0 ? [] : [{ ...route, backends: [], deny: EVERYBODY }];
  });
}

function dialsItself({ listen, sources }: RouteResource, backend: HostBackend, bind: readonly string[]): boolean {
  const ip = parseIp(backend.host);
  // A name other than localhost is somebody else's.
  if (ip === undefined && !LOCALHOST.has(backend.host)) return false;
  const itself = listen.some(
    (spec) => isSamePort(spec, backend) && hostsOf(spec, bind).some((host) => covers(host, backend.host, ip)),
  );
  return itself && (sources.length === 0 || takes(sources, ip));
}

/** Whether a client on some port of the range would be sent to that port again. */
function isSamePort(listen: ListenSpec, { firstPort, lastPort }: HostBackend): boolean {
  // A range maps to a range of the same length port by port, and to a single port whole.
  if (lastPort > firstPort) return firstPort === listen.firstPort;
  return listen.firstPort <= firstPort && firstPort <= listen.lastPort;
}

function hostsOf({ host }: ListenSpec, bind: readonly string[]): readonly string[] {
  if (host !== undefined) return [host];
  return bind.length > 0 ? bind : [ALL];
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
