// What upstream's conformance suite asserts about statuses (conformance/utils/kubernetes/helpers.go), waiting until it holds. Objects
// are named `Kind namespace/name`, conditions `Type=Status/Reason`; without a reason any will do.

import { expect } from "bun:test";
import * as v from "valibot";
import type { ManifestGateway } from "./manifest-gateway.ts";

export const CONTROLLER = "sallyport.dev/gateway-controller";
const GROUP = "gateway.networking.k8s.io";
/** How long a status may take to become what it should; then the test tells what it is instead. */
const PATIENCE_MS = 3_000;
const LOOK_AGAIN_MS = 10;

const Conditions = v.array(
  v.object({
    type: v.string(),
    status: v.picklist(["True", "False", "Unknown"]),
    reason: v.pipe(v.string(), v.regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)),
    message: v.string(),
    observedGeneration: v.number(),
    lastTransitionTime: v.pipe(v.string(), v.isoTimestamp()),
  }),
);
const Kinds = v.array(v.object({ group: v.string(), kind: v.string() }));
const Listeners = v.array(
  v.object({ name: v.string(), supportedKinds: Kinds, attachedRoutes: v.number(), conditions: Conditions }),
);
const Parents = v.array(
  v.object({
    parentRef: v.looseObject({
      group: v.string(),
      kind: v.string(),
      name: v.string(),
      namespace: v.optional(v.string()),
      sectionName: v.optional(v.string()),
      port: v.optional(v.number()),
    }),
    controllerName: v.string(),
    conditions: Conditions,
  }),
);
const Ancestors = v.array(
  v.object({
    ancestorRef: v.looseObject({
      group: v.string(),
      kind: v.string(),
      name: v.string(),
      namespace: v.optional(v.string()),
    }),
    controllerName: v.string(),
    conditions: Conditions,
  }),
);
const Status = v.looseObject({
  conditions: v.optional(Conditions, []),
  listeners: v.optional(Listeners, []),
  parents: v.optional(Parents, []),
  ancestors: v.optional(Ancestors, []),
  addresses: v.optional(v.array(v.object({ type: v.string(), value: v.string() })), []),
  attachedListenerSets: v.optional(v.number(), 0),
  supportedFeatures: v.optional(v.array(v.object({ name: v.string() })), []),
});
export type Status = v.InferOutput<typeof Status>;
export type ConditionList = v.InferOutput<typeof Conditions>;

/** An object's status with its generation. */
export interface Seen {
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly status: Status;
}

/** The status of `Kind namespace/name`, as it is now. Throws when there is no such object, or it has no status. */
export async function readStatus(gateway: ManifestGateway, object: string): Promise<Seen> {
  const { kind, namespace, name } = partsOf(object);
  const found = await gateway.find(kind, namespace, name);
  if (found === undefined) throw new Error(`There is no ${object}`);
  const { generation, creationTimestamp } = found.metadata;
  return { generation, creationTimestamp, status: v.parse(Status, found.status) };
}

/** Looks until `check` passes, or tells why it does not. */
export async function eventuallySeen(
  gateway: ManifestGateway,
  object: string,
  check: (seen: Seen) => void,
): Promise<Seen> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      const seen = await readStatus(gateway, object);
      checkGenerations(seen);
      check(seen);
      return seen;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, LOOK_AGAIN_MS);
    await promise;
  }
}

/** Conditions of a GatewayClass, a Gateway or a ListenerSet; others than these may be there. */
export async function expectConditions(
  gateway: ManifestGateway,
  object: string,
  ...wanted: readonly string[]
): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status }) => hasConditions(status.conditions, wanted));
}

export interface ListenerWish {
  /** Kinds of the standard's group that are there, among others; none: none may be there. */
  readonly kinds: readonly string[];
  readonly routes: number;
  readonly conditions: readonly string[];
}

