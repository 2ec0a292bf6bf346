// Which routes lead to those that have no addresses of their own: doors to their members, policies to internal endpoints.

import { compileHostnames, lookupHostname } from "../base/hostname-map.ts";
import { parseHostnamePattern } from "../base/hostname.ts";
import { parseEndpointUrl } from "../resource/endpoint-url.ts";
import type { RouteResource } from "../resource/route.ts";

/** Route without addresses → the routes with addresses whose clients may come to it, over any number of steps. */
export function doorsOf(routes: readonly RouteResource[]): ReadonlyMap<RouteResource, readonly RouteResource[]> {
  const inside = routes.filter(({ listen }) => listen.length === 0);
  const doors = new Map<RouteResource, RouteResource[]>(inside.map((route) => [route, []]));
  if (inside.length === 0) return doors;
  const leads = new Map<RouteResource, readonly RouteResource[]>();
  for (const door of routes) {
    if (door.listen.length === 0 || (door.members === undefined && door.policy === undefined)) continue;
    const reached = new Set<RouteResource>();
    const open = [door];
    for (let route = open.pop(); route !== undefined; route = open.pop()) {
      const next = leads.get(route) ?? leadsTo(route, inside);
      leads.set(route, next);
      for (const each of next) {
        if (reached.has(each)) continue;
        reached.add(each);
        open.push(each);
      }
    }
    for (const each of reached) doors.get(each)?.push(door);
  }
  return doors;
}

/** One step on. A URL that is known only when a client is there may be that of any endpoint. */
function leadsTo({ members, policy }: RouteResource, inside: readonly RouteResource[]): readonly RouteResource[] {
  if (members !== undefined) {
    const names = new Set(members);
    return inside.filter(({ name }) => names.has(name));
  }
  const urls = new Set<string>();
  for (const { actions } of policy?.rules ?? []) {
    for (const action of actions) if (action.type === "forward-internal") urls.add(action.url);
  }
  if (urls.size === 0) return [];
  const wanted = [...urls].map((url) => (url.includes("${") ? undefined : parseEndpointUrl(url)));
  return inside.filter(
    ({ endpoint, internal }) =>
      internal === true && endpoint !== undefined && wanted.some((url) => url === undefined || isMeant(url, endpoint)),
  );
}

function isMeant(
  url: ReturnType<typeof parseEndpointUrl>,
  { scheme, host, port }: NonNullable<RouteResource["endpoint"]>,
): boolean {
  if ("mistake" in url || url.scheme !== scheme || url.port !== port) return false;
  const pattern = parseHostnamePattern(host);
  return !("problem" in pattern) && lookupHostname(compileHostnames([{ pattern, value: 0 }]), url.host) !== -1;
}
