// The variables of expressions on TCP and TLS endpoints: ngrok's names (docs traffic-policy/variables), and why names that
// people will try are not among them.

import { listType } from "@bufbuild/cel";

import { type CertificateFacts, type DistinguishedNameFacts, NO_CERTIFICATE, type TlsFacts } from "./facts.ts";
import { type GeoFacts, type GeoLocation, NO_GEO } from "./geo.ts";
import type { Scope } from "./scope.ts";
import { BOOL, INT, RECORD, STRING, STRINGS, TIMESTAMP } from "./type.ts";
import { formatTime, timeInput } from "./value.ts";
import { group, leaf, open, textWith, type Variable } from "./variable.ts";

/** Root variables by name. */
export const VARIABLES: ReadonlyMap<string, Variable> = new Map(
  Object.entries({
    conn: group({
      client_ip: textWith(
        (scope) => scope.facts.clientIp,
        addressMembers((scope) => scope.clientGeo),
      ),
      client_port: leaf(INT, (scope) => BigInt(scope.facts.clientPort)),
      server_ip: textWith(
        (scope) => scope.facts.serverIp,
        addressMembers((scope) => scope.serverGeo),
      ),
      server_port: leaf(INT, (scope) => BigInt(scope.facts.serverPort)),
      // There is one place only, and it has no name.
      server_region: leaf(STRING, () => ""),
      ts: group({ start: leaf(TIMESTAMP, (scope) => timeInput(scope.facts.startedMs)) }),
      geo: group(briefPlace(), (scope) => scope.clientGeo !== null),
      tls: tlsMembers(),
    }),
    endpoint: group({
      id: leaf(STRING, (scope) => scope.endpoint.id),
      url: leaf(STRING, (scope) => scope.endpoint.url),
      host: leaf(STRING, (scope) => scope.endpoint.host),
      port: leaf(INT, (scope) => BigInt(scope.endpoint.port)),
      addr: leaf(STRING, (scope) => scope.endpoint.addr),
      protocol: leaf(STRING, (scope) => scope.endpoint.protocol),
    }),
    time: group({ now: leaf(STRING, (scope) => formatTime(new Date(scope.sources.now()))) }),
    vars: open((scope) => scope.varInputs),
    actions: group({ ngrok: open((scope) => scope.actionInputs) }),
  }),
);

const ON_HTTP = "exists on HTTP endpoints only: on TCP and TLS nothing is read of what a client sends";

/** Why a variable that ngrok has elsewhere is none here, by its path. */
export const ABSENT_VARIABLES: ReadonlyMap<string, string> = new Map([
  ["req", ON_HTTP],
  ["res", ON_HTTP],
  ["conn.bytes_in", "exists on HTTP endpoints only: a policy of TCP runs before any byte is passed on"],
  ["conn.bytes_out", "exists on HTTP endpoints only: a policy of TCP runs before any byte is passed on"],
  ["conn.ts.end", "exists on HTTP endpoints only: a policy of TCP runs when the connection begins"],
  ["conn.k8s", 'exists on endpoints with the binding "kubernetes" only, which this gateway does not have'],
]);

type GeoOf = (scope: Scope) => GeoFacts | null;

function addressMembers(geoOf: GeoOf): Readonly<Record<string, Variable>> {
  const facts = (scope: Scope): GeoFacts => geoOf(scope) ?? NO_GEO;
  const isKnown = (scope: Scope): boolean => geoOf(scope) !== null;
  return {
    geo: group(
      {
        location: group({
          ...placeMembers((scope) => facts(scope).location),
          latitude: leaf(STRING, (scope) => facts(scope).location.latitude),
          longitude: leaf(STRING, (scope) => facts(scope).location.longitude),
          postal_code: leaf(STRING, (scope) => facts(scope).location.postalCode),
          radius: leaf(STRING, (scope) => facts(scope).location.radius),
        }),
        registered_location: group({
          ...placeMembers((scope) => facts(scope).registeredLocation),
          latitude: leaf(STRING, (scope) => facts(scope).registeredLocation.latitude),
          longitude: leaf(STRING, (scope) => facts(scope).registeredLocation.longitude),
          postal_code: leaf(STRING, (scope) => facts(scope).registeredLocation.postalCode),
          radius: leaf(STRING, (scope) => facts(scope).registeredLocation.radius),
        }),
      },
      isKnown,
    ),
    as: group(
      {
        number: leaf(INT, (scope) => BigInt(facts(scope).as.number)),
        organization: leaf(STRING, (scope) => facts(scope).as.organization),
      },
      isKnown,
    ),
    categories: { ...leaf(STRINGS, (scope) => facts(scope).categories), has: isKnown },
    is_on_blocklist: { ...leaf(BOOL, (scope) => facts(scope).isOnBlocklist), has: isKnown },
    is_tor_node: { ...leaf(BOOL, (scope) => facts(scope).isTorNode), has: isKnown },
  };
}

