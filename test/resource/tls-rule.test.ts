// What a route says about TLS: what it means, and what is said about a mistake. Where it is said is in the fixtures.

import { describe, expect, test } from "bun:test";

import { pool, route, told, warned } from "../support/written-route.ts";

const IDENTITY = { certificate: { file: "db.crt" }, key: { file: "db.key" } };
/** Enough to terminate TLS with. */
const TERMINATE = "mode: terminate, certificate: db.crt, key: db.key";

describe("tls", () => {
  test("without it a route is for whatever clients speak", async () => {
    const plain = await route("");
    expect(["tls" in plain, "upstreamTls" in plain, plain.protocol, plain.alpn, plain.clientCert]).toEqual([
      false,
      false,
      "tcp",
      [],
      [],
    ]);
    expect(plain.timeouts.helloMs).toBe(5000);
  });

  test("passthrough needs no more, and takes every name", async () => {
    expect((await route("tls: {mode: passthrough}")).tls).toEqual({ mode: "passthrough", hostnames: [] });
  });

  test("a star alone is every name", async () => {
    expect((await route('tls: {mode: passthrough, hostnames: ["*"]}')).tls?.hostnames).toEqual([]);
  });

  test("hostnames are in the form in which they are compared", async () => {
    const { tls } = await route('tls: {mode: passthrough, hostnames: [DB.Example.com., "*.example.com"]}');
    expect(tls?.hostnames).toEqual([
      { name: "db.example.com", wildcard: "none" },
      { name: "example.com", wildcard: "one-label" },
    ]);
  });

  test("terminate has every default", async () => {
    expect((await route(`tls: {${TERMINATE}}`)).tls).toEqual({
      mode: "terminate",
      hostnames: [],
      identity: IDENTITY,
      minVersion: "1.2",
      alpn: [],
    });
  });

  test("a certificate and its key can be in the route itself", async () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    const key =
      "-----BEGIN EC PARAMETERS-----\nAA==\n-----END EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n";
    const { tls } = await route(
      `tls: ${JSON.stringify({ mode: "terminate", certificate, key, clientAuth: { ca: certificate } })}`,
    );
    expect(tls).toMatchObject({
      identity: { certificate: { text: certificate }, key: { text: key } },
      clientAuth: { trust: { ca: { text: certificate } } },
    });
  });

  test.each([
    ["1.2", "1.2"],
    ["1.3", "1.3"],
    ['"1.2"', "1.2"],
    ['"1.3"', "1.3"],
  ])("minVersion: %s is known, as a number too", async (written, version) => {
    expect((await route(`tls: {${TERMINATE}, minVersion: ${written}}`)).tls).toMatchObject({ minVersion: version });
  });

  test("ALPN is as written", async () => {
    expect((await route(`tls: {${TERMINATE}, alpn: [h2, http/1.1]}`)).tls).toMatchObject({ alpn: ["h2", "http/1.1"] });
  });

  test("what brings clients here is agreed to", async () => {
    const matched = await route(`match: {alpn: [b, a]}\ntls: {${TERMINATE}}`);
    expect([matched.alpn, matched.tls]).toMatchObject([["b", "a"], { alpn: ["b", "a"] }]);
    const both = await route(`match: {alpn: [a]}\ntls: {${TERMINATE}, alpn: [b, a]}`);
    expect([both.alpn, both.tls]).toMatchObject([["a"], { alpn: ["b", "a"] }]);
  });

  test("postgres is agreed to where it is spoken, unless the route says otherwise", async () => {
    const spoken = await route(`protocol: postgres\ntls: {${TERMINATE}}`);
    expect([spoken.protocol, spoken.tls]).toMatchObject(["postgres", { alpn: ["postgresql"] }]);
    expect((await route(`protocol: postgres\ntls: {${TERMINATE}, alpn: [x]}`)).tls).toMatchObject({ alpn: ["x"] });
    expect((await route(`protocol: postgres\nmatch: {alpn: [x]}\ntls: {${TERMINATE}}`)).tls).toMatchObject({
      alpn: ["x"],
    });
    expect((await route("protocol: postgres")).protocol).toBe("postgres");
  });
});

