// The action `restrict-ips`: who may connect, by the address of the connection.

import { type Cidr, formatCidr, parseCidr } from "../../base/ip.ts";
import { hasHostBits } from "../cidrs-rule.ts";
import { quote } from "../rule.ts";
import { booleanRule } from "../scalar-rule.ts";
import { isTemplate, readTemplate } from "./expression-reader.ts";
import type { RestrictIps } from "./policy.ts";
import { BAD_CONFIG, BAD_VALUE, type PolicyReading, readBy, readItems, readKeys } from "./policy-reading.ts";

const BAD_CIDR = 2217;
const TOO_MANY = 2218;
const NO_ALLOW = 393;
/** Of each list, as ngrok has it. */
const MAX_ENTRIES = 100_000;
/** Of each list, this many wrong entries are told. */
const MAX_WRONG = 100;
const MAX_POLICIES = 100;
/** What an object can be called, or an id. */
const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

interface Entries {
  readonly cidrs: readonly Cidr[];
  readonly templates: readonly string[];
}

const NONE: Entries = { cidrs: [], templates: [] };

export function readRestrictIps(config: unknown, reading: PolicyReading): RestrictIps | undefined {
  const keys = readKeys(config ?? {}, ["enforce", "allow", "deny", "ip_policies"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const enforce = readBy(booleanRule, keys.get("enforce") ?? true, BAD_VALUE, reading.at("enforce"));
  const allow = readEntries(keys.get("allow"), reading.at("allow"));
  const deny = readEntries(keys.get("deny"), reading.at("deny"));
  const ipPolicies = readPolicies(keys.get("ip_policies"), reading.at("ip_policies"));
  if (enforce === undefined || allow === undefined || deny === undefined || ipPolicies === undefined) return undefined;
  if (allow.cidrs.length + allow.templates.length + ipPolicies.length === 0) {
    const message = 'Expected somebody to allow: without an entry in "allow" or "ip_policies" nobody could connect';
    const hint = 'Write allow: [0.0.0.0/0, "::/0"] for everybody who is not denied, or the action "deny" for nobody';
    return reading.refuse("missing-allow", NO_ALLOW, message, { hint });
  }
  return {
    type: "restrict-ips",
    enforce,
    allow: allow.cidrs,
    deny: deny.cidrs,
    allowTemplates: allow.templates,
    denyTemplates: deny.templates,
    ipPolicies,
  };
}

function readEntries(value: unknown, reading: PolicyReading): Entries | undefined {
  if (value === undefined) return NONE;
  const items = readItems(value, { max: MAX_ENTRIES, tooMany: TOO_MANY, what: "CIDRs" }, reading);
  if (items === undefined) return undefined;
  const cidrs: Cidr[] = [];
  const templates: string[] = [];
  let wrong = 0;
  for (const [index, item] of items.entries()) {
    if (typeof item === "string" && isTemplate(item)) {
      if (readTemplate(item, reading.at(index)) === undefined) wrong++;
      else templates.push(item);
    } else {
      const cidr = readCidr(item, reading.at(index));
      if (cidr !== undefined) cidrs.push(cidr);
      else wrong++;
    }
    if (wrong === MAX_WRONG) return undefined;
  }
  return wrong === 0 ? { cidrs, templates } : undefined;
}

/** A prefix is wanted, as ngrok wants it: an address alone could be meant as a network. */
function readCidr(item: unknown, reading: PolicyReading): Cidr | undefined {
  const cidr = typeof item === "string" ? parseCidr(item) : undefined;
  if (cidr === undefined || typeof item !== "string") {
    const message = `Expected a CIDR such as 10.0.0.0/8 or 2001:db8::/32, found ${quote(item)}`;
    return reading.refuse("bad-cidr", BAD_CIDR, message);
  }
  if (!item.includes("/")) {
    const hint = `Write ${formatCidr(cidr)}/${cidr.prefix} for this address alone`;
    return reading.refuse("bad-cidr", BAD_CIDR, `Expected a CIDR, found the address ${quote(item)}`, { hint });
  }
  if (!hasHostBits(cidr, item)) return cidr;
  const message = `${quote(item)} is an address inside ${formatCidr(cidr)}`;
  const hint = `Write ${formatCidr(cidr)} for all of it, or the address with its whole length`;
  return reading.refuse("bad-cidr", BAD_CIDR, message, { hint });
}

function readPolicies(value: unknown, reading: PolicyReading): readonly string[] | undefined {
  if (value === undefined) return [];
  const items = readItems(value, { max: MAX_POLICIES, tooMany: TOO_MANY, what: "IPPolicies" }, reading);
  if (items === undefined) return undefined;
  const names: string[] = [];
  for (const [index, item] of items.entries()) {
    if (typeof item === "string" && REFERENCE.test(item)) names.push(item);
    else
      reading.refuse("bad-name", BAD_VALUE, `Expected the name or id of an IPPolicy, found ${quote(item)}`, {
        at: [index],
      });
  }
  return names.length === items.length ? names : undefined;
}
