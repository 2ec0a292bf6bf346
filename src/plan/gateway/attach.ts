// Which sections take a route, by what each of its parentRefs says and what they allow.

import type { Gateway } from "../../resource/manifest/gateway.ts";
import type { ForeignRoute, ParentReference, TcpRoute, TlsRoute } from "../../resource/manifest/l4-route.ts";
import { GATEWAY_GROUP, nameOf } from "../../resource/manifest/manifest.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { Catalog } from "./catalog.ts";
import { Conditions } from "./conditions.ts";
import { intersect } from "./hostnames.ts";
import type { Section } from "./section.ts";
import { allowsNamespace } from "./selector.ts";

export type AnyRoute = TcpRoute | TlsRoute | ForeignRoute;

/** What became of one parentRef. */
export interface ParentOutcome {
  readonly parentRef: ParentReference;
  /** Where it was written. */
  readonly path: ValuePath;
  /** That the parent is, or is merged into. */
  readonly gateway: Gateway;
  readonly controllerName: string;
  readonly conditions: Conditions;
  /** The sections that took the route. */
  readonly sections: readonly Section[];
}

/** A route with what its parents said. */
export interface RouteState {
  readonly route: AnyRoute;
  readonly parents: readonly ParentOutcome[];
}

/** What may be a parent of routes. */
export interface Parent {
  readonly gateway: Gateway;
  readonly controllerName: string;
  readonly sections: readonly Section[];
}

/** Finds the parent of a route; `undefined` when it is not one of ours, or not there. */
export type FindParent = (kind: string, namespace: string, name: string) => Parent | undefined;

/**
 * Attaches a route to the parents that it names; of parents that are not ours nothing is told. `known` is what became of it at parents
 * that have it already.
 */
export function attachRoute(
  route: AnyRoute,
  findParent: FindParent,
  catalog: Catalog,
  known: readonly ParentOutcome[] = [],
): readonly ParentOutcome[] {
  const { parentRefs = [] } = route.spec;
  return parentRefs.flatMap((parentRef, index) => {
    const { group, kind, name, namespace = route.metadata.namespace } = parentRef;
    const parent = group === GATEWAY_GROUP ? findParent(kind, namespace, name) : undefined;
    if (parent === undefined) return [];
    const same = known.find((outcome) => outcome.parentRef === parentRef);
    if (same !== undefined) return [same];
    const conditions = new Conditions();
    if (isClosed(route)) {
      conditions.fail(
        "Accepted",
        "UnsupportedValue",
        "The route's document has mistakes, so that its clients are refused",
        [],
      );
    }
    const path = ["spec", "parentRefs", index];
    const fail = (reason: string, message: string): void => conditions.fail("Accepted", reason, message, path);
    const sections = takers(route, parentRef, parent.sections, fail, catalog);
    conditions.hold("Accepted", "Accepted", "The route is attached");
    const { gateway, controllerName } = parent;
    return [{ parentRef, path, gateway, controllerName, conditions, sections }];
  });
}

/** Whether all that counts of a route is whose clients it would have. */
function isClosed(route: AnyRoute): boolean {
  return (
    (route.kind === "TCPRoute" || route.kind === "TLSRoute") &&
    route.spec.rules.every(({ backendRefs }) => backendRefs.length === 0)
  );
}

function takers(
  route: AnyRoute,
  parentRef: ParentReference,
  sections: readonly Section[],
  fail: (reason: string, message: string) => void,
  catalog: Catalog,
): readonly Section[] {
  const { sectionName, port } = parentRef;
  const named = sections.filter(
    ({ listener }) =>
      (sectionName === undefined || listener.name === sectionName) && (port === undefined || listener.port === port),
  );
  if (named.length === 0) {
    fail("NoMatchingParent", whyNoMatch(route, parentRef, sections.length > 0));
    return [];
  }
  const { namespace } = route.metadata;
  const labels = catalog.labelsOf(namespace);
  const allowing = named.filter(
    ({ supportedKinds, listener, owner }) =>
      supportedKinds.some(({ group, kind }) => group === GATEWAY_GROUP && kind === route.kind) &&
      allowsNamespace(listener.allowedRoutes.namespaces, owner.metadata.namespace, namespace, labels),
  );
  if (allowing.length === 0) {
    fail("NotAllowedByListeners", whyNotAllowed(route, named));
    return [];
  }
  const taken = allowing.filter((section) => take(section, route));
  if (taken.length > 0 || route.kind !== "TLSRoute") return taken;
  const wanted = listed(allowing.map(({ listener }) => listener.hostname ?? "every name"));
  const message = `None of the route's host names (${listed(route.spec.hostnames)}) is one of a listener's (${wanted})`;
  fail("NoMatchingListenerHostname", message);
  return [];
}

/** More than this many names are no help in a message. */
const MAX_LISTED = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(", ");
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}

/** Whether a section takes a route; a TLSRoute for the names that both mean. */
function take(section: Section, route: AnyRoute): boolean {
  if (route.kind !== "TCPRoute" && route.kind !== "TLSRoute") return false;
  const hostnames =
    route.kind === "TCPRoute"
      ? []
      : route.spec.hostnames.flatMap((hostname) => intersect(section.listener.hostname, hostname) ?? []);
  if (route.kind === "TLSRoute" && hostnames.length === 0) return false;
  // Two parentRefs that lead to the same section attach once.
  if (section.attachments.at(-1)?.route === route) return true;
  section.attachments.push({ route, hostnames: hostnames.length < 2 ? hostnames : [...new Set(hostnames)] });
  // What is not accepted has its clients kept away from others, and does not count.
  if (!isClosed(route)) section.attachedRoutes++;
  return true;
}

function whyNoMatch(
  route: AnyRoute,
  { kind, name, namespace, sectionName, port }: ParentReference,
  any: boolean,
): string {
  const parent = `${kind} "${namespace ?? route.metadata.namespace}/${name}"`;
  if (!any) return `${parent} is not in force, and has no listeners`;
  const wanted = [
    ...(sectionName === undefined ? [] : [`is called "${sectionName}"`]),
    ...(port === undefined ? [] : [`has port ${port}`]),
  ];
  return `${parent} has no listener that ${wanted.join(" and ")}`;
}

function whyNotAllowed(route: AnyRoute, named: readonly Section[]): string {
  const fitting = named.filter(({ supportedKinds }) => supportedKinds.some(({ kind }) => kind === route.kind));
  const [first] = fitting.length > 0 ? fitting : named;
  const where = first === undefined ? "" : ` "${first.listener.name}" of ${first.owner.kind} "${nameOf(first.owner)}"`;
  if (fitting.length > 0) {
    return `Listener${where} does not allow routes of namespace "${route.metadata.namespace}": its allowedRoutes.namespaces would have to`;
  }
  return route.kind === "TCPRoute" || route.kind === "TLSRoute"
    ? `Listener${where} with protocol ${first?.listener.protocol} does not take routes of kind ${route.kind}`
    : `Routes of kind ${route.kind} are not supported: wanted is TCPRoute or TLSRoute`;
}
