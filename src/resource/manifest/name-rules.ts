// Rules for single values that many kinds have in common: names, groups, kinds, ports, host names. The limits and patterns are
// those of the CRDs (Gateway API v1.6.1).

import * as v from "valibot";

import { parseIp } from "../../base/ip.ts";
import { quote, rule } from "../rule.ts";
import { wholeRule } from "../scalar-rule.ts";
import { kindMap, textRule } from "./manifest-rule.ts";
import { GATEWAY_GROUP } from "./manifest.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_ONLY = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_ONLY = new RegExp(`^${SUBDOMAIN}$`);
const NAME_CHARS = 'lower-case letters, digits, "-"';

/** Whether a text is a DNS-1123 subdomain. */
export function isSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN_ONLY.test(text);
}

/** Whether a text is a DNS-1123 label. */
export function isLabel(text: string): boolean {
  return text.length <= 63 && LABEL_ONLY.test(text);
}

/** Whether a text is the name of a port as IANA has them (RFC 6335), which a Pod gives its ports. */
export function isPortName(text: string): boolean {
  return /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(text);
}

/** `example.com`, or `*.example.com`; addresses look like one. */
export const WILDCARD_HOSTNAME = new RegExp(`^(\\*\\.)?${SUBDOMAIN}$`);
/** A key of labels and annotations. */
export const QUALIFIED_KEY = new RegExp(`^(${SUBDOMAIN}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`);
/** A value of a label. */
export const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
/** What is wanted of a name; it is of somebody's own, and so begins with their domain. */
const PATH_CHARS = "[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+";

/** The name of an object itself. */
export const subdomainRule = textRule(
  "bad-name",
  `a name of ${NAME_CHARS} and "."`,
  { max: 253, pattern: SUBDOMAIN_ONLY },
  lowerHint(isSubdomain),
);
/** The name of an object that becomes a label of a host name. */
export const labelRule = textRule(
  "bad-name",
  `a name of ${NAME_CHARS}`,
  { max: 63, pattern: LABEL_ONLY },
  lowerHint(isLabel),
);
export const namespaceRule = textRule(
  "bad-namespace",
  `a namespace of ${NAME_CHARS}`,
  { max: 63, pattern: LABEL_ONLY },
  lowerHint(isLabel),
);
/** A name that refers to an object: whether there can be such an object is not judged. */
export const objectNameRule = textRule("bad-name", "the name of an object", { max: 253 });
export const groupRule = textRule(
  "bad-group",
  "a group such as gateway.networking.k8s.io, or an empty text",
  { min: 0, max: 253, pattern: new RegExp(`^$|^${SUBDOMAIN}$`) },
  (value) => (typeof value === "string" && value.includes("/") ? "A group has no version" : undefined),
);
export const kindRule = textRule("bad-kind", "a kind such as Service", {
  max: 63,
  pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
});
/** Of a listener, a port or a rule. */
export const sectionNameRule = textRule(
  "bad-section-name",
  `a name of ${NAME_CHARS} and "."`,
  { max: 253, pattern: SUBDOMAIN_ONLY },
  lowerHint(isSubdomain),
);
export const controllerNameRule = textRule(
  "bad-controller-name",
  "a domain and a path such as example.com/gateway-controller",
  { max: 253, pattern: new RegExp(`^${SUBDOMAIN}\\/${PATH_CHARS}$`) },
);
/** Upstream's pattern has no brackets around its alternatives; these are what is meant. */
export const addressTypeRule = textRule(
  "bad-address-type",
  "IPAddress, Hostname, NamedAddress or a domain and a path",
  {
    max: 253,
    pattern: new RegExp(`^(?:Hostname|IPAddress|NamedAddress|${SUBDOMAIN}\\/${PATH_CHARS})$`),
  },
);
/** The same holds for this one. */
export const listenerProtocolRule = textRule("bad-protocol", "TCP, TLS, UDP, HTTP, HTTPS or a domain and a name", {
  max: 255,
  pattern: new RegExp(`^(?:[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?|${SUBDOMAIN}\\/[A-Za-z0-9]+)$`),
});
export const hostnameRule = textRule(
  "bad-hostname",
  "a host name in lower case such as example.com or *.example.com",
  { max: 253, pattern: WILDCARD_HOSTNAME },
  lowerHint((text) => WILDCARD_HOSTNAME.test(text)),
);
export const preciseHostnameRule = textRule(
  "bad-hostname",
  "a host name in lower case such as example.com",
  { max: 253, pattern: SUBDOMAIN_ONLY },
  lowerHint(isSubdomain),
);
export const portRule = wholeRule("bad-port", 1, 65_535);

/** A name that TLS clients ask for, with upstream's words for each way in which it can be none. */
export const tlsHostnameRule = rule((value, refuse): string | undefined => {
  if (typeof value !== "string" || value === "" || value.length > 253) {
    const found = typeof value === "string" && value !== "" ? `${value.length} characters` : quote(value);
    refuse("bad-hostname", `Expected a host name of 1 to 253 characters, found ${found}`);
    return undefined;
  }
  if (parseIp(value) !== undefined) refuse("ip-hostname", `Hostnames cannot contain an IP, found ${quote(value)}`);
  else if (WILDCARD_HOSTNAME.test(value)) return value;
  else if (value.includes("*")) {
    const message =
      "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123";
    refuse("bad-wildcard", `${message}, found ${quote(value)}`);
  } else {
    const hint = WILDCARD_HOSTNAME.test(value.toLowerCase()) ? `Write ${value.toLowerCase()}` : undefined;
    refuse("bad-hostname", `Hostnames must be valid based on RFC-1123, found ${quote(value)}`, hint);
  }
  return undefined;
});

/** Keys of a reference to an object in any namespace, with these defaults for what is left out. */
export function referenceKeys({ group, kind }: { readonly group: string; readonly kind: string }) {
  return {
    group: v.optional(groupRule, group),
    kind: v.optional(kindRule, kind),
    name: objectNameRule,
    namespace: v.exactOptional(namespaceRule),
  };
}

/** A reference that says all of it. */
export const explicitReferenceKeys = {
  group: groupRule,
  kind: kindRule,
  name: objectNameRule,
};

export const secretReference = kindMap(referenceKeys({ group: "", kind: "Secret" }));
export const gatewayReferenceKeys = referenceKeys({ group: GATEWAY_GROUP, kind: "Gateway" });

function lowerHint(isGood: (text: string) => boolean): (value: unknown) => string | undefined {
  return (value) => {
    const lower = typeof value === "string" ? value.toLowerCase() : "";
    return lower !== value && isGood(lower) ? `Write ${lower}` : undefined;
  };
}
