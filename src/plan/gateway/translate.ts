// From manifests to routes, and to what is to be said of each manifest. Pure, like all of `plan/`: what certificates hold is asked
// of the caller, and what became of the routes is asked when a status is made.

import type { Credentials } from "../../resource/credentials.ts";
import type { RouteResource } from "../../resource/route.ts";
import type { Gateway } from "../../resource/manifest/gateway.ts";
import type { AnyManifest, BrokenPolicy } from "../../resource/manifest/kinds.ts";
import { keyOf, nameOf } from "../../resource/manifest/manifest.ts";
import type { ManifestCredentials } from "../../resource/manifest/manifest-credentials.ts";
import type { BackendPolicy } from "../../resource/manifest/policy.ts";
import { type AddressOutcome, NO_ADDRESSES } from "../addresses.ts";
import type { Plan } from "../plan.ts";
import { type AnyRoute, attachRoute, type FindParent, type Parent, type RouteState } from "./attach.ts";
import { Catalog } from "./catalog.ts";
import { Conditions } from "./conditions.ts";
import { IssuedCredentials } from "./credentials.ts";
import { Emitter, incumbentsOf } from "./emit.ts";
import { type GatewayStates, judgeGateways } from "./gateways.ts";
import { Grants } from "./grants.ts";
import { type Carried, TranslationMemo } from "./memo.ts";
import { ListenerPolicies } from "./listener-policies.ts";
import type { GatewayApiOptions } from "./options.ts";
import { Policies } from "./policies.ts";
import type { ObjectRecords } from "./record.ts";
import { References } from "./references.ts";
import type { Section } from "./section.ts";
import { Targets } from "./targets.ts";
import { ROUTE_KINDS } from "./touched.ts";
import { type EmittedSection, emitSections, type GatewayUnit } from "./unit.ts";
import { type EndpointTranslation, translateEndpoints } from "../ngrok/endpoints.ts";
import { UpstreamTls } from "./upstream.ts";

export interface TranslationInput {
  /** In order of precedence, each object once. */
  readonly manifests: readonly AnyManifest[];
  readonly broken: readonly BrokenPolicy[];
  readonly records: ObjectRecords;
  /** Of what policies refer to. */
  readonly credentials: Credentials;
  /** Of what manifests hold. */
  readonly certificates: ManifestCredentials;
  /** TCP addresses of this load; absent: there are none. */
  readonly addresses?: AddressOutcome;
  /** IPs that a listener without an address binds; empty means all. */
  readonly bind: readonly string[];
  readonly options: GatewayApiOptions;
  /** The plan in force: what it serves comes before what is new, whoever is older. */
  readonly previous?: Plan;
  /** What was translated before; a caller that keeps it gets the same objects for what is the same. */
  readonly memo?: TranslationMemo;
}

/** All that was found out. */
export interface Translation {
  readonly routes: readonly RouteResource[];
  /** How many of them, the first ones, are of sections that have their ports: they come before whatever is new, in every dialect. */
  readonly keptCount: number;
  readonly issued: IssuedCredentials;
  readonly addresses: AddressOutcome;
  readonly catalog: Catalog;
  readonly gateways: GatewayStates;
  readonly routeStates: readonly RouteState[];
  /** `undefined` for a section that nothing was made of. */
  readonly emitted: (section: Section) => EmittedSection | undefined;
  /** Routes of which there is nothing to tell; whoever finds another one puts it there. */
  readonly quiet: WeakSet<RouteState>;
  readonly listenerPolicies: ListenerPolicies;
  readonly backendPolicies: Policies<BackendPolicy>;
  readonly upstream: UpstreamTls;
  /** What was made of ngrok's endpoints. */
  readonly endpoints: EndpointTranslation;
  /** Gateways whose routes refer to a Service, by its namespace and name. */
  readonly gatewaysOf: (service: string) => readonly Gateway[];
}

