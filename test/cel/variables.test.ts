import { expect, test } from "bun:test";

import { compileValue, isMistake } from "../../src/cel/expression.ts";
import { Scope } from "../../src/cel/scope.ts";
import { ENDPOINT, GEO, holds, PLAIN, scopeOf, valueOf } from "./scope-of.ts";

const NAME_FIELDS = (path: string): readonly string[] => [
  `${path}.country == ["DE"]`,
  `${path}.locality == ["Berlin"]`,
  `${path}.organization == ["b"]`,
  `${path}.organizational_unit == ["c"]`,
  `${path}.postal_code == ["10115"]`,
  `${path}.province == ["BE"]`,
  `${path}.street_address == ["Street 1"]`,
];
const PLACE_FIELDS = (path: string): readonly string[] => [
  `${path}.continent == "Europe"`,
  `${path}.country == "Germany"`,
  `${path}.country_code == "DE"`,
  `${path}.is_eu`,
  `${path}.metro_code == "0"`,
  `${path}.subdivision == "Land Berlin"`,
  `${path}.timezone == "Europe/Berlin"`,
];

test.each([
  'conn.client_ip == "203.0.113.7"',
  "conn.client_port == 40000",
  'conn.server_ip == "10.0.0.1"',
  "conn.server_port == 5432",
  'conn.server_region == ""',
  'conn.ts.start == timestamp("2023-11-14T22:13:20.123Z")',
  'conn.geo.city == "Berlin"',
  'conn.geo.country == "Germany"',
  'conn.geo.country_code == "DE"',
  'conn.geo.latitude == "52.52"',
  'conn.geo.longitude == "13.40"',
  'conn.geo.radius == "5"',
  'conn.geo.subdivision == "Land Berlin"',
  'conn.client_ip.geo.location.city == "Berlin"',
  'conn.client_ip.geo.registered_location.city == "Bonn"',
  "double(conn.client_ip.geo.location.latitude) > 52.0",
  'conn.client_ip.geo.location.longitude == "13.40"',
  'conn.client_ip.geo.location.postal_code == "10115"',
  'conn.client_ip.geo.location.radius == "5"',
  ...PLACE_FIELDS("conn.client_ip.geo.location"),
  ...PLACE_FIELDS("conn.client_ip.geo.registered_location"),
  "conn.client_ip.as.number == 64496",
  'conn.client_ip.as.organization == "Example"',
  '"proxy.anonymous.tor" in conn.client_ip.categories',
  "conn.client_ip.is_on_blocklist",
  "conn.client_ip.is_tor_node",
  'conn.tls.version == "1.3"',
  'conn.tls.cipher_suite == "TLS_AES_128_GCM_SHA256"',
  'conn.tls.sni == "db.example"',
  'conn.tls.negotiated_alpn == "postgresql"',
  'conn.tls.ja4_fingerprint == "t13d"',
  "conn.tls.session_resumed",
  'conn.tls.client.subject == "CN=a,O=b"',
  'conn.tls.client.subject.common_name == "a"',
  ...NAME_FIELDS("conn.tls.client.subject"),
  'conn.tls.client.issuer == "CN=ca"',
  'conn.tls.client.issuer.common_name == "ca"',
  ...NAME_FIELDS("conn.tls.client.issuer"),
  'conn.tls.client.san == "DNS:a.example"',
  'conn.tls.client.san.dns_names == ["a.example"]',
  'conn.tls.client.san.email_addresses == ["a@b"]',
  'conn.tls.client.san.ip_addresses == ["10.0.0.9"]',
  'conn.tls.client.san.uris == ["spiffe://a"]',
  'conn.tls.client.serial_number == "01"',
  'conn.tls.client.signature_algorithm == "SHA256-RSA"',
  'conn.tls.client.pem.startsWith("-----BEGIN")',
  'conn.tls.client.validity.not_before == timestamp("1970-01-01T00:00:00Z")',
  'conn.tls.client.validity.not_after == timestamp("1970-01-01T00:00:01Z")',
  'conn.tls.client.extensions[0].id == "2.5.29.15" && conn.tls.client.extensions[0].critical',
  'conn.tls.client.extensions[0].value == b"\\x03\\x02"',
  'conn.tls.server.serial_number == "02" && conn.tls.server.subject.common_name == "a"',
  'endpoint.id == "ep_1"',
  'endpoint.url == "tls://db.example:443"',
  'endpoint.host == "db.example"',
  "endpoint.port == 443",
  'endpoint.addr == "db.example:443"',
  'endpoint.protocol == "tls"',
  'time.now == "2026-11-26T05:09:02Z"',
  "timestamp(time.now).getFullYear() == 2026",
  'conn["client_ip"] == conn.client_ip && conn["tls"].sni == "db.example"',
])("a client with TLS has %s", (source) => {
  expect(holds(source)).toBe(true);
});

