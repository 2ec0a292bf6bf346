// Where policies may forward to: internal endpoints by scheme, port and host, those that share a URL together.

import { compileHostnames, type HostnameEntry } from "../base/hostname-map.ts";
import { parseHostnamePattern } from "../base/hostname.ts";
import type { EndpointName, RouteResource } from "../resource/route.ts";
import type { InternalPlan } from "./plan.ts";

/** Indexes the internal ones among these routes; of a URL that several have, each is a member. */
export function compileInternals(routes: readonly RouteResource[]): readonly InternalPlan[] {
  const doors = new Map<string, { readonly endpoint: EndpointName; readonly names: Map<string, string[]> }>();
  for (const { name, endpoint, internal } of routes) {
    if (internal !== true || endpoint === undefined) continue;
    const { scheme, host, port } = endpoint;
    const key = `${scheme}:${port}`;
    const door = doors.get(key) ?? { endpoint, names: new Map<string, string[]>() };
    doors.set(key, door);
    const members = door.names.get(host);
    if (members === undefined) door.names.set(host, [name]);
    else members.push(name);
  }
  return Array.from(doors.values(), ({ endpoint: { scheme, port }, names }) => ({
    scheme,
    port,
    hosts: compileHostnames([...names.keys()].flatMap(entryOf)),
    endpoints: [...names.values()],
  }));
}

/** A star stands for one label. */
function entryOf(host: string, value: number): readonly HostnameEntry[] {
  const pattern = parseHostnamePattern(host);
  return "problem" in pattern ? [] : [{ pattern, value }];
}
