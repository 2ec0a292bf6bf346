// What is left of a document with mistakes, so that nobody gets in whom it would have kept out: a policy keeps everybody from
// what it names, a TLSRoute its clients from getting a wider one.

import * as v from "valibot";

import type { Origin } from "../origin.ts";
import { ignore, isMap, readList } from "../rule.ts";
import { BACKEND_TARGETS } from "./backend-policy-schema.ts";
import type { AnyManifest, BrokenPolicy } from "./kinds.ts";
import { parentReference } from "./l4-route-schema.ts";
import { LISTENER_TARGETS } from "./listener-policy-schema.ts";
import { GATEWAY_GROUP } from "./manifest.ts";
import { mapAt, type Written } from "./manifest-rule.ts";
import { DEFAULT_NAMESPACE, timestampRule } from "./metadata-schema.ts";
import { isLabel, isSubdomain, tlsHostnameRule } from "./name-rules.ts";

type PolicyKind = BrokenPolicy["kind"];

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
  if (kind === "TLSRoute") {
    const manifest = closedTlsRoute(document, origin);
    return manifest === undefined ? {} : { manifest };
  }
  return isPolicyKind(kind) ? { broken: brokenPolicy(document, kind, origin) } : {};
}

function isPolicyKind(kind: string): kind is PolicyKind {
  return Object.hasOwn(TARGET_KINDS, kind);
}

function brokenPolicy(document: Written, kind: PolicyKind, { file }: Origin): BrokenPolicy {
  const { name, namespace } = mapAt(document, "metadata");
  const targets = readTargets(mapAt(document, "spec"), TARGET_KINDS[kind]);
  return {
    kind,
    // What YAML takes for a number is the name that was written; nobody's namespace is called anything else.
    namespace: typeof namespace === "string" || typeof namespace === "number" ? String(namespace) : DEFAULT_NAMESPACE,
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

/** A TLSRoute that takes the same clients and sends them nowhere; `undefined` when it is not known which. */
function closedTlsRoute(document: Written, origin: Origin): AnyManifest | undefined {
  const { name, namespace, creationTimestamp } = mapAt(document, "metadata");
  const { hostnames, parentRefs } = mapAt(document, "spec");
  const names = readGood(hostnames, tlsHostnameRule);
  const parents = readGood(parentRefs, parentReference);
  if (typeof name !== "string" || !isSubdomain(name)) return undefined;
  const home = namespace ?? DEFAULT_NAMESPACE;
  // Of two routes that want the same the older one gets it.
  const made = v.safeParse(timestampRule, creationTimestamp);
  if (typeof home !== "string" || !isLabel(home) || names.length === 0 || parents.length === 0) return undefined;
  return {
    kind: "TLSRoute",
    apiVersion: `${GATEWAY_GROUP}/v1`,
    metadata: {
      name,
      namespace: home,
      labels: {},
      annotations: {},
      ...(made.success ? { creationTimestamp: made.output } : {}),
    },
    spec: { hostnames: names, parentRefs: parents, rules: [{ backendRefs: [] }] },
    origin,
  };
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
