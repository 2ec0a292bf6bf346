// `metadata` as a person writes it. What a cluster keeps there about an object, and what others write there for others, is
// passed over.

import * as v from "valibot";

import { quote, rule } from "../rule.ts";
import type { Fail } from "../route-together.ts";
import { mapAt, kindMap, openMap, textMapRule, type Written } from "./manifest-rule.ts";
import type { ObjectMeta } from "./manifest.ts";
import { labelRule, namespaceRule, subdomainRule } from "./name-rules.ts";

/** Where an object is that does not say so. */
export const DEFAULT_NAMESPACE = "default";

/** Keys that have no meaning here. */
const PASSED_OVER = [
  "generateName",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "ownerReferences",
  "finalizers",
  "managedFields",
  "clusterName",
];
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Whether a text is a time as objects have it (RFC 3339). */
export function isTimestamp(text: string): boolean {
  return RFC_3339.test(text) && !Number.isNaN(Date.parse(text));
}

/** When an object was made. */
export const timestampRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && isTimestamp(value)) return value;
  refuse("bad-timestamp", `Expected a time such as 2026-01-31T12:00:00Z, found ${quote(value)}`);
  return undefined;
});

/** How objects of a kind are named. */
export interface Naming {
  /** Their kind has no namespaces. */
  readonly clusterScoped?: true;
  /** The name becomes a label of a host name, and is short. */
  readonly label?: true;
}

/** What is read of `metadata`. */
export interface WrittenMetadata {
  readonly name: string;
  readonly namespace?: unknown;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
}

function metadataKeys({ clusterScoped, label }: Naming) {
  return {
    name: label === true ? labelRule : subdomainRule,
    namespace: v.exactOptional<v.GenericSchema<unknown, unknown>>(clusterScoped === true ? v.unknown() : namespaceRule),
    labels: v.exactOptional(textMapRule()),
    annotations: v.exactOptional(textMapRule()),
    creationTimestamp: v.exactOptional(timestampRule),
  };
}

/** The metadata of a kind of ours, in which an unknown key is a mistake. */
export function closedMetadata(naming: Naming): v.GenericSchema<unknown, WrittenMetadata> {
  const others = Object.fromEntries(PASSED_OVER.map((key) => [key, v.exactOptional(v.unknown())]));
  return kindMap({ ...metadataKeys(naming), ...others });
}

/** The metadata of a kind that is others' too. */
export function openMetadata(naming: Naming): v.GenericSchema<unknown, WrittenMetadata> {
  return openMap(metadataKeys(naming));
}

/** Fills in every default. */
export function metadataOf(written: WrittenMetadata, { clusterScoped }: Naming): ObjectMeta {
  const { name, namespace, labels = {}, annotations = {}, creationTimestamp } = written;
  const own = typeof namespace === "string" ? namespace : DEFAULT_NAMESPACE;
  return {
    name,
    namespace: clusterScoped === true ? "" : own,
    labels,
    annotations,
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
}

/** Tells of a namespace that cannot be one. */
export function checkNamespace(document: Written, kind: string, { clusterScoped }: Naming, note: Fail): void {
  const { namespace } = mapAt(document, "metadata");
  if (clusterScoped !== true || namespace === undefined || namespace === null) return;
  const message = `"namespace" has no effect: a ${kind} is in no namespace`;
  note("pointless-namespace", message, ["metadata", "namespace"], "Leave it out", "key");
}
