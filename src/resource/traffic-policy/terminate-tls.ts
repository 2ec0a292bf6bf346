// The action `terminate-tls`: TLS of the client ends here. Of certificates only the BEGIN lines are looked at, and they are never
// shown.

import { pemRule } from "../pem-rule.ts";
import { quote } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { isTemplate, readTemplate } from "./expression-reader.ts";
import type { TerminateTls } from "./policy.ts";
import { BAD_CONFIG, BAD_VALUE, type PolicyReading, readBy, readItems, readKeys } from "./policy-reading.ts";

const KEYS = [
  "min_version",
  "max_version",
  "server_certificate",
  "server_private_key",
  "mutual_tls_certificate_authorities",
  "mutual_tls_verification_strategy",
] as const;
const [MIN, MAX, CERTIFICATE, KEY, CAS, STRATEGY] = KEYS;

const TOO_MANY = 2218;
const MAX_CAS = 100;
/** Longer than any chain that is sent in a handshake. */
const MAX_PEM_CHARS = 100_000;

const VERSIONS = ["1.2", "1.3"] as const;
const versionRule = wordRule("bad-tls-version", VERSIONS);
const strategyRule = wordRule("bad-verification", ["require-and-verify", "require-any", "request"], {
  require: "require-and-verify",
  verify: "require-and-verify",
});
const RULES = { certificate: pemRule("certificate"), key: pemRule("key") } as const;

export function readTerminateTls(config: unknown, reading: PolicyReading): TerminateTls | undefined {
  const keys = readKeys(config ?? {}, KEYS, BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const minVersion = readVersion(keys.get(MIN) ?? "1.2", reading.at(MIN));
  const maxVersion = readVersion(keys.get(MAX) ?? "1.3", reading.at(MAX));
  const identity = readIdentity(keys, reading);
  const clientCas = readCas(keys.get(CAS), reading.at(CAS));
  const strategy = keys.get(STRATEGY) ?? "require-and-verify";
  const verification = readBy(strategyRule, strategy, BAD_VALUE, reading.at(STRATEGY));
  if (minVersion === undefined || maxVersion === undefined || identity === undefined) return undefined;
  if (clientCas === undefined || verification === undefined) return undefined;
  if (minVersion > maxVersion) {
    const message = `The lowest version, ${minVersion}, is above the highest, ${maxVersion}`;
    return reading.refuse("bad-tls-version", BAD_VALUE, message, { at: [keys.has(MIN) ? MIN : MAX] });
  }
  if (verification === "require-and-verify" && keys.has(STRATEGY) && clientCas.length === 0) {
    const message = `Expected "${CAS}" with "require-and-verify": without authorities no certificate could be verified`;
    return reading.refuse("missing-authorities", BAD_VALUE, message, { at: [STRATEGY] });
  }
  return { type: "terminate-tls", minVersion, maxVersion, ...identity, clientCas, verification };
}

/** YAML takes 1.2 for a number. */
function readVersion(value: unknown, reading: PolicyReading): "1.2" | "1.3" | undefined {
  return readBy(versionRule, typeof value === "number" ? String(value) : value, BAD_VALUE, reading);
}

function readIdentity(
  keys: ReadonlyMap<string, unknown>,
  reading: PolicyReading,
): { readonly certificate?: string; readonly key?: string } | undefined {
  const written = [CERTIFICATE, KEY].filter((key) => keys.has(key));
  const [only] = written;
  if (only === undefined) return {};
  if (written.length === 1) {
    const missing = only === CERTIFICATE ? KEY : CERTIFICATE;
    const message = `Expected "${missing}" beside "${only}": one is of no use without the other`;
    return reading.refuse("missing-key", BAD_VALUE, message, { at: [only], part: "key" });
  }
  const certificate = readPem(keys.get(CERTIFICATE), "certificate", reading.at(CERTIFICATE));
  const key = readPem(keys.get(KEY), "key", reading.at(KEY));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function readCas(value: unknown, reading: PolicyReading): readonly string[] | undefined {
  if (value === undefined) return [];
  const items = readItems(value, { max: MAX_CAS, tooMany: TOO_MANY, what: "authorities" }, reading);
  if (items === undefined) return undefined;
  if (items.length === 0) {
    // It could mean everybody or nobody.
    return reading.refuse("empty-list", BAD_VALUE, "Expected at least one authority, found an empty list");
  }
  const cas: string[] = [];
  for (const [index, item] of items.entries()) {
    const ca = readPem(item, "certificate", reading.at(index));
    if (ca !== undefined) cas.push(ca);
  }
  return cas.length === items.length ? cas : undefined;
}

/** The text itself: paths, and ids of a cloud, mean nothing in a policy. */
function readPem(value: unknown, kind: "certificate" | "key", reading: PolicyReading): string | undefined {
  if (typeof value === "string" && value.length > MAX_PEM_CHARS) {
    const message = `Expected at most ${MAX_PEM_CHARS} characters, found ${value.length}`;
    return reading.refuse("long-text", BAD_VALUE, message);
  }
  if (typeof value === "string" && isTemplate(value)) return readTemplate(value, reading);
  const source = readBy(RULES[kind], value, BAD_VALUE, reading);
  if (source === undefined) return undefined;
  if ("text" in source) return source.text;
  const what = kind === "key" ? "a private key" : "a certificate";
  return reading.refuse("not-pem", BAD_VALUE, `Expected ${what} as a text in PEM, found ${quote(value)}`);
}
