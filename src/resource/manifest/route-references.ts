// What the references of a route must not say together: upstream's CEL rules, in upstream's words. Parents are told apart by
// section and port, as in the experimental channel: `port` is in the standard schema too, and a rule that does not look at it
// would refuse what is meant by it.

import type { Fail } from "../route-together.ts";
import { has, mapAt, mapsOf, type Written } from "./manifest-rule.ts";
import { GATEWAY_GROUP } from "./manifest.ts";

/** A longer list is a mistake by itself. */
const MAX_COMPARED = 100;

/** Tells of parents that are named twice. */
export function checkParentRefs(document: Written, fail: Fail): void {
  const before = new Map<string, Section[]>();
  for (const [index, parent] of mapsOf(mapAt(document, "spec")["parentRefs"], MAX_COMPARED)) {
    const section = sectionOf(parent);
    if (section === undefined || typeof parent["name"] !== "string") continue;
    const { group = GATEWAY_GROUP, kind = "Gateway", namespace = "" } = withoutNulls(parent);
    const key = JSON.stringify([group, kind, parent["name"], namespace]);
    const others = before.get(key) ?? [];
    before.set(key, [...others, section]);
    const path = ["spec", "parentRefs", index];
    if (others.some((other) => other.name === section.name && other.port === section.port)) {
      const message =
        "Invalid parentRefs: sectionName or port must be unique when parentRefs includes 2 or more references to the same parent";
      fail("duplicate-parent", message, path);
    } else if (others.some((other) => !isAlike(other, section))) {
      const message =
        "Invalid parentRefs: sectionName or port must be specified when parentRefs includes 2 or more references to the same parent";
      fail("unspecific-parent", message, path);
    }
  }
}

/** Tells of Services that are named without a port. */
export function checkBackendRefs(document: Written, fail: Fail): void {
  for (const [ruleIndex, rule] of mapsOf(mapAt(document, "spec")["rules"])) {
    for (const [index, backend] of mapsOf(rule["backendRefs"])) {
      const { group = "", kind = "Service" } = withoutNulls(backend);
      if (group !== "" || kind !== "Service" || has(backend, "port")) continue;
      const path = ["spec", "rules", ruleIndex, "backendRefs", index];
      fail("missing-port", "Must have port for Service reference", path);
    }
  }
}

/** Which part of a parent is meant; an empty name and port 0 are none. */
interface Section {
  readonly name: string;
  readonly port: number;
}

function sectionOf({ sectionName, port }: Written): Section | undefined {
  const name = sectionName ?? "";
  const number = port ?? 0;
  return typeof name === "string" && typeof number === "number" ? { name, port: number } : undefined;
}

/** Whether both say which section, or neither, and the same for ports. */
function isAlike(a: Section, b: Section): boolean {
  return (a.name === "") === (b.name === "") && (a.port === 0) === (b.port === 0);
}

function withoutNulls(map: Written): Written {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null));
}