/** The listeners of a Gateway or a ListenerSet, exactly these, in any order. */
export async function expectListeners(
  gateway: ManifestGateway,
  object: string,
  wanted: Readonly<Record<string, ListenerWish>>,
): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status: { listeners } }) => {
    expect(listeners.map(({ name }) => name).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const { name, supportedKinds, attachedRoutes, conditions } of listeners) {
      const wish = wanted[name];
      if (wish === undefined) continue;
      const kinds = supportedKinds.map(({ group, kind }) => `${group}/${kind}`);
      if (wish.kinds.length === 0) expect(kinds).toEqual([]);
      for (const kind of wish.kinds) expect(kinds).toContain(`${GROUP}/${kind}`);
      expect(`${name}: ${attachedRoutes} routes`).toBe(`${name}: ${wish.routes} routes`);
      hasConditions(conditions, wish.conditions);
    }
  });
}

/**
 * The parents of a route, exactly these, in the order of its parentRefs: `Gateway name`, `Gateway namespace/name` or the same
 * of a ListenerSet. The namespace is compared when it is written.
 */
export async function expectParents(
  gateway: ManifestGateway,
  object: string,
  ...wanted: readonly (readonly [parent: string, ...conditions: readonly string[]])[]
): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status: { parents } }) => {
    const named = parents.map(({ parentRef }) => parentRef);
    const names = wanted.map(([parent], index) => nameLike(named[index], parent));
    expect(names).toEqual(wanted.map(([parent]) => parent));
    expect(parents).toHaveLength(wanted.length);
    for (const [index, { parentRef, controllerName, conditions }] of parents.entries()) {
      expect(parentRef.group).toBe(GROUP);
      expect(controllerName).toBe(CONTROLLER);
      hasConditions(conditions, wanted[index]?.slice(1) ?? []);
    }
  });
}

/** The ancestors of a policy, these among others: `Gateway namespace/name` with conditions. */
export async function expectAncestors(
  gateway: ManifestGateway,
  object: string,
  ...wanted: readonly (readonly [ancestor: string, ...conditions: readonly string[]])[]
): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status: { ancestors } }) => {
    for (const [ancestor, ...conditions] of wanted) {
      const found = ancestors.find(({ ancestorRef }) => nameLike(ancestorRef, ancestor) === ancestor);
      if (found === undefined) throw new Error(`No ancestor ${ancestor} in ${JSON.stringify(ancestors)}`);
      expect(found.controllerName).toBe(CONTROLLER);
      hasConditions(found.conditions, conditions);
    }
  });
}

/** The addresses of a Gateway, exactly these values, all IPs. */
export async function expectAddresses(
  gateway: ManifestGateway,
  object: string,
  ...values: readonly string[]
): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status: { addresses } }) => {
    expect(addresses).toEqual(values.map((value) => ({ type: "IPAddress", value })));
  });
}

/** Throws unless each of these conditions is in the list, and no type is there twice. */
export function hasConditions(list: ConditionList, wanted: readonly string[]): void {
  const types = list.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)]);
  const seen = list.map(({ type, status, reason }) => ({
    text: `${type}=${status}`,
    full: `${type}=${status}/${reason}`,
  }));
  // With the whole list in it, so that a failure tells what is there instead.
  const holding = wanted.filter((each) => seen.some(({ text, full }) => each === text || each === full));
  const all = list.map(({ type, status, reason, message }) => `${type}=${status}/${reason} ${message}`);
  expect({ wanted: holding, all }).toEqual({ wanted: [...wanted], all });
}

/** Every condition anywhere in a status is about the object as it is now. */
function checkGenerations({ generation, status }: Seen): void {
  const lists = [status, ...status.listeners, ...status.parents, ...status.ancestors].map(
    ({ conditions }) => conditions,
  );
  const observed = lists.flat().map(({ type, observedGeneration }) => `${type} ${observedGeneration}`);
  expect(observed).toEqual(lists.flat().map(({ type }) => `${type} ${generation}`));
}

function nameLike(
  reference: { readonly kind: string; readonly name: string; readonly namespace?: string | undefined } | undefined,
  wanted: string,
): string {
  if (reference === undefined) return "";
  const { kind, namespace, name } = reference;
  return wanted.includes("/") ? `${kind} ${namespace ?? ""}/${name}` : `${kind} ${name}`;
}

function partsOf(object: string): { readonly kind: string; readonly namespace: string; readonly name: string } {
  const parts = /^(\w+) (?:([^/]+)\/)?([^/]+)$/.exec(object);
  if (parts === null) throw new Error(`"${object}" is no "Kind namespace/name"`);
  const [, kind = "", namespace = "", name = ""] = parts;
  return { kind, namespace, name };
}
