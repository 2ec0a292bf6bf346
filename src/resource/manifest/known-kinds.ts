// Which documents have a meaning here: kinds, their groups, and the versions of each that are read.

import { listed } from "../scalar-rule.ts";
import { editDistance, suggest } from "../../base/suggest.ts";
import { quote } from "../rule.ts";
import { backendPolicyReader } from "./backend-policy-schema.ts";
import { backendTlsReader } from "./backend-tls-schema.ts";
import { endpointSliceReader, endpointsReader } from "./endpoints-schema.ts";
import { gatewayClassReader } from "./gateway-class-schema.ts";
import { gatewayReader, listenerSetReader } from "./gateway-schema.ts";
import type { KindReader } from "./kind-reader.ts";
import type { AnyManifest } from "./kinds.ts";
import { grpcRouteReader, httpRouteReader, tcpRouteReader, tlsRouteReader, udpRouteReader } from "./l4-route-schema.ts";
import { listenerPolicyReader } from "./listener-policy-schema.ts";
import { GATEWAY_GROUP, OWN_GROUP } from "./manifest.ts";
import { referenceGrantReader } from "./reference-grant-schema.ts";
import { configMapReader, namespaceReader, secretReader } from "./secret-schema.ts";
import { serviceReader } from "./service-schema.ts";
import { tcpAddressReader } from "./tcp-address-schema.ts";

/** A kind that is read. */
interface KnownKind {
  readonly reader: KindReader<AnyManifest>;
  readonly group: string;
  /** The current one first; those after it that are still served say the same. */
  readonly current: readonly [string, ...string[]];
  /** Older ones, read as the current one. */
  readonly older: readonly string[];
  /** Those that had other keys. */
  readonly refused: readonly string[];
}

const CORE_GROUP = "";
const DISCOVERY_GROUP = "discovery.k8s.io";
/** Near to the standard one, and somebody else's. */
const EXPERIMENTAL_GROUP = "gateway.networking.x-k8s.io";
/** Groups of which every kind is known that anybody would write here, so that another one is a slip. */
const GROUPS: readonly string[] = [CORE_GROUP, DISCOVERY_GROUP, GATEWAY_GROUP, OWN_GROUP];

/** Kinds of the standard group that are not read, and whose names are near to those of others. */
const OTHERS: readonly unknown[] = ["BackendLBPolicy", "BackendTrafficPolicy", "ReferencePolicy", "Mesh"];

function known(
  reader: KindReader<AnyManifest>,
  group: string,
  current: readonly [string, ...string[]],
  older: readonly string[] = [],
  refused: readonly string[] = [],
): readonly [string, KnownKind] {
  return [reader.kind, { reader, group, current, older, refused }];
}