test.each([
  'conn.tls.sni == "" && conn.tls.version == "" && !conn.tls.session_resumed',
  'conn.tls.client.subject == "" && conn.tls.client.subject.common_name == ""',
  "size(conn.tls.client.san.dns_names) == 0 && size(conn.tls.client.extensions) == 0",
  "!has(conn.tls) && !has(conn.tls.client) && !has(conn.tls.client.subject)",
  "has(conn.client_ip) && has(endpoint.url)",
])("a client without TLS has %s", (source) => {
  expect(holds(source, scopeOf(PLAIN))).toBe(true);
});

test.each([
  'conn.client_ip.geo.location.country == "" && !conn.client_ip.geo.location.is_eu && conn.geo.city == ""',
  "conn.client_ip.as.number == 0 && size(conn.client_ip.categories) == 0",
  "!conn.client_ip.is_on_blocklist && !conn.client_ip.is_tor_node",
  "!has(conn.client_ip.geo) && !has(conn.geo.city) && !has(conn.client_ip.categories)",
])("without a database %s", (source) => {
  expect(holds(source, new Scope(PLAIN, ENDPOINT, null))).toBe(true);
});

test("an address is looked up when an expression comes to it, and once", () => {
  const asked: string[] = [];
  const lookup = (ip: string): typeof GEO => {
    asked.push(ip);
    return GEO;
  };
  const scope = new Scope(PLAIN, ENDPOINT, { lookup });
  expect(holds('conn.server_port == 1 && conn.client_ip.geo.location.city == "Berlin"', scope)).toBe(false);
  expect(asked).toEqual([]);
  expect(holds('conn.client_ip.geo.location.city == "Berlin" && conn.geo.country_code == "DE"', scope)).toBe(true);
  expect(asked).toEqual([PLAIN.clientIp]);
});

test("variables that were set keep their types, and the last value counts", () => {
  const scope = scopeOf();
  scope.setVar("n", 3n);
  scope.setVar("n", 4n);
  scope.setVar("when", new Date(0));
  scope.setVar("user", { name: "a", groups: ["x", "y"], since: new Date(0) });
  scope.setVar("span", valueOf('duration("90s")'));
  expect(valueOf("vars.n + 1", scope)).toBe(5n);
  expect(valueOf("vars.when + vars.span", scope)).toEqual(new Date(90_000));
  expect(valueOf('vars.user.groups.exists(g, g == "y") && vars.user["name"] == "a"', scope)).toBe(true);
  expect(valueOf("has(vars.user.since) && !has(vars.user.no) && !has(vars.no.name)", scope)).toBe(true);
  expect(scope.vars.get("n")).toBe(4n);
});

test("the result of an action is that of its last execution", () => {
  const scope = scopeOf();
  expect(holds("has(actions.ngrok.restrict_ips.action)", scope)).toBe(false);
  scope.setAction("restrict_ips", { action: "allow" });
  scope.setAction("restrict_ips", { action: "deny", error: { code: "ERR" } });
  expect(
    holds('actions.ngrok.restrict_ips.action == "deny" && actions.ngrok.restrict_ips.error.code == "ERR"', scope),
  ).toBe(true);
});

test.each([
  ["conn.client_ip.geo.location.country == ''", ["conn.client_ip.geo.location.country"]],
  ["conn.client_ip == ''", ["conn.client_ip"]],
  ["vars.user.name == 'a' || has(actions.ngrok.log.metadata)", ["actions.ngrok.log.metadata", "vars.user.name"]],
  ["[1].all(conn, conn > 0)", []],
  ["conn.ts", ["conn.ts", "conn.ts.start"]],
])("uses of %s are %j", (source, uses) => {
  const value = compileValue(source);
  expect(isMistake(value) ? value : [...value.uses].toSorted()).toEqual(uses);
});

test("a group as a whole is a map, and names all that is in it", () => {
  const value = compileValue("conn");
  if (isMistake(value)) throw new Error(value.message);
  expect(value.uses.has("conn.geo.city")).toBe(true);
  expect(valueOf("conn.tls.client.validity")).toEqual(
    new Map([
      ["not_before", new Date(0)],
      ["not_after", new Date(1000)],
    ]),
  );
});
