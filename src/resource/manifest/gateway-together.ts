// What the values of a Gateway must not say together, and what its schema says of a value beside another: upstream's CEL rules
// and formats, in upstream's words.

import { parseIp } from "../../base/ip.ts";
import type { Fail } from "../route-together.ts";
import { quote } from "../rule.ts";
import { checkListeners } from "./listener-together.ts";
import { has, mapAt, mapsOf, type Written } from "./manifest-rule.ts";
import { QUALIFIED_KEY, WILDCARD_HOSTNAME } from "./name-rules.ts";

/** Upstream wants less than this. */
const MAX_PREFIX_CHARS = 253;

/** Tells everything that is wrong with the `spec` of a Gateway although each of its values is right. */
export function checkGateway(spec: Written, fail: Fail): void {
  checkListeners(spec["listeners"], ["spec", "listeners"], fail);
  checkAddresses(spec["addresses"], fail);
  const infrastructure = mapAt(spec, "infrastructure");
  checkKeys(infrastructure, "labels", "Label", fail);
  checkKeys(infrastructure, "annotations", "Annotation", fail);
  checkPerPort(mapAt(mapAt(spec, "tls"), "frontend")["perPort"], fail);
}

function checkAddresses(addresses: unknown, fail: Fail): void {
  const seen = new Set<string>();
  for (const [index, address] of mapsOf(addresses)) {
    const type = has(address, "type") ? address["type"] : "IPAddress";
    const { value } = address;
    if ((type !== "IPAddress" && type !== "Hostname") || typeof value !== "string" || value === "") continue;
    const path = ["spec", "addresses", index, "value"];
    if (type === "IPAddress" && parseIp(value) === undefined) {
      const hint = WILDCARD_HOSTNAME.test(value) && /[g-z]/.test(value) ? "Write type: Hostname for a name" : undefined;
      fail("bad-address", `Expected an IPv4 or IPv6 address, found ${quote(value)}`, path, hint);
    }
    if (type === "Hostname" && !WILDCARD_HOSTNAME.test(value)) {
      const message = `Hostname value must be empty or contain only valid characters (matching ${WILDCARD_HOSTNAME.source})`;
      fail("bad-address", message, path);
    }
    const key = `${type} ${value}`;
    if (seen.has(key)) fail("duplicate-address", `${type} values must be unique`, path);
    seen.add(key);
  }
}

/** The keys of labels or annotations. */
function checkKeys(infrastructure: Written, name: "labels" | "annotations", word: string, fail: Fail): void {
  const area = word.toLowerCase();
  for (const key of Object.keys(mapAt(infrastructure, name))) {
    const path = ["spec", "infrastructure", name, key];
    const [prefix = ""] = key.split("/");
    if (!QUALIFIED_KEY.test(key)) {
      const message = `${word} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters`;
      fail(`bad-${area}-key`, message, path, undefined, "key");
    }
    if (prefix.length >= MAX_PREFIX_CHARS) {
      const message = `If specified, the ${area} key's prefix must be a DNS subdomain not longer than 253 characters in total`;
      fail(`long-${area}-prefix`, message, path, undefined, "key");
    }
  }
}

function checkPerPort(perPort: unknown, fail: Fail): void {
  const seen = new Set<unknown>();
  for (const [index, { port }] of mapsOf(perPort)) {
    if (typeof port !== "number") continue;
    const message = "Port for TLS configuration must be unique within the Gateway";
    if (seen.has(port)) fail("duplicate-tls-port", message, ["spec", "tls", "frontend", "perPort", index, "port"]);
    seen.add(port);
  }
}
