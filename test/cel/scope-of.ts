// Scopes for tests of expressions: a client with TLS and a certificate, whose address is known to a database.

import { type CelValue, compileCondition, compileValue, isMistake, type CelMistake } from "../../src/cel/expression.ts";
import { type GeoFacts, NO_GEO } from "../../src/cel/geo.ts";
import { type CertificateFacts, type ConnFacts, type EndpointFacts, Scope } from "../../src/cel/scope.ts";

const NAME = {
  text: "CN=a,O=b",
  commonName: "a",
  country: ["DE"],
  locality: ["Berlin"],
  organization: ["b"],
  organizationalUnit: ["c"],
  postalCode: ["10115"],
  province: ["BE"],
  streetAddress: ["Street 1"],
};

const CERTIFICATE: CertificateFacts = {
  subject: NAME,
  issuer: { ...NAME, text: "CN=ca", commonName: "ca" },
  san: {
    text: "DNS:a.example",
    dnsNames: ["a.example"],
    emailAddresses: ["a@b"],
    ipAddresses: ["10.0.0.9"],
    uris: ["spiffe://a"],
  },
  serialNumber: "01",
  signatureAlgorithm: "SHA256-RSA",
  pem: "-----BEGIN CERTIFICATE-----",
  notBeforeMs: 0,
  notAfterMs: 1_000,
  extensions: [{ id: "2.5.29.15", critical: true, value: Uint8Array.of(3, 2) }],
};

export const PLAIN: ConnFacts = {
  clientIp: "203.0.113.7",
  clientPort: 40_000,
  serverIp: "10.0.0.1",
  serverPort: 5432,
  startedMs: 1_700_000_000_123,
};

export const TLS: ConnFacts = {
  ...PLAIN,
  tls: {
    version: "1.3",
    cipherSuite: "TLS_AES_128_GCM_SHA256",
    sni: "db.example",
    alpn: "postgresql",
    ja4: "t13d",
    resumed: true,
    client: CERTIFICATE,
    server: { ...CERTIFICATE, serialNumber: "02" },
  },
};

export const ENDPOINT: EndpointFacts = {
  id: "ep_1",
  url: "tls://db.example:443",
  host: "db.example",
  port: 443,
  addr: "db.example:443",
  protocol: "tls",
};

const PLACE = {
  city: "Berlin",
  continent: "Europe",
  country: "Germany",
  countryCode: "DE",
  isEu: true,
  latitude: "52.52",
  longitude: "13.40",
  metroCode: "0",
  postalCode: "10115",
  radius: "5",
  subdivision: "Land Berlin",
  timezone: "Europe/Berlin",
};

export const GEO: GeoFacts = {
  ...NO_GEO,
  location: PLACE,
  registeredLocation: { ...PLACE, city: "Bonn" },
  as: { number: 64_496, organization: "Example" },
  categories: ["proxy.anonymous.tor"],
  isOnBlocklist: true,
  isTorNode: true,
};

/** A scope of the client above; chance is always one half, and the time is fixed. */
export function scopeOf(facts: ConnFacts = TLS): Scope {
  const sources = { random: () => 0.5, now: () => Date.UTC(2026, 10, 26, 5, 9, 2) };
  return new Scope(facts, ENDPOINT, { lookup: (ip) => (ip === PLAIN.clientIp ? GEO : null) }, sources);
}

/** The value of an expression, which must have no mistakes. */
export function valueOf(source: string, scope: Scope = scopeOf()): CelValue {
  const value = compileValue(source);
  if (isMistake(value)) throw new Error(`${source}: ${value.message}`);
  return value.evaluate(scope);
}

/** The mistake of an expression, which must have one. */
export function mistakeOf(source: string): CelMistake {
  const value = compileValue(source);
  if (isMistake(value)) return value;
  throw new Error(`${source} has no mistake`);
}

/** Whether a condition holds; it must have no mistakes. */
export function holds(source: string, scope: Scope = scopeOf()): boolean {
  const condition = compileCondition(source);
  if (isMistake(condition)) throw new Error(`${source}: ${condition.message}`);
  return condition.evaluate(scope);
}

/** The code with which an expression fails; it must fail. */
export function failureOf(source: string, scope: Scope = scopeOf()): string {
  try {
    valueOf(source, scope);
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
  throw new Error(`${source} has a value`);
}
