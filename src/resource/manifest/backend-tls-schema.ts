// BackendTLSPolicy as a person writes it, with upstream's CEL rules, in upstream's words. Targets of a kind that cannot be one
// are no mistake of the document: its status says so.

import * as v from "valibot";

import type { Fail } from "../route-together.ts";
import { isMap } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { optionsRule } from "./listener-schema.ts";
import { has, kindMap, listOf, mapAt, mapsOf, textRule, type Written } from "./manifest-rule.ts";
import { explicitReferenceKeys, hostnameRule, preciseHostnameRule, sectionNameRule } from "./name-rules.ts";
import type { BackendTlsPolicy, BackendTlsPolicySpec, SubjectAltName } from "./policy.ts";

const subjectAltName = kindMap({
  type: wordRule("bad-san-type", ["Hostname", "URI"]),
  hostname: v.exactOptional(hostnameRule),
  uri: v.exactOptional(
    textRule("bad-uri", "a URI such as spiffe://cluster.local/ns/default", {
      max: 253,
      pattern: /^(([^:/?#]+):)(\/\/([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?/,
    }),
  ),
});

const validation = kindMap({
  caCertificateRefs: v.exactOptional(listOf(kindMap(explicitReferenceKeys), { max: 8 })),
  wellKnownCACertificates: v.exactOptional(
    textRule("bad-well-known", "System, or a domain and a name", {
      max: 253,
      pattern:
        /^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$/,
    }),
  ),
  hostname: preciseHostnameRule,
  subjectAltNames: v.exactOptional(listOf(subjectAltName, { max: 5 })),
});

const spec = kindMap({
  targetRefs: listOf(kindMap({ ...explicitReferenceKeys, sectionName: v.exactOptional(sectionNameRule) }), {
    min: 1,
    max: 16,
  }),
  validation,
  options: v.exactOptional(optionsRule),
});

export const backendTlsReader: KindReader<BackendTlsPolicy> = kindReader({
  kind: "BackendTLSPolicy",
  apiVersion: "gateway.networking.k8s.io/v1",
  schema: standardDocument(spec),
  specOf: (document) => specOf(document.spec),
  checkTogether: (document, fail) => {
    const { targetRefs, validation: written } = mapAt(document, "spec");
    checkTargets(targetRefs, fail);
    if (isMap(written)) checkValidation(written, fail);
  },
});

function specOf({
  targetRefs,
  validation: { subjectAltNames, ...others },
  options,
}: v.InferOutput<typeof spec>): BackendTlsPolicySpec {
  return {
    targetRefs,
    validation: {
      ...others,
      ...(subjectAltNames === undefined ? {} : { subjectAltNames: subjectAltNames.flatMap(nameOf) }),
    },
    ...(options === undefined ? {} : { options }),
  };
}

/** One name, of which the rules below have made sure that it is there. */
function nameOf({ type, hostname, uri }: v.InferOutput<typeof subjectAltName>): readonly SubjectAltName[] {
  if (type === "Hostname") return hostname === undefined ? [] : [{ type, hostname }];
  return uri === undefined ? [] : [{ type, uri }];
}

/** A longer list is a mistake by itself. */
const MAX_COMPARED = 100;

/** Targets that are named twice; also those of our own policies. */
export function checkTargets(targetRefs: unknown, fail: Fail): void {
  const before = new Map<string, string[]>();
  for (const [index, { group, kind, name, sectionName }] of mapsOf(targetRefs, MAX_COMPARED)) {
    const section = sectionName ?? "";
    if (typeof name !== "string" || typeof section !== "string") continue;
    const key = JSON.stringify([group ?? null, kind ?? null, name]);
    const others = before.get(key) ?? [];
    before.set(key, [...others, section]);
    const path = ["spec", "targetRefs", index];
    if (others.includes(section)) {
      const message =
        "Invalid targetRefs: sectionName must be unique when targetRefs includes 2 or more references to the same target";
      fail("duplicate-target", message, path);
    } else if (others.some((other) => (other === "") !== (section === ""))) {
      const message =
        "Invalid targetRefs: sectionName must be specified when targetRefs includes 2 or more references to the same target";
      fail("unspecific-target", message, path);
    }
  }
}

function checkValidation(written: Written, fail: Fail): void {
  const path = ["spec", "validation"];
  const { caCertificateRefs: refs, wellKnownCACertificates: wellKnown } = written;
  // What is no list or no text is told by the schema, and might be meant.
  const hasRefs = has(written, "caCertificateRefs") && !(Array.isArray(refs) && refs.length === 0);
  const hasWellKnown = has(written, "wellKnownCACertificates") && wellKnown !== "";
  if (hasRefs && hasWellKnown) {
    const message = "Invalid validation: must not contain both CACertificateRefs and WellKnownCACertificates";
    fail("two-authorities", message, [...path, "wellKnownCACertificates"], undefined, "key");
  }
  if (!hasRefs && !hasWellKnown) {
    const message = "Invalid validation: must specify either CACertificateRefs or WellKnownCACertificates";
    fail("no-authority", message, path, undefined, "key");
  }
  for (const [index, name] of mapsOf(written["subjectAltNames"]))
    checkName(name, [...path, "subjectAltNames", index], fail);
}

function checkName(name: Written, path: readonly (string | number)[], fail: Fail): void {
  const { type } = name;
  if (type !== "Hostname" && type !== "URI") return;
  for (const [key, word] of [
    ["hostname", "Hostname"],
    ["uri", "URI"],
  ] as const) {
    const isThere = has(name, key) && name[key] !== "";
    if (type === word && !isThere) {
      fail(`missing-${key}`, `SubjectAltName element must contain ${word}, if Type is set to ${word}`, path);
    }
    if (type !== word && isThere) {
      const message = `SubjectAltName element must not contain ${word}, if Type is not set to ${word}`;
      fail(`pointless-${key}`, message, [...path, key], undefined, "key");
    }
  }
}
