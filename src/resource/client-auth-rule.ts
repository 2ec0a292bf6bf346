// The certificates that are asked of clients, as a person writes it. Whether anybody can be asked is `tls-together.ts`.

import * as v from "valibot";

import { certificateRulesRule } from "./certificate-rule.ts";
import { pemRule } from "./pem-rule.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { wordRule } from "./scalar-rule.ts";
import type { ClientAuthSpec } from "./tls.ts";

const MODES = ["require", "request"] as const;
/** What others call them. */
const OTHER_MODES: Readonly<Record<string, (typeof MODES)[number]>> = {
  required: "require",
  mandatory: "require",
  verify: "require",
  mutual: "require",
  on: "require",
  requireandverifyclientcert: "require",
  requested: "request",
  optional: "request",
  want: "request",
  verifyifgiven: "request",
  verifyclientcertifgiven: "request",
};

const clientAuthMap = v.pipe(
  closedMap({
    ca: pemRule("certificate"),
    mode: v.optional(wordRule("bad-client-auth-mode", MODES, OTHER_MODES)),
    crl: v.optional(pemRule("crl")),
    allow: v.optional(certificateRulesRule),
  }),
  v.transform(({ ca, mode, crl, allow }): ClientAuthSpec => ({
    trust: { ca, ...(crl === undefined ? {} : { crl }) },
    mode: mode ?? "require",
    allow: allow ?? [],
  })),
);
const noMap = rule((value, refuse): ClientAuthSpec | undefined => {
  const off = value === false || value === null || value === "off";
  const hint = off ? "Leave the key out for no client certificates" : "Write {ca: clients.pem}";
  refuse("wrong-type", `Expected a map with "ca", found ${quote(value)}`, hint);
  return undefined;
});

export const clientAuthRule = v.lazy((value) => (isMap(value) ? clientAuthMap : noMap));
