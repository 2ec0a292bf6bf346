// What a document is by its first two lines, among the kinds that somebody knows: ours, somebody else's, or a slip of the pen.

import { editDistance, suggest } from "../../base/suggest.ts";
import { quote } from "../rule.ts";
import { listed } from "../scalar-rule.ts";
import type { KindReader } from "./kind-reader.ts";
import { GATEWAY_GROUP, OWN_GROUP } from "./manifest.ts";

/** A kind that is read. */
export interface KnownKind<M> {
  readonly reader: KindReader<M>;
  /** The one that is meant where none of them is written comes first. */
  readonly groups: readonly [ServedGroup, ...ServedGroup[]];
}

/** A group that has a kind. */
export interface ServedGroup {
  readonly group: string;
  /** The current one first; those after it that are still served say the same. */
  readonly current: readonly [string, ...string[]];
  /** Older ones, read as the current one. */
  readonly older: readonly string[];
  /** Those that had other keys. */
  readonly refused: readonly string[];
}

/** Kinds by the names that documents have for them. */
export type KnownKinds<M> = ReadonlyMap<string, KnownKind<M>>;

/** Group of the kinds that have none. */
export const CORE_GROUP = "";
/** Near to the standard one, and somebody else's. */
const EXPERIMENTAL_GROUP = "gateway.networking.x-k8s.io";

/** Kinds of the standard group that are not read, and whose names are near to those of others. */
const OTHERS: readonly unknown[] = ["BackendLBPolicy", "BackendTrafficPolicy", "ReferencePolicy", "Mesh"];
/** Whatever else is in our own group may be meant to keep clients out, as this one does. */
const KEEPS_OUT = "ListenerPolicy";

/** Letters of a group that may be wrong. */
const MOST_SLIPS = 2;

/** What the first two lines of a document come to. */
export type Identified<M> =
  /** Somebody else's. */
  | { readonly verdict: "foreign" }
  | { readonly verdict: "known"; readonly reader: KindReader<M>; readonly notice?: Slip }
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
export function identifyAmong<M>(kinds: KnownKinds<M>, document: Readonly<Record<string, unknown>>): Identified<M> {
  const { apiVersion, kind } = document;
  const found = typeof kind === "string" ? kinds.get(kind) : undefined;
  if (typeof apiVersion !== "string") {
    if (found === undefined) return { verdict: "foreign" };
    const message = `Expected "apiVersion" in a document of kind ${quote(kind)}`;
    return refuse("apiVersion", "missing-api-version", message, `Write "apiVersion: ${currentOf(found)}"`, found);
  }
  const slash = apiVersion.indexOf("/");
  const group = slash === -1 ? CORE_GROUP : apiVersion.slice(0, slash);
  const served = found?.groups.find((each) => each.group === group);
  if (found !== undefined && served !== undefined) {
    return judgeVersion(found, served, apiVersion, apiVersion.slice(slash + 1));
  }
  // A slip of the pen in the group must not make somebody else's of a policy: what it says would be ignored.
  if (!isKnownGroup(kinds, group) && (found === undefined || !isSlip(group, found))) return { verdict: "foreign" };
  if (found !== undefined) {
    const message = `There is no kind ${quote(kind)} in ${quote(apiVersion)}`;
    return refuse("apiVersion", "wrong-group", message, `Write "apiVersion: ${currentOf(found)}"`, found);
  }
  return judgeKind(kinds, kind, group, apiVersion);
}

/** Of such a group every kind is known that anybody would write here, so that another one is a slip. */
function isKnownGroup<M>(kinds: KnownKinds<M>, group: string): boolean {
  return Array.from(kinds.values()).some(({ groups }) => groups.some((each) => each.group === group));
}

function judgeVersion<M>(found: KnownKind<M>, served: ServedGroup, apiVersion: string, version: string): Identified<M> {
  const { reader } = found;
  const { current, older, refused } = served;
  if (current.includes(version)) return { verdict: "known", reader };
  const now = versionOf(served, current[0]);
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
  const readable = listed([...current, ...older].map((each) => versionOf(served, each)));
  const message = `There is no version ${quote(apiVersion)} of ${reader.kind}: known are ${readable}`;
  return refuse("apiVersion", "unknown-version", message, `Write "apiVersion: ${now}"`, found);
}

/**
 * Whether the group of a kind was probably meant. Controllers' own groups have kinds of the same names, none as near; a policy, which
 * would be ignored, is taken for ours for less.
 */
function isSlip<M>(written: string, { groups, reader }: KnownKind<M>): boolean {
  if (written === EXPERIMENTAL_GROUP) return false;
  return groups.some(({ group }) => {
    if (reader.kind.endsWith("Policy") && suggest(written, [group]) !== undefined) return true;
    return Math.abs(written.length - group.length) <= MOST_SLIPS && editDistance(written, group) <= MOST_SLIPS;
  });
}

/** A kind that is not known, in a group that is. */
function judgeKind<M>(kinds: KnownKinds<M>, kind: unknown, group: string, apiVersion: string): Identified<M> {
  if (OTHERS.includes(kind)) return { verdict: "foreign" };
  const names = Array.from(kinds).flatMap(([name, { groups }]) =>
    groups.some((each) => each.group === group) ? [name] : [],
  );
  const near = typeof kind === "string" ? suggest(kind, names) : undefined;
  // Kubernetes has many kinds in these groups that are none of our business, some of them with names that are near.
  const isOurs = group === OWN_GROUP || (group === GATEWAY_GROUP && (near !== undefined || typeof kind !== "string"));
  const isMisspelt = names.some((name) => typeof kind === "string" && name.toLowerCase() === kind.toLowerCase());
  if (!isOurs && !isMisspelt) return { verdict: "foreign" };
  const message =
    kind === undefined
      ? `Expected "kind" in a document of ${quote(apiVersion)}`
      : `There is no kind ${quote(kind)} in ${quote(apiVersion)}`;
  const hint = near === undefined ? `Known kinds: ${names.join(", ")}` : `Did you mean "${near}"?`;
  const meant = near ?? (group === OWN_GROUP ? KEEPS_OUT : undefined);
  return refuse("kind", "unknown-kind", message, hint, meant === undefined ? undefined : kinds.get(meant));
}

function refuse<M>(
  key: Slip["key"],
  code: string,
  message: string,
  hint: string,
  meant: KnownKind<M> | undefined,
): Identified<M> {
  const slip = { key, code: `manifest/${code}`, message, hint };
  return { verdict: "refused", slip, ...(meant === undefined ? {} : { kind: meant.reader.kind }) };
}

function currentOf<M>({ groups: [served] }: KnownKind<M>): string {
  return versionOf(served, served.current[0]);
}

function versionOf({ group }: ServedGroup, version: string): string {
  return group === CORE_GROUP ? version : `${group}/${version}`;
}
