// From who has which address to listeners: how each of them finds the route of a client, by its address alone or by what it
// says first.

import { type CidrEntry, type CidrMap, compileCidrMap } from "../base/cidr-map.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { RouteResource } from "../resource/route.ts";
import type { Claim, Claimant } from "./claim.ts";
import { isClosed } from "./closed.ts";
import { deciding } from "./holders.ts";
import type { CompileMemo } from "./memo.ts";
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

/** What spares work for routes that share no port with others. */
interface Shortcut {
  readonly lonely: ReadonlySet<RouteResource>;
  readonly memo: CompileMemo;
}

/** One listener for each address, in the order in which the routes first name them. */
export function compileListeners(
  claimants: readonly Claimant[],
  sets: SourceSets,
  diagnostics: Diagnostic[],
  { lonely, memo }: Shortcut,
): readonly ListenerPlan[] {
  const groups = new Map<string, Group>();
  const slots: (Group | readonly ListenerPlan[])[] = [];
  for (const claimant of claimants) {
    const { route } = claimant;
    if (!lonely.has(route)) {
      addToGroups(claimant, groups, slots);
      continue;
    }
    const listeners = memo.listeners.get(route) ?? compileLonely(claimant, sets);
    memo.listeners.set(route, listeners);
    slots.push(listeners);
  }
  // The ports of a range have the same routes in the same order, and share everything.
  const shared = new Map<string, Choice>();
  const told = new Set<RouteResource>();
  return slots.flatMap((slot): readonly ListenerPlan[] => {
    if (!("claim" in slot)) return slot;
    const { claim, entries, routes } = slot;
    const key = routes.map((route) => route.name).join("\n");
    const choice = shared.get(key) ?? compileChoice(routes, sets);
    shared.set(key, choice);
    if (choice.hello?.tls !== undefined && choice.hello.protocol === "tcp")
      tellWaiting(claim.name, routes, told, diagnostics);
    return [listenerOf(claim, entries, choice)];
  });
}

function compileLonely({ route, claims }: Claimant, sets: SourceSets): readonly ListenerPlan[] {
  const choice = compileChoice([route], sets);
  return claims.map((claim) => listenerOf(claim, [{ route: route.name, portOffset: claim.portOffset }], choice));
}

function listenerOf({ name, host, port }: Claim, entries: readonly ListenerEntry[], choice: Choice): ListenerPlan {
  return { name, ...(host === undefined ? {} : { host }), port, entries, ...choice };
}

function addToGroups(
  { route, claims }: Claimant,
  groups: Map<string, Group>,
  slots: (Group | readonly ListenerPlan[])[],
) {
  for (const claim of claims) {
    const known = groups.get(claim.name);
    const group = known ?? { claim, entries: [], routes: [] };
    if (known === undefined) {
      groups.set(claim.name, group);
      slots.push(group);
    }
    group.entries.push({ route: route.name, portOffset: claim.portOffset });
    group.routes.push(route);
  }
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
