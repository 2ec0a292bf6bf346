// What a client certificate has to say, as a person writes it: lists of names, any of which fits. How one name is written
// is `certificate-name.ts`; a rule that says nothing is refused, because it could mean everyone or no one.

import * as v from "valibot";

import {
  readCommonName,
  readDnsName,
  readEmail,
  readFingerprint,
  readOrganization,
  readUri,
} from "./certificate-name.ts";
import { closedMap, isBoundedList, isMap, isShowable, quote, readList, type Refuse, rule } from "./rule.ts";
import type { CertificateRule } from "./tls.ts";

/** They are tried one after the other for each client. */
const MAX_RULES = 1000;

const ruleKeys = {
  dnsNames: v.optional(names(readDnsName)),
  uris: v.optional(names(readUri)),
  emails: v.optional(names(readEmail)),
  commonNames: v.optional(names(readCommonName)),
  organizations: v.optional(names(readOrganization)),
  fingerprints: v.optional(names(readFingerprint)),
};

const KEYS = Object.keys(ruleKeys).join(", ");
const WANTED = `Expected a rule with at least one of ${KEYS}`;

const ruleMap = v.pipe(
  closedMap(ruleKeys),
  v.check(
    (map) => Object.keys(map).length > 0,
    `empty-rule\n${WANTED}, found none of them: it could mean everyone or no one`,
  ),
  v.transform((map): CertificateRule => {
    // Keys that are not there must not be there as `undefined` either.
    return Object.fromEntries(Object.entries(map).filter(([, list]) => list !== undefined));
  }),
);
const noRule = rule((value, refuse): CertificateRule | undefined => {
  const hint = isShowable(value) && value !== "" ? `Write {${meantKey(value)}: [${quote(value)}]}` : undefined;
  refuse("wrong-type", `${WANTED}, found ${quote(value)}`, hint);
  return undefined;
});

/** One rule. */
export const certificateRule = v.lazy((value) => (isMap(value) ? ruleMap : noRule));

const manyRules = v.pipe(
  rule((value, refuse): unknown[] | undefined => (isBoundedList(value, refuse, MAX_RULES) ? value : undefined)),
  v.array(certificateRule),
);
const oneRule = v.pipe(
  certificateRule,
  v.transform((one): CertificateRule[] => [one]),
);

/** One rule, or a list of which any is enough. */
export const certificateRulesRule = v.lazy((value) => (Array.isArray(value) ? manyRules : oneRule));

/** The good ones of these. */
export function readCertificateRules(value: unknown): readonly CertificateRule[] {
  const written: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_RULES) : [value];
  return written.flatMap((each) => {
    const result = v.safeParse(certificateRule, each);
    return result.success ? [result.output] : [];
  });
}

function names<T>(read: (value: unknown, refuse: Refuse) => T | undefined) {
  return rule((value, refuse): readonly T[] | undefined => readList(value, refuse, read));
}

/** The key that somebody who wrote only a name probably meant. */
function meantKey(text: string): string {
  if (text.includes("://")) return "uris";
  return text.includes("@") ? "emails" : "dnsNames";
}
