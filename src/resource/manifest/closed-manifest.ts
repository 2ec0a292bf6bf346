// Objects that stand for documents with mistakes, and only keep what others must not get: routes and listeners their clients, a Service
// and its endpoints from being looked up by name, a Namespace its labels from being none.

import * as v from "valibot";

import type { Origin } from "../origin.ts";
import { ignore, readList } from "../rule.ts";
import { closedEndpoint, closedService } from "./closed-endpoint.ts";
import { SERVICE_LABEL } from "./core.ts";
import type { GatewayListener } from "./gateway.ts";
import { address, listenerSetParent } from "./gateway-schema.ts";
import type { AnyManifest } from "./kinds.ts";
import type { ParentReference } from "./l4-route.ts";
import { GATEWAY_GROUP, type ObjectMeta } from "./manifest.ts";
import { has, mapAt, openMap, type Written } from "./manifest-rule.ts";
import { DEFAULT_NAMESPACE, timestampRule } from "./metadata-schema.ts";
import {
  hostnameRule,
  isLabel,
  isSubdomain,
  listenerProtocolRule,
  objectNameRule,
  portRule,
  subdomainRule,
  tlsHostnameRule,
} from "./name-rules.ts";

/** What stands for a document of this kind; `undefined` when it keeps nothing from anybody, or it is not known what. */
export function closedManifest(document: Written, kind: string, origin: Origin): AnyManifest | undefined {
  const namespaced = kind !== "Namespace";
  const metadata = metadataOf(mapAt(document, "metadata"), namespaced);
  if (metadata === undefined) return undefined;
  const spec = mapAt(document, "spec");
  const gateway = { apiVersion: `${GATEWAY_GROUP}/v1`, metadata, origin };
  switch (kind) {
    case "TCPRoute": {
      const parentRefs = readGood(spec["parentRefs"], closedParent);
      return parentRefs.length === 0 ? undefined : { ...gateway, kind, spec: { parentRefs, rules: NOWHERE } };
    }
    case "TLSRoute": {
      const parentRefs = readGood(spec["parentRefs"], closedParent);
      const hostnames = readGood(spec["hostnames"], meantName(tlsHostnameRule));
      if (parentRefs.length === 0 || hostnames.length === 0) return undefined;
      return { ...gateway, kind, spec: { hostnames, parentRefs, rules: NOWHERE } };
    }
    case "Gateway": {
      const listeners = closedListeners(spec["listeners"]);
      const ofClass = v.safeParse(objectNameRule, spec["gatewayClassName"]);
      // Where it would listen has to be known.
      const addresses = v.safeParse(v.array(address), has(spec, "addresses") ? spec["addresses"] : []);
      if (listeners.length === 0 || !ofClass.success || !addresses.success) return undefined;
      // Of its ListenerSets too, whoever would be allowed.
      const allowedListeners = { namespaces: { from: "All" } } as const;
      const closed = { gatewayClassName: ofClass.output, listeners, allowedListeners, addresses: addresses.output };
      return { ...gateway, kind, spec: { ...closed, hasMistakes: true } };
    }
    case "ListenerSet": {
      const listeners = closedListeners(spec["listeners"]);
      const parent = v.safeParse(listenerSetParent, spec["parentRef"]);
      if (listeners.length === 0 || !parent.success) return undefined;
      return { ...gateway, kind, spec: { parentRef: parent.output, listeners, hasMistakes: true } };
    }
    case "AgentEndpoint":
    case "CloudEndpoint":
      return closedEndpoint(kind, spec, metadata, origin);
    case "Service":
      return closedService(mapAt(mapAt(document, "metadata"), "annotations"), spec, metadata, origin);
    case "EndpointSlice": {
      const service = mapAt(mapAt(document, "metadata"), "labels")[SERVICE_LABEL];
      if (typeof service !== "string") return undefined;
      const owned = { ...metadata, labels: { [SERVICE_LABEL]: service } };
      const none = { addressType: "IPv4", endpoints: [], ports: [] } as const;
      return { kind, apiVersion: "discovery.k8s.io/v1", metadata: owned, spec: none, origin };
    }
    case "Endpoints":
      return { kind, apiVersion: "v1", metadata, spec: { subsets: [] }, origin };
    case "Namespace":
      return { kind, apiVersion: "v1", metadata, spec: { hasMistakes: true }, origin };
    default:
      return undefined;
  }
}

const NOWHERE = [{ backendRefs: [] }] as const;

/** `undefined` when it is not known which object is meant. */
function metadataOf({ name, namespace, creationTimestamp }: Written, namespaced: boolean): ObjectMeta | undefined {
  const home = namespaced ? (namespace ?? DEFAULT_NAMESPACE) : "";
  if (typeof name !== "string" || !isSubdomain(name)) return undefined;
  if (typeof home !== "string" || (namespaced && !isLabel(home))) return undefined;
  // Of two that want the same the older one gets it.
  const made = v.safeParse(timestampRule, creationTimestamp);
  const time = made.success ? { creationTimestamp: made.output } : {};
  return { name, namespace: home, labels: {}, annotations: {}, ...time };
}

/** A name that clients would ask for by what was written, if in another case or with a dot at its end. */
function meantName(schema: v.GenericSchema<unknown, string>): v.GenericSchema<unknown, string> {
  return v.pipe(v.unknown(), v.transform(lowered), schema);
}

function lowered(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase().replace(/\.$/, "") : value;
}

/** A parentRef, of which a part that cannot be read leaves all that the others mean. */
const closedParent: v.GenericSchema<unknown, ParentReference> = v.pipe(
  openMap({
    name: objectNameRule,
    group: v.optional(v.unknown()),
    kind: v.optional(v.unknown()),
    namespace: v.optional(v.unknown()),
    sectionName: v.optional(v.unknown()),
    port: v.optional(v.unknown()),
  }),
  v.transform(({ name, group, kind, namespace, sectionName, port }) => ({
    group: typeof group === "string" ? group : GATEWAY_GROUP,
    kind: typeof kind === "string" ? kind : "Gateway",
    name,
    ...(typeof namespace === "string" ? { namespace } : {}),
    ...(typeof sectionName === "string" && isSubdomain(sectionName) ? { sectionName } : {}),
    ...(typeof port === "number" && v.is(portRule, port) ? { port } : {}),
  })),
);

/** Many times what is allowed; each is compared with all others. */
const MAX_LISTENERS = 1000;

/** All that counts of a listener is whose clients it would have. */
const claim = openMap({
  name: v.exactOptional(v.fallback(subdomainRule, "")),
  hostname: v.exactOptional(meantName(hostnameRule)),
  port: portRule,
  protocol: listenerProtocolRule,
});

/** The listeners of which that is known. */
function closedListeners(value: unknown): readonly GatewayListener[] {
  const good = readGood(value, claim).slice(0, MAX_LISTENERS);
  return good.map(({ name = "", port, protocol, hostname }, index) => ({
    name: name === "" ? `listener-${index}` : name,
    port,
    protocol,
    ...(hostname === undefined || protocol === "TCP" ? {} : { hostname }),
    // Whoever would be allowed: the names of all are kept.
    allowedRoutes: { namespaces: { from: "All" } },
  }));
}

/** The good entries of a list, each once. */
function readGood<Entry>(value: unknown, schema: v.GenericSchema<unknown, Entry>): readonly Entry[] {
  const seen = new Set<string>();
  const good = readList(value, ignore, (item) => {
    const result = v.safeParse(schema, item);
    const key = JSON.stringify(result.output);
    if (!result.success || seen.has(key)) return undefined;
    seen.add(key);
    return result.output;
  });
  return good ?? [];
}
