// IPPolicy as a person writes it: addresses that policies allow or deny by its name.

import * as v from "valibot";

import { type Cidr, formatCidr, parseCidr } from "../../base/ip.ts";
import { hasHostBits } from "../cidrs-rule.ts";
import type { Fail } from "../route-together.ts";
import { quote, rule } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, listOf, mapAt, mapsOf } from "./manifest-rule.ts";
import type { IpPolicy, IpPolicySpec } from "./ngrok.ts";
import { describedKeys, warnOfMetadata } from "./ngrok-keys.ts";

/** As many as one list in a traffic policy. */
const MAX_RULES = 100_000;
const DESCRIPTION = "Created by ngrok-operator";

const cidrRule = rule((value, refuse): Cidr | undefined => {
  const cidr = typeof value === "string" ? parseCidr(value) : undefined;
  if (cidr === undefined || typeof value !== "string") {
    refuse("bad-cidr", `Expected a CIDR such as 10.0.0.0/8 or 2001:db8::/32, found ${quote(value)}`);
  } else if (!value.includes("/")) {
    const hint = `Write ${formatCidr(cidr)}/${cidr.prefix} for this address alone`;
    refuse("bad-cidr", `Expected a CIDR, found the address ${quote(value)}`, hint);
  } else if (hasHostBits(cidr, value)) {
    const message = `${quote(value)} is an address inside ${formatCidr(cidr)} (ERR_NGROK_1409)`;
    refuse("host-bits", message, `Write ${formatCidr(cidr)} for all of it, or the address with its whole length`);
  } else return cidr;
  return undefined;
});

const spec: v.GenericSchema<unknown, IpPolicySpec> = kindMap({
  ...describedKeys(DESCRIPTION),
  rules: v.optional(
    listOf(
      kindMap({ cidr: cidrRule, action: wordRule("bad-action", ["allow", "deny"]), ...describedKeys(DESCRIPTION) }),
      { max: MAX_RULES },
    ),
    [],
  ),
});

export const ipPolicyReader: KindReader<IpPolicy> = kindReader({
  kind: "IPPolicy",
  apiVersion: "ingress.k8s.ngrok.com/v1alpha1",
  schema: standardDocument(spec),
  specOf: (document) => document.spec,
  checkTogether: (document, fail, warn) => {
    const written = mapAt(document, "spec");
    checkRules(written["rules"], fail);
    warnOfMetadata(written, warn);
  },
});

/** One network cannot be allowed and denied. */
function checkRules(rules: unknown, fail: Fail): void {
  const seen = new Set<string>();
  for (const [index, { cidr: written }] of mapsOf(rules, MAX_RULES)) {
    const cidr = typeof written === "string" ? parseCidr(written) : undefined;
    if (cidr === undefined) continue;
    const text = formatCidr(cidr);
    if (seen.has(text)) {
      const message = `There is another rule for ${text} (ERR_NGROK_1408)`;
      fail("duplicate-cidr", message, ["spec", "rules", index, "cidr"]);
    }
    seen.add(text);
  }
}
