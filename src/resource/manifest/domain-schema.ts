// Domain as a person writes it: a host name that ngrok would keep for somebody. Here names are nobody's, so that it only says which
// are meant.

import * as v from "valibot";

import { type HostnamePattern, parseHostnamePattern } from "../../base/hostname.ts";
import { quote, rule } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { has, kindMap, listOf, mapAt, textRule } from "./manifest-rule.ts";
import type { Domain } from "./ngrok.ts";
import { describedKeys, warnOfMetadata } from "./ngrok-keys.ts";

const domainRule = rule((value, refuse): HostnamePattern | undefined => {
  const pattern = typeof value === "string" ? parseHostnamePattern(value) : undefined;
  if (pattern !== undefined && !("problem" in pattern) && pattern.wildcard !== "all") return pattern;
  refuse("bad-domain", `Expected a host name such as example.com or *.example.com, found ${quote(value)}`);
  return undefined;
});

const resolvesTo = listOf(kindMap({ value: textRule("bad-region", "a region such as us", { max: 253 }) }));

const spec = kindMap({
  domain: domainRule,
  ...describedKeys("Created by ngrok-operator"),
  reclaimPolicy: v.optional(wordRule("bad-reclaim-policy", ["Delete", "Retain"]), "Delete"),
  resolvesTo: v.exactOptional(resolvesTo),
  resolves_to: v.exactOptional(resolvesTo),
});

export const domainReader: KindReader<Domain> = kindReader({
  kind: "Domain",
  apiVersion: "ingress.k8s.ngrok.com/v1alpha1",
  schema: standardDocument(spec),
  specOf: ({ spec: { resolves_to: old = [], resolvesTo: written = old, ...rest } }) => ({
    ...rest,
    resolvesTo: written,
  }),
  checkTogether: (document, _, warn) => {
    const written = mapAt(document, "spec");
    warnOfMetadata(written, warn);
    if (!has(written, "resolves_to")) return;
    const isUsed = !has(written, "resolvesTo");
    const message = isUsed
      ? '"resolves_to" is the old name of "resolvesTo"'
      : '"resolves_to" has no effect beside "resolvesTo"';
    const hint = isUsed ? 'Write "resolvesTo"' : "Leave it out";
    warn("legacy-resolves-to", message, ["spec", "resolves_to"], hint, "key");
  },
});
