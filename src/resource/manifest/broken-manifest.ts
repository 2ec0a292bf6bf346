// What is left of a document with mistakes, so that nobody gets in whom it would have kept out: a policy keeps everybody from
// what it names; what other kinds leave is `closed-manifest.ts`.

import type { Origin } from "../origin.ts";
import { isMap } from "../rule.ts";
import { BACKEND_TARGETS } from "./backend-policy-schema.ts";
import { closedManifest } from "./closed-manifest.ts";
import type { AnyManifest, BrokenPolicy } from "./kinds.ts";
import { LISTENER_TARGETS } from "./listener-policy-schema.ts";
import { mapAt, type Written } from "./manifest-rule.ts";
import { DEFAULT_NAMESPACE } from "./metadata-schema.ts";
import { isSubdomain } from "./name-rules.ts";

type PolicyKind = BrokenPolicy["kind"];

/** More than one in a text that cannot be read is enough to close whatever is mentioned. */
const MAX_NAMESPACES = 100;

/** What a policy of each kind can name; a standard one names whatever it likes. */
const TARGET_KINDS: Readonly<Record<PolicyKind, readonly string[] | undefined>> = {
  BackendTLSPolicy: undefined,
  ListenerPolicy: LISTENER_TARGETS.kinds,
  BackendPolicy: BACKEND_TARGETS.kinds,
};

/** What has to be closed. */
export interface Remains {
  readonly manifest?: AnyManifest;
  readonly broken?: BrokenPolicy;
}

/** What is left of a document that was meant to be of this kind. */
export function remainsOf(document: Written, kind: string, origin: Origin): Remains {
  if (isPolicyKind(kind)) return { broken: brokenPolicy(document, kind, origin) };
  const manifest = closedManifest(document, kind, origin);
  return manifest === undefined ? {} : { manifest };
}

/**
 * Policies in a text that is no YAML: nobody knows what they are for, so that they close everything in the namespaces that are mentioned.
 */
export function policiesIn(text: string, file: string): readonly BrokenPolicy[] {
  const kinds = Object.keys(TARGET_KINDS)
    .filter(isPolicyKind)
    .filter((kind) => new RegExp(`\\b${kind}\\b`).test(text));
  if (kinds.length === 0) return [];
  const mentioned = new Set<string>();
  for (const match of text.matchAll(/\bnamespace["']?\s*:\s*["']?([-a-z0-9]+)/g)) {
    if (match[1] !== undefined && mentioned.size < MAX_NAMESPACES) mentioned.add(match[1]);
  }
  // Items of a list are in one each.
  if (mentioned.size === 0 || /\bitems\b/.test(text)) mentioned.add(DEFAULT_NAMESPACE);
  return kinds.flatMap((kind) => Array.from(mentioned, (namespace) => ({ kind, namespace, file })));
}

function isPolicyKind(kind: string): kind is PolicyKind {
  return Object.hasOwn(TARGET_KINDS, kind);
}

function brokenPolicy(document: Written, kind: PolicyKind, { file }: Origin): BrokenPolicy {
  const { name, namespace } = mapAt(document, "metadata");
  const targets = readTargets(mapAt(document, "spec"), TARGET_KINDS[kind]);
  return {
    kind,
    // What YAML takes for a number is the name that was written, and what is in upper case the one that was meant; nobody's
    // namespace is called anything else.
    namespace:
      typeof namespace === "string" || typeof namespace === "number"
        ? String(namespace).trim().toLowerCase()
        : DEFAULT_NAMESPACE,
    ...(typeof name === "string" ? { name } : {}),
    ...(targets === undefined ? {} : { targets }),
    file,
  };
}

/** All targets, or `undefined` when one of them is not known: it could be any. */
function readTargets(spec: Written, kinds: readonly string[] | undefined): BrokenPolicy["targets"] {
  // An older version had a single one.
  const { targetRefs = [spec["targetRef"]] } = spec;
  if (!Array.isArray(targetRefs) || targetRefs.length === 0) return undefined;
  const targets: { kind: string; name: string; sectionName?: string }[] = [];
  for (const target of targetRefs) {
    if (!isMap(target)) return undefined;
    const { kind, name, sectionName } = target;
    if (typeof kind !== "string" || typeof name !== "string" || name === "") return undefined;
    if (kinds !== undefined && !kinds.includes(kind)) return undefined;
    // Of a part that is not known the whole is meant.
    targets.push({
      kind,
      name,
      ...(typeof sectionName === "string" && isSubdomain(sectionName) ? { sectionName } : {}),
    });
  }
  return targets;
}