function placeMembers(place: (scope: Scope) => GeoLocation): Readonly<Record<string, Variable>> {
  return {
    city: leaf(STRING, (scope) => place(scope).city),
    continent: leaf(STRING, (scope) => place(scope).continent),
    country: leaf(STRING, (scope) => place(scope).country),
    country_code: leaf(STRING, (scope) => place(scope).countryCode),
    is_eu: leaf(BOOL, (scope) => place(scope).isEu),
    metro_code: leaf(STRING, (scope) => place(scope).metroCode),
    subdivision: leaf(STRING, (scope) => place(scope).subdivision),
    timezone: leaf(STRING, (scope) => place(scope).timezone),
  };
}

function clientPlace(scope: Scope): GeoLocation {
  return (scope.clientGeo ?? NO_GEO).location;
}

function briefPlace(): Readonly<Record<string, Variable>> {
  return {
    city: leaf(STRING, (scope) => clientPlace(scope).city),
    country: leaf(STRING, (scope) => clientPlace(scope).country),
    country_code: leaf(STRING, (scope) => clientPlace(scope).countryCode),
    latitude: leaf(STRING, (scope) => clientPlace(scope).latitude),
    longitude: leaf(STRING, (scope) => clientPlace(scope).longitude),
    radius: leaf(STRING, (scope) => clientPlace(scope).radius),
    subdivision: leaf(STRING, (scope) => clientPlace(scope).subdivision),
  };
}

function tlsText(read: (tls: TlsFacts) => string): Variable {
  return leaf(STRING, ({ facts: { tls } }) => (tls === undefined ? "" : read(tls)));
}

function tlsMembers(): Variable {
  return group(
    {
      version: tlsText((tls) => tls.version),
      cipher_suite: tlsText((tls) => tls.cipherSuite),
      sni: tlsText((tls) => tls.sni),
      negotiated_alpn: tlsText((tls) => tls.alpn),
      ja4_fingerprint: tlsText((tls) => tls.ja4),
      session_resumed: leaf(BOOL, (scope) => scope.facts.tls?.resumed ?? false),
      client: certificateMembers((scope) => scope.facts.tls?.client),
      server: certificateMembers((scope) => scope.facts.tls?.server),
    },
    (scope) => scope.facts.tls !== undefined,
  );
}

function certificateMembers(of: (scope: Scope) => CertificateFacts | undefined): Variable {
  const facts = (scope: Scope): CertificateFacts => of(scope) ?? NO_CERTIFICATE;
  return group(
    {
      subject: nameMembers((scope) => facts(scope).subject),
      issuer: nameMembers((scope) => facts(scope).issuer),
      san: textWith((scope) => facts(scope).san.text, {
        dns_names: leaf(STRINGS, (scope) => facts(scope).san.dnsNames),
        email_addresses: leaf(STRINGS, (scope) => facts(scope).san.emailAddresses),
        ip_addresses: leaf(STRINGS, (scope) => facts(scope).san.ipAddresses),
        uris: leaf(STRINGS, (scope) => facts(scope).san.uris),
      }),
      serial_number: leaf(STRING, (scope) => facts(scope).serialNumber),
      signature_algorithm: leaf(STRING, (scope) => facts(scope).signatureAlgorithm),
      pem: leaf(STRING, (scope) => facts(scope).pem),
      validity: group({
        not_before: leaf(TIMESTAMP, (scope) => timeInput(facts(scope).notBeforeMs)),
        not_after: leaf(TIMESTAMP, (scope) => timeInput(facts(scope).notAfterMs)),
      }),
      extensions: leaf(listType(RECORD), (scope) =>
        facts(scope).extensions.map(({ id, critical, value }) => ({ id, critical, value })),
      ),
    },
    (scope) => of(scope) !== undefined,
  );
}

function nameMembers(name: (scope: Scope) => DistinguishedNameFacts): Variable {
  return textWith((scope) => name(scope).text, {
    common_name: leaf(STRING, (scope) => name(scope).commonName),
    country: leaf(STRINGS, (scope) => name(scope).country),
    locality: leaf(STRINGS, (scope) => name(scope).locality),
    organization: leaf(STRINGS, (scope) => name(scope).organization),
    organizational_unit: leaf(STRINGS, (scope) => name(scope).organizationalUnit),
    postal_code: leaf(STRINGS, (scope) => name(scope).postalCode),
    province: leaf(STRINGS, (scope) => name(scope).province),
    street_address: leaf(STRINGS, (scope) => name(scope).streetAddress),
  });
}