const KINDS: ReadonlyMap<string, KnownKind> = new Map([
  known(gatewayClassReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(gatewayReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(listenerSetReader, GATEWAY_GROUP, ["v1"]),
  known(referenceGrantReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(tcpRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha2"]),
  known(tlsRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha3", "v1alpha2"]),
  known(udpRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha2"]),
  known(httpRouteReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(grpcRouteReader, GATEWAY_GROUP, ["v1"], ["v1beta1", "v1alpha2"]),
  known(backendTlsReader, GATEWAY_GROUP, ["v1"], ["v1alpha3"], ["v1alpha2"]),
  known(listenerPolicyReader, OWN_GROUP, ["v1alpha1"]),
  known(backendPolicyReader, OWN_GROUP, ["v1alpha1"]),
  known(tcpAddressReader, OWN_GROUP, ["v1alpha1"]),
  known(serviceReader, CORE_GROUP, ["v1"]),
  known(secretReader, CORE_GROUP, ["v1"]),
  known(configMapReader, CORE_GROUP, ["v1"]),
  known(namespaceReader, CORE_GROUP, ["v1"]),
  known(endpointsReader, CORE_GROUP, ["v1"]),
  known(endpointSliceReader, DISCOVERY_GROUP, ["v1"], ["v1beta1"]),
]);

/** Letters of a group that may be wrong. */
const MOST_SLIPS = 2;

/** What the first two lines of a document come to. */
export type Identified =
  /** Somebody else's. */
  | { readonly verdict: "foreign" }
  | { readonly verdict: "known"; readonly reader: KindReader<AnyManifest>; readonly notice?: Slip }
  /** `kind`: which one was probably meant. */
  | { readonly verdict: "refused"; readonly kind?: string; readonly slip: Slip };

/** Something to say about one of the two. */
interface Slip {
  readonly key: "apiVersion" | "kind";
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Tells by `apiVersion` and `kind` what a document is. */
export function identify(document: Readonly<Record<string, unknown>>): Identified {
  const { apiVersion, kind } = document;
  const found = typeof kind === "string" ? KINDS.get(kind) : undefined;
  if (typeof apiVersion !== "string") {
    if (found === undefined) return { verdict: "foreign" };
    const message = `Expected "apiVersion" in a document of kind ${quote(kind)}`;
    return refuse("apiVersion", "missing-api-version", message, `Write "apiVersion: ${currentOf(found)}"`, found);
  }
  const slash = apiVersion.indexOf("/");
  const group = slash === -1 ? CORE_GROUP : apiVersion.slice(0, slash);
  if (found !== undefined && found.group === group) return judgeVersion(found, apiVersion, apiVersion.slice(slash + 1));
  // A slip of the pen in the group must not make somebody else's of a policy: what it says would be ignored.
  if (!GROUPS.includes(group) && (found === undefined || !isSlip(group, found))) return { verdict: "foreign" };
  if (found !== undefined) {
    const message = `There is no kind ${quote(kind)} in ${quote(apiVersion)}`;
    return refuse("apiVersion", "wrong-group", message, `Write "apiVersion: ${currentOf(found)}"`, found);
  }
  return judgeKind(kind, group, apiVersion);
}

function judgeVersion(found: KnownKind, apiVersion: string, version: string): Identified {
  const { reader, current, older, refused } = found;
  if (current.includes(version)) return { verdict: "known", reader };
  const now = currentOf(found);
  if (older.includes(version)) {
    const message = `${quote(apiVersion)} is an old version of ${reader.kind}, read as ${now}`;
    return {
      verdict: "known",
      reader,
      notice: { key: "apiVersion", code: "manifest/old-version", message, hint: `Write "apiVersion: ${now}"` },
    };
  }
  if (refused.includes(version)) {
    const message = `Cannot read ${reader.kind} of ${quote(apiVersion)}: that version had other keys`;
    return refuse("apiVersion", "unsupported-version", message, `Write it anew for ${now}`, found);
  }
  const readable = listed([...current, ...older].map((each) => versionOf(found, each)));
  const message = `There is no version ${quote(apiVersion)} of ${reader.kind}: known are ${readable}`;
  return refuse("apiVersion", "unknown-version", message, `Write "apiVersion: ${now}"`, found);
}

/**
 * Whether the group of a kind was probably meant. Controllers' own groups have kinds of the same names, none as near; a policy, which
 * would be ignored, is taken for ours for less.
 */
function isSlip(written: string, { group, reader }: KnownKind): boolean {
  if (written === EXPERIMENTAL_GROUP) return false;
  if (reader.kind.endsWith("Policy") && suggest(written, [group]) !== undefined) return true;
  return Math.abs(written.length - group.length) <= MOST_SLIPS && editDistance(written, group) <= MOST_SLIPS;
}

/** A kind that is not known, in a group that is. */
function judgeKind(kind: unknown, group: string, apiVersion: string): Identified {
  if (OTHERS.includes(kind)) return { verdict: "foreign" };
  const kinds = Array.from(KINDS).flatMap(([name, each]) => (each.group === group ? [name] : []));
  const near = typeof kind === "string" ? suggest(kind, kinds) : undefined;
  // Kubernetes has many kinds in these groups that are none of our business, some of them with names that are near.
  const isOurs = group === OWN_GROUP || (group === GATEWAY_GROUP && (near !== undefined || typeof kind !== "string"));
  const isMisspelt = kinds.some((name) => typeof kind === "string" && name.toLowerCase() === kind.toLowerCase());
  if (!isOurs && !isMisspelt) return { verdict: "foreign" };
  const message =
    kind === undefined
      ? `Expected "kind" in a document of ${quote(apiVersion)}`
      : `There is no kind ${quote(kind)} in ${quote(apiVersion)}`;
  const hint = near === undefined ? `Known kinds: ${kinds.join(", ")}` : `Did you mean "${near}"?`;
  // Whatever else is ours may be meant to keep clients out.
  const meant = near ?? (group === OWN_GROUP ? listenerPolicyReader.kind : undefined);
  return refuse("kind", "unknown-kind", message, hint, meant === undefined ? undefined : KINDS.get(meant));
}

function refuse(
  key: Slip["key"],
  code: string,
  message: string,
  hint: string,
  meant: KnownKind | undefined,
): Identified {
  const slip = { key, code: `manifest/${code}`, message, hint };
  return { verdict: "refused", slip, ...(meant === undefined ? {} : { kind: meant.reader.kind }) };
}

function currentOf(kind: KnownKind): string {
  return versionOf(kind, kind.current[0]);
}

function versionOf({ group }: KnownKind, version: string): string {
  return group === CORE_GROUP ? version : `${group}/${version}`;
}