describe("clientAuth", () => {
  test("asks everybody for a certificate, unless it says otherwise", async () => {
    expect((await route(`tls: {${TERMINATE}, clientAuth: {ca: a.pem}}`)).tls).toMatchObject({
      clientAuth: { trust: { ca: { file: "a.pem" } }, mode: "require", allow: [] },
    });
  });

  test("is as written", async () => {
    const auth = "{ca: a.pem, mode: request, crl: b.pem, allow: [{commonNames: [x]}, {organizations: [y]}]}";
    expect((await route(`tls: {${TERMINATE}, clientAuth: ${auth}}`)).tls).toMatchObject({
      clientAuth: {
        trust: { ca: { file: "a.pem" }, crl: { file: "b.pem" } },
        mode: "request",
        allow: [{ commonNames: ["x"] }, { organizations: ["y"] }],
      },
    });
  });
});

describe("upstreamTls", () => {
  test.each(["{}", "on", "true", "{insecure: false}"])("%s means backends verified by the system", async (written) => {
    expect((await pool(`upstreamTls: ${written}`)).upstreamTls).toEqual({ insecure: false });
  });

  test("is as written", async () => {
    const written = "{ca: a.pem, serverName: DB.internal., certificate: db.crt, key: db.key}";
    expect((await pool(`upstreamTls: ${written}`)).upstreamTls).toEqual({
      trust: { ca: { file: "a.pem" } },
      serverName: "db.internal",
      identity: IDENTITY,
      insecure: false,
    });
  });

  test("goes with TLS that was terminated, and with a unix socket that has a name", async () => {
    expect((await pool(`tls: {${TERMINATE}}\nupstreamTls: on`)).upstreamTls).toEqual({ insecure: false });
    const unix = await pool('backends: ["unix:/db"]\nupstreamTls: {serverName: db}');
    expect(unix.upstreamTls).toEqual({ serverName: "db", insecure: false });
  });

  test("insecure is a route, and a warning", async () => {
    const { route: open, told: warnings } = await warned("upstreamTls: {insecure: true, serverName: db.internal}");
    expect(open.pools[0]?.spec.upstreamTls).toEqual({ serverName: "db.internal", insecure: true });
    expect(warnings).toEqual([
      'route/insecure-upstream Backends are not verified: whoever answers in the place of one gets its connections (Write "ca" in its place)',
    ]);
  });
});

test("timeouts.hello is as written", async () => {
  expect((await route("timeouts: {hello: 100ms}")).timeouts.helloMs).toBe(100);
  expect((await route("timeouts: {hello: 5m}")).timeouts.helloMs).toBe(300_000);
});

const NO_MAP = 'route/wrong-type Expected a map with "mode", found';
const MODE = 'route/bad-tls-mode Expected "mode": passthrough or terminate, found';
const VERSION = 'route/bad-tls-version Expected "1.2" or "1.3", found';
const HOSTNAME = "route/bad-hostname Expected a host name such as db.example.com or *.example.com, found";
const PROTOCOL = "route/bad-protocol Expected tcp or postgres, found";
const CLIENT_AUTH = "route/bad-client-auth-mode Expected require or request, found";