/** Translates all manifests of a load. */
export function translate(input: TranslationInput): Translation {
  const { bind, options, credentials, addresses = NO_ADDRESSES, memo = new TranslationMemo() } = input;
  const catalog = new Catalog(input.manifests, input.broken, input.records, memo.last?.catalog);
  const carried = memo.begin(catalog, bind, options);
  const grants = new Grants(catalog.of("ReferenceGrant"));
  const references = new References(catalog, grants, input.certificates);
  const issued = new IssuedCredentials(memo.words);
  const gateways = judgeGateways(catalog, references, bind, options, (gateway) => carried.unit(gateway)?.state);
  const brokenOf = (kind: BrokenPolicy["kind"]): readonly BrokenPolicy[] =>
    input.broken.filter((policy) => policy.kind === kind);
  const listenerPolicies = new ListenerPolicies(catalog, brokenOf("ListenerPolicy"), credentials);
  const backendPolicies = new Policies(catalog.byAge("BackendPolicy"), brokenOf("BackendPolicy"));
  const tlsPolicies = new Policies(catalog.byAge("BackendTLSPolicy"), brokenOf("BackendTLSPolicy"));
  const upstream = new UpstreamTls(catalog, tlsPolicies, references, issued);
  const targets = new Targets({ catalog, grants, policies: backendPolicies, upstream, options });
  const routeStates = attachAll(catalog, gateways, carried, targets);
  const emitter = new Emitter(targets, issued, memo.certificateNames);
  const units = gateways.ours.map((state): GatewayUnit => {
    const known = carried.unit(state.gateway);
    if (known !== undefined) return known;
    const before = listenerPolicies.applied + upstream.applied;
    const sections = emitSections(state, emitter, listenerPolicies, bind).map(({ emitted, routes }) => ({
      emitted,
      routes: memo.reuse(state.gateway, routes),
    }));
    const lasting = !state.asked && listenerPolicies.applied + upstream.applied === before;
    return {
      state,
      sections,
      emitted: new Map(sections.map(({ emitted }) => [emitted.section, emitted])),
      lasting,
    };
  });
  const byGateway = new Map(units.map((unit) => [nameOf(unit.state.gateway), unit]));
  memo.last = {
    catalog,
    bind,
    options,
    units: byGateway,
    states: statesByRoute(routeStates),
    named: carried.named,
  };
  const parts = { catalog, references, targets, issued, options, addresses, certificates: input.certificates };
  const endpoints = translateEndpoints({ ...parts, made: memo.madeSecrets }, bind, input.previous);
  const sections = units.flatMap((unit) => unit.sections);
  const incumbents = incumbentsOf(input.previous, memo.sections);
  let gatewaysOf: ReadonlyMap<string, readonly Gateway[]> | undefined;
  const { kept, others } = inOrder(sections, incumbents);
  const ofEndpoints = memo.reuseEndpoints(endpoints.routes);
  const first = [...kept, ...ofEndpoints.filter(({ name }) => endpoints.kept.has(name))];
  return {
    routes: [...first, ...others, ...ofEndpoints.filter(({ name }) => !endpoints.kept.has(name))],
    keptCount: first.length,
    endpoints,
    issued,
    addresses,
    catalog,
    gateways,
    routeStates,
    emitted: (section) => byGateway.get(nameOf(section.gateway))?.emitted.get(section),
    quiet: memo.quiet,
    listenerPolicies,
    backendPolicies,
    upstream,
    // Only policies ask for it.
    gatewaysOf: (service) => (gatewaysOf ??= gatewaysByService(routeStates, targets)).get(service) ?? [],
  };
}

function statesByRoute(states: readonly RouteState[]): ReadonlyMap<AnyRoute, RouteState> {
  const found = new Map<AnyRoute, RouteState>();
  for (const state of states) found.set(state.route, state);
  return found;
}

/** All routes, those of sections that have their ports apart. */
function inOrder(
  sections: GatewayUnit["sections"],
  incumbents: ReadonlySet<string>,
): { readonly kept: readonly RouteResource[]; readonly others: readonly RouteResource[] } {
  const kept: RouteResource[] = [];
  const others: RouteResource[] = [];
  for (const { emitted, routes } of sections) {
    const list = incumbents.has(emitted.section.name) ? kept : others;
    for (const route of routes) list.push(route);
  }
  return { kept, others };
}

function gatewaysByService(states: readonly RouteState[], targets: Targets): ReadonlyMap<string, readonly Gateway[]> {
  const found = new Map<string, Set<Gateway>>();
  for (const { route, parents } of states) {
    if (route.kind !== "TCPRoute" && route.kind !== "TLSRoute") continue;
    const gateways = parents.flatMap(({ sections }) => sections.map(({ gateway }) => gateway));
    for (const { service } of targets.servicesOf(route)) {
      const name = nameOf(service);
      const known = found.get(name) ?? new Set<Gateway>();
      found.set(name, known);
      for (const gateway of gateways) known.add(gateway);
    }
  }
  return new Map(Array.from(found, ([service, gateways]) => [service, [...gateways]]));
}

/** Attaches all routes, the oldest first: that is who has what two want. Says what is wrong with their references. */
function attachAll(
  catalog: Catalog,
  { ours }: GatewayStates,
  carried: Carried,
  targets: Targets,
): readonly RouteState[] {
  const parents = new Map<string, Parent>();
  for (const { gateway, controllerName, sections, sets } of ours) {
    parents.set(keyOf(gateway), { gateway, controllerName, sections });
    for (const { set, sections: own } of sets) {
      parents.set(keyOf(set), { gateway, controllerName, sections: own });
    }
  }
  const find: FindParent = (kind, namespace, name) => parents.get(`${kind}/${namespace}/${name}`);
  return ROUTE_KINDS.flatMap((kind) =>
    catalog.byAge(kind).map((route): RouteState => {
      const same = carried.state(route);
      if (same !== undefined) return same;
      const known = carried.outcomes(route);
      const outcomes = attachRoute(route, find, catalog, known);
      if (route.kind === "TCPRoute" || route.kind === "TLSRoute") {
        const judged = new Conditions();
        targets.judge(route, judged);
        for (const outcome of outcomes) {
          if (!known.includes(outcome)) outcome.conditions.adopt(judged, "ResolvedRefs");
        }
      }
      return { route, parents: outcomes };
    }),
  );
}
