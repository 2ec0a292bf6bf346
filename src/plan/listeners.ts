// From who has which address to listeners: how each of them finds the route of a client, by its address alone or by what it
// says first.

import { type CidrEntry, type CidrMap, compileCidrMap } from "../base/cidr-map.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { RouteResource } from "../resource/route.ts";
import type { Claim, Claimant } from "./claim.ts";
import { isClosed } from "./closed.ts";
import { deciding } from "./holders.ts";
import type { HelloPlan, ListenerEntry, ListenerPlan } from "./plan.ts";
import { compileProxyAccept, type SourceSets } from "./routes.ts";
import { compileTlsMatch } from "./tls-match.ts";

/** An address and the routes that share it. */
interface Group {
  readonly claim: Claim;
  readonly entries: ListenerEntry[];
  readonly routes: RouteResource[];
}

/** How a listener finds a client's route. */
type Choice = Pick<ListenerPlan, "bySource" | "fallback" | "hello">;

/** One listener for each address, in the order in which the routes first name them. */
export function compileListeners(
  claimants: readonly Claimant[],
  sets: SourceSets,
  diagnostics: Diagnostic[],
): readonly ListenerPlan[] {
  const groups = groupByAddress(claimants);
  // The ports of a range have the same routes in the same order, and share everything.
  const shared = new Map<string, Choice>();
  const told = new Set<RouteResource>();
  return Array.from(groups.values(), ({ claim, entries, routes }): ListenerPlan => {
    const { name, host, port } = claim;
    const key = routes.map((route) => route.name).join("\n");
    const choice = shared.get(key) ?? compileChoice(routes, sets);
    shared.set(key, choice);
    if (choice.hello?.tls !== undefined && choice.hello.protocol === "tcp")
      tellWaiting(name, routes, told, diagnostics);
    return { name, ...(host === undefined ? {} : { host }), port, entries, ...choice };
  });
}

function groupByAddress(claimants: readonly Claimant[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const { route, claims } of claimants) {
    for (const claim of claims) {
      const group = groups.get(claim.name) ?? { claim, entries: [], routes: [] };
      groups.set(claim.name, group);
      group.entries.push({ route: route.name, portOffset: claim.portOffset });
      group.routes.push(route);
    }
  }
  return groups;
}

function compileChoice(routes: readonly RouteResource[], sets: SourceSets): Choice {
  const bySource = compileSources(routes);
  const hello = compileHello(routes, sets);
  return {
    ...(bySource === undefined ? {} : { bySource }),
    fallback: routes.findIndex(({ tls, sources }) => tls === undefined && sources.length === 0),
    ...(hello === undefined ? {} : { hello }),
  };
}

/** Whose clients do not speak TLS, by their addresses. */
function compileSources(routes: readonly RouteResource[]): CidrMap | undefined {
  const entries = routes.flatMap(({ tls, sources }, value): readonly CidrEntry[] =>
    tls === undefined ? sources.map((cidr) => ({ cidr, value })) : [],
  );
  return entries.length === 0 ? undefined : compileCidrMap(entries);
}

/** `undefined` when an address is all that these routes want to know. */
function compileHello(routes: readonly RouteResource[], sets: SourceSets): HelloPlan | undefined {
  const [first, ...others] = deciding(routes);
  if (first === undefined) return undefined;
  const { protocol, proxyAccept } = first;
  const tls = compileTlsMatch(routes);
  if (tls === undefined && proxyAccept === undefined && protocol === "tcp") return undefined;
  return {
    timeoutMs: [first, ...others].map(({ timeouts }) => timeouts.helloMs).reduce(longer),
    ...(proxyAccept === undefined ? {} : { proxy: compileProxyAccept(proxyAccept, sets) }),
    protocol,
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Of two times, where 0 is no limit. */
function longer(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : Math.max(a, b);
}

/** Who is not known to speak TLS has to say something first, or would be taken for a slow TLS client. Told once a route. */
function tellWaiting(
  listener: string,
  routes: readonly RouteResource[],
  told: Set<RouteResource>,
  diagnostics: Diagnostic[],
): void {
  for (const route of routes) {
    if (route.tls !== undefined || isClosed(route) || told.has(route)) continue;
    told.add(route);
    diagnostics.push({
      file: route.origin.file,
      ...route.origin.locate(["listen"]),
      severity: "notice",
      code: "plan/waits-for-client",
      message: `Clients of ${listener} have to speak first: TLS routes share it with route "${route.name}"`,
      hint: "Where the server speaks first (MySQL, SMTP, FTP), use a port without TLS routes",
    });
  }
}