test.each([
  ["protocol: pg", `${PROTOCOL} "pg" (Did you mean "postgres"?)`],
  ["protocol: PostgreSQL", `${PROTOCOL} "PostgreSQL" (Did you mean "postgres"?)`],
  ["protocol: http", `${PROTOCOL} "http"`],
  ["tls: off", `${NO_MAP} "off" (Leave the key out)`],
  ["tls: on", `${NO_MAP} "on" (Write {mode: passthrough}, or {mode: terminate, certificate: …, key: …})`],
  ["tls: {mode: passthru}", `${MODE} "passthru" (Did you mean "passthrough"?)`],
  ["tls: {mode: Passthrough}", `${MODE} "Passthrough" (Did you mean "passthrough"?)`],
  ["tls: {mode: edge}", `${MODE} "edge" (Did you mean "terminate"?)`],
  ["tls: {mode: off}", `${MODE} "off" (Leave "tls" out)`],
  ["tls: {mode: MUTUAL}", `${MODE} "MUTUAL" (Write "mode: terminate", with "clientAuth")`],
  ["tls: {mode: re-encrypt}", `${MODE} "re-encrypt" (Write "mode: terminate", and "upstreamTls" beside "tls")`],
  [
    "tls: {mode: constructor}",
    `${MODE} "constructor" (Write "mode: passthrough" to leave TLS to the backends, "mode: terminate" to end it here)`,
  ],
  [`tls: {${TERMINATE}, minVersion: TLSv1.3}`, `${VERSION} "TLSv1.3" (Write "1.3")`],
  [`tls: {${TERMINATE}, minVersion: tls12}`, `${VERSION} "tls12" (Write "1.2")`],
  [`tls: {${TERMINATE}, minVersion: TLS1_2}`, `${VERSION} "TLS1_2" (Write "1.2")`],
  [`tls: {${TERMINATE}, minVersion: 1.1}`, `${VERSION} 1.1 (Older versions are broken, and not spoken)`],
  [`tls: {${TERMINATE}, minVersion: SSLv3}`, `${VERSION} "SSLv3" (Older versions are broken, and not spoken)`],
  [`tls: {${TERMINATE}, minVersion: 1.4}`, `${VERSION} 1.4`],
  [
    "tls: {mode: passthrough, hostnames: [https://db.example.com/]}",
    `${HOSTNAME} "https://db.example.com/" (Write "db.example.com")`,
  ],
  ["tls: {mode: passthrough, hostnames: [-a.b]}", `${HOSTNAME} "-a.b"`],
  [
    'tls: {mode: passthrough, hostnames: ["*.bücher.example"]}',
    'route/non-ascii-hostname Cannot use "*.bücher.example" as a host name: it must be in its ASCII form (xn--…) (Write "*.xn--bcher-kva.example")',
  ],
  [
    'tls: {mode: passthrough, hostnames: ["[::1]"]}',
    'route/ip-hostname Cannot use "[::1]" as a host name: it is an address (Clients that connect to an address give no name: leave hostnames out for them)',
  ],
  ['tls: {mode: passthrough, hostnames: ["*", "*"]}', 'route/duplicate-hostname "*" is listed twice'],
  [`tls: {${TERMINATE}, clientAuth: {ca: a, mode: required}}`, `${CLIENT_AUTH} "required" (Did you mean "require"?)`],
  [
    `tls: {${TERMINATE}, clientAuth: {ca: a, mode: verify_if_given}}`,
    `${CLIENT_AUTH} "verify_if_given" (Did you mean "request"?)`,
  ],
  [
    `tls: {${TERMINATE}, clientAuth: off}`,
    'route/wrong-type Expected a map with "ca", found "off" (Leave the key out for no client certificates)',
  ],
  [
    "upstreamTls: off",
    'route/wrong-type Expected on or a map of keys, found "off" (Leave the key out for backends without TLS)',
  ],
  ["upstreamTls: a.pem", 'route/wrong-type Expected on or a map of keys, found "a.pem" (Write "upstreamTls: on")'],
  ["timeouts: {hello: off}", 'route/bad-duration Expected a duration from 100ms to 5m, found "off"'],
  ["timeouts: {hello: 5}", "route/bad-duration Expected a duration from 100ms to 5m, found 5 (Write 5s for seconds)"],
])("%s is refused, and the message helps", async (text, expected) => {
  expect(await told(text)).toEqual([expected]);
});

test("a private key is never shown, wherever it was put", async () => {
  const key = JSON.stringify("-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n");
  const said = await told(
    [
      `protocol: ${key}`,
      `match: {alpn: [${key}], clientCert: {commonNames: [${key}], uris: [${key}], fingerprints: [${key}]}}`,
      `tls: {mode: ${key}, hostnames: [${key}], certificate: ${key}, key: {x: ${key}}, minVersion: ${key}, alpn: ${key}, clientAuth: ${key}}`,
      `upstreamTls: {ca: ${key}, serverName: ${key}, insecure: ${key}}`,
      `proxyProtocol: {accept: ${key}, send: ${key}}`,
    ].join("\n"),
  );
  expect(said.length).toBeGreaterThan(12);
  expect(said.join("\n")).not.toContain("SECRET");
});
