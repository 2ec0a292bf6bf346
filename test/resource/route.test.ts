// What a Route document means, and what is said about a wrong one in words. Where it is said is in the fixtures.

import { describe, expect, test } from "bun:test";

import { decodeRoute, EVERYBODY } from "../../src/resource/route.ts";
import { Random } from "../support/random.ts";
import { bare, pool, route, told } from "../support/written-route.ts";

const USUAL_PASSIVE = { failures: 3, earlyResetMs: 0, ejectMs: 10_000, maxEjectMs: 300_000, ejectLast: false };
const TCP = { check: { kind: "tcp" }, intervalMs: 5000, jitterMs: 500, timeoutMs: 2000, rise: 2, fall: 3 };

describe("health", () => {
  test("without it nobody is asked, and ejection is as usual", async () => {
    const { health, passive, onDown, slowStartMs } = await pool("");
    expect(health).toBeUndefined();
    expect(passive).toEqual(USUAL_PASSIVE);
    expect([onDown, slowStartMs]).toEqual(["keep", 0]);
  });

  test("an empty map is a TCP check with every default", async () => {
    expect((await pool("health: {}")).health as unknown).toEqual(TCP);
  });

  test.each([
    ["tcp", { kind: "tcp" }],
    ["tls", { kind: "tls" }],
    ["postgres", { kind: "postgres", user: "postgres" }],
    ["redis", { kind: "redis" }],
    ["mysql", { kind: "mysql" }],
    ["nats", { kind: "nats" }],
  ])("%s alone names a check", async (word, check) => {
    expect((await pool(`health: ${word}`)).health as unknown).toEqual({ ...TCP, check });
    expect((await pool(`health: {check: ${word}}`)).health as unknown).toEqual({ ...TCP, check });
  });

  test.each([
    ["{tls: {}}", { kind: "tls" }],
    ["{tls: {serverName: DB.internal}}", { kind: "tls", serverName: "db.internal" }],
    ["{postgres: {}}", { kind: "postgres", user: "postgres" }],
    ["{postgres: {user: Monitor}}", { kind: "postgres", user: "Monitor" }],
    ["{expect: é}", { kind: "exchange", expect: Uint8Array.of(0xc3, 0xa9) }],
    [
      '{send: "PING\\r\\n", expect: "+PONG"}',
      {
        kind: "exchange",
        send: new TextEncoder().encode("PING\r\n"),
        expect: new TextEncoder().encode("+PONG"),
      },
    ],
    [
      '{send: {hex: "00 fF0a"}, expect: {hex: " 01 "}}',
      { kind: "exchange", send: Uint8Array.of(0, 255, 10), expect: Uint8Array.of(1) },
    ],
  ])("check: %s says more of one", async (text, check) => {
    expect((await pool(`health: {check: ${text}}`)).health?.check as unknown).toEqual(check);
  });

  test("what is written stands", async () => {
    const written = await pool(
      "health: {interval: 20s, jitter: off, timeout: 20s, rise: 100, fall: 1, port: 65535, onDown: kill, slowStart: 30s}",
    );
    expect(written.health).toEqual({
      check: { kind: "tcp" },
      intervalMs: 20_000,
      jitterMs: 0,
      timeoutMs: 20_000,
      rise: 100,
      fall: 1,
      port: 65_535,
    });
    expect([written.onDown, written.slowStartMs]).toEqual(["kill", 30_000]);
  });

  test("the timeout and the jitter follow an interval that is written alone", async () => {
    expect((await pool("health: {interval: 1s}")).health).toMatchObject({ timeoutMs: 1000, jitterMs: 100 });
    expect((await pool("health: {interval: 1m}")).health).toMatchObject({ timeoutMs: 2000, jitterMs: 6000 });
  });

  test("checks and ejection are switched off each by itself", async () => {
    const unasked = await pool("health: off");
    expect(["health" in unasked, unasked.passive]).toEqual([false, USUAL_PASSIVE]);
    const kept = await pool("health: {passive: off}");
    expect([kept.health as unknown, "passive" in kept]).toEqual([TCP, false]);
    const neither = await pool("health: {check: off, passive: off, slowStart: 1s}");
    expect(["health" in neither, "passive" in neither, neither.slowStartMs]).toEqual([false, false, 1000]);
  });

  test("ejection is as written, and its longest never shorter than its first", async () => {
    const written = "{failures: 1, earlyReset: 50ms, eject: 1s, maxEject: 2s, ejectLast: true}";
    expect((await pool(`health: {passive: ${written}}`)).passive).toEqual({
      failures: 1,
      earlyResetMs: 50,
      ejectMs: 1000,
      maxEjectMs: 2000,
      ejectLast: true,
    });
    expect((await pool("health: {passive: {eject: 1h}}")).passive).toMatchObject({ maxEjectMs: 3_600_000 });
    expect((await pool("health: {passive: {}}")).passive).toEqual(USUAL_PASSIVE);
  });
});

describe("backends, balance, dial, resolve", () => {
  test("are as written", async () => {
    const written = await pool(
      'balance: source-hash\ndial: {attempts: 1, timeout: 250ms}\nresolve: {interval: 1m}\nbackends: ["srv+_PG._tcp.b.", {address: "b:1", weight: 0, backup: false, maxConnections: 7}, {address: srv+c, backup: true}]',
    );
    expect([written.balance, written.dial, written.resolveIntervalMs] as unknown).toEqual([
      "source-hash",
      { attempts: 1, attemptMs: 250 },
      60_000,
    ]);
    expect(written.backends).toEqual([
      { srv: "_pg._tcp.b.", address: "srv+_PG._tcp.b.", weight: 1, backup: false, maxConnections: 0 },
      { host: "b", firstPort: 1, lastPort: 1, address: "b:1", weight: 0, backup: false, maxConnections: 7 },
      { srv: "c", address: "srv+c", weight: 1, backup: true, maxConnections: 0 },
    ]);
  });

  test.each(["round-robin", "least-connections", "random", "source-hash"])("balance: %s is known", async (balance) => {
    expect((await pool(`balance: ${balance}`)).balance as string).toBe(balance);
  });

  test.each([
    "dial: {timeout: 4999ms}",
    "dial: {timeout: 5s}\ntimeouts: {connect: 6s}",
    "dial: {timeout: 1h}\ntimeouts: {connect: off}",
    "dial: {timeout: 1h}\ntimeouts: {connect: 0}",
    "dial: {timeout: off}",
    "dial: {timeout: 5s, attempts: 1}",
  ])("%j leaves time for what it says", async (text) => {
    expect((await pool(text)).dial.attempts).toBeGreaterThan(0);
  });

  test("primaries may all be drained while there are backups", async () => {
    expect(
      (await pool('backends: [{address: "a:1", weight: 0}, {address: "b:1", backup: true}]')).backends.length,
    ).toBe(2);
  });
});

describe("limits", () => {
  test("a rate has a burst of its own number, whatever its unit", async () => {
    expect((await route("limits: {rate: 50/s}")).limits.rate).toEqual({ perSecond: 50, burst: 50 });
    expect((await route("limits: {rate: 30/m}")).limits.rate).toEqual({ perSecond: 0.5, burst: 30 });
    expect((await route("limits: {rate: {limit: 50/s, burst: 1}}")).limits.rate).toEqual({ perSecond: 50, burst: 1 });
    expect((await route("limits: {rate: {limit: 50/s}}")).limits.rate).toEqual({ perSecond: 50, burst: 50 });
  });

  test("a number for each source is a number of connections", async () => {
    expect((await route("limits: {perSource: 20}")).limits.perSource).toEqual({ connections: 20, ipv6Prefix: 64 });
    const rate = await route("limits: {perSource: {rate: 5/s, ipv6Prefix: 128}}");
    expect(rate.limits.perSource).toEqual({ connections: 0, rate: { perSecond: 5, burst: 5 }, ipv6Prefix: 128 });
  });

  test("one bandwidth is that of each connection", async () => {
    expect((await route("limits: {bandwidth: 1MB/s}")).limits.bandwidth).toEqual({
      connectionBytesPerSecond: 1_000_000,
      routeBytesPerSecond: 0,
    });
    expect((await route("limits: {bandwidth: {route: 1Gbit/s}}")).limits.bandwidth).toEqual({
      connectionBytesPerSecond: 0,
      routeBytesPerSecond: 125_000_000,
    });
  });

  test("the queue is as written beside a backend that can be full", async () => {
    const full = 'backends: [{address: "b:1", maxConnections: 1}]\n';
    expect((await route(full)).limits.queue).toEqual({ size: 128, timeoutMs: 5000 });
    expect((await route(`${full}limits: {queue: off}`)).limits.queue).toEqual({ size: 0, timeoutMs: 5000 });
    expect((await route(`${full}limits: {queue: {size: 1}}`)).limits.queue).toEqual({ size: 1, timeoutMs: 5000 });
    expect((await route(`${full}limits: {queue: {timeout: 1s}}`)).limits.queue).toEqual({ size: 128, timeoutMs: 1000 });
  });

  test("a queue that is off needs no such backend", async () => {
    expect((await route("limits: {queue: off}")).limits.queue.size).toBe(0);
    expect((await route("limits: {queue: {size: 0}}")).limits.queue.size).toBe(0);
  });
});

const RATE = "route/bad-rate Expected a rate such as 50/s, 300/m or 10/h, found";
const BANDWIDTH = "route/bad-bandwidth Expected a rate such as 512KiB/s, 10MB/s or 1Gbit/s, found";
const LONG_DIAL = "route/long-dial-timeout The timeout of one dial is not shorter than timeouts.connect,";
const NO_TIME =
  "no time would be left to try another backend (Write a shorter one, a longer timeouts.connect, or dial.attempts: 1)";
const CONNECTIONS = "route/bad-limit Expected a whole number from 1 to 1000000000, found";
const CHECKS = "tcp, tls, postgres, redis, mysql, nats, off or a map as a check";

test.each([
  [
    "balance: roundrobin",
    'route/bad-balance Expected round-robin, least-connections, random or source-hash, found "roundrobin" (Did you mean "round-robin"?)',
  ],
  ...[
    ["rr", "round-robin"],
    ["leastconn", "least-connections"],
    ["least_conn", "least-connections"],
    ["leastconns", "least-connections"],
    ["hash", "source-hash"],
    ["ip_hash", "source-hash"],
    ["source", "source-hash"],
    ["sticky", "source-hash"],
  ].map(([word, meant]): [string, string] => [
    `balance: ${word}`,
    `route/bad-balance Expected round-robin, least-connections, random or source-hash, found "${word}" (Did you mean "${meant}"?)`,
  ]),
  [
    "balance: constructor",
    'route/bad-balance Expected round-robin, least-connections, random or source-hash, found "constructor"',
  ],
  ['health: {rise: "3"}', 'route/bad-number Expected a whole number from 1 to 100, found "3" (Write 3)'],
  ['health: {rise: "300"}', 'route/bad-number Expected a whole number from 1 to 100, found "300"'],
  ["health: {fall: .nan}", "route/bad-number Expected a whole number from 1 to 100, found NaN"],
  ['health: {port: "8008"}', 'route/bad-port Expected a whole number from 1 to 65535, found "8008" (Write 8008)'],
  ["health: {interval: 5}", "route/bad-duration Expected a duration from 100ms to 1d, found 5 (Write 5s for seconds)"],
  [
    "health: {slowStart: false}",
    "route/bad-duration Expected a duration from 1ms to 1d or off, found false (Write off)",
  ],
  ["health: {passive: false}", "route/wrong-type Expected off or a map of keys, found false (Write off)"],
  ["health: {passive: {ejectLast: yes}}", 'route/wrong-type Expected true or false, found "yes" (Write true)'],
  ["health: {passive: {ejectLast: off}}", 'route/wrong-type Expected true or false, found "off" (Write false)'],
  [
    "health: {passive: {eject: 1m, maxEject: 1s}}",
    "route/short-max-eject The longest ejection is shorter than the first one",
  ],
  ["health: postgresql", `route/bad-check Expected ${CHECKS}, found "postgresql" (Did you mean "postgres"?)`],
  ["health: false", `route/bad-check Expected ${CHECKS}, found false (Write off)`],
  ["health: on", `route/bad-check Expected ${CHECKS}, found "on" (Write tcp)`],
  ["health: true", `route/bad-check Expected ${CHECKS}, found true (Write tcp)`],
  [
    "health: {check: http}",
    `route/bad-check Expected ${CHECKS}, found "http" (There is no check for HTTP, write {send: "GET …", expect: "200"})`,
  ],
  ["health: {check: toString}", `route/bad-check Expected ${CHECKS}, found "toString"`],
  [
    "health: {check: {redis: {}}}",
    'route/bad-check Expected one of "tls", "postgres" and "expect" in a check, found none of them (Write "check: redis")',
  ],
  [
    "health: {check: {tls: {}, expect: x}}",
    'route/bad-check Expected one of "tls", "postgres" and "expect" in a check, found "tls" and "expect"',
  ],
  ["health: {check: {send: x}}", 'route/missing-key Missing key "expect"'],
  [
    `health: {check: {expect: ${"x".repeat(1025)}}}`,
    "route/bad-bytes Expected a text of 1 to 1024 bytes or {hex: …}, found 1025 bytes",
  ],
  [
    `health: {check: {expect: {hex: "${"00".repeat(1025)}"}}}`,
    'route/bad-bytes Expected 1 to 1024 bytes as pairs of hex digits such as "00 ff", found 1025 bytes',
  ],
  [
    "health: {check: {expect: {hex: 0x}}}",
    'route/bad-bytes Expected 1 to 1024 bytes as pairs of hex digits such as "00 ff", found "0x"',
  ],
  [
    "health: {check: {expect: {hex: 10}}}",
    'route/bad-bytes Expected 1 to 1024 bytes as pairs of hex digits such as "00 ff", found 10 (Write it in quotes)',
  ],
  [
    "health: {check: {expect: 220}}",
    'route/bad-bytes Expected a text of 1 to 1024 bytes or {hex: …}, found 220 (Write "220")',
  ],
  [
    "health: {check: {postgres: {user: 7}}}",
    'route/bad-user Expected a user\'s name of 1 to 63 bytes, found 7 (Write "7")',
  ],
  [
    'health: {check: {postgres: {user: "a\\0"}}}',
    'route/bad-user Expected a user\'s name of 1 to 63 bytes, found "a\\u0000"',
  ],
  ["health: {check: {tls: {serverName: a b}}}", 'route/bad-server-name Expected a host name, found "a b"'],
  [
    "health: {check: {tls: {serverName: 10.0.0.1}}}",
    'route/ip-server-name "10.0.0.1" is an address: TLS asks for servers by host name (Write a name that the backend\'s certificate has, or leave it out)',
  ],
  [
    "health: {check: off, port: 80}",
    'route/no-check "port" has no effect without a check: "check" is off (Leave it out, or name a check)',
  ],
  [
    "health: {timeout: 6s}",
    "route/long-timeout The timeout is longer than the interval: a check must end before the next one begins",
  ],
  ["health: {jitter: 6s}", "route/long-jitter The jitter is longer than the interval"],
  [
    'listen: 1-2\nbackends: ["b:1-2"]\nhealth: tcp',
    'route/no-health-port Cannot check "b:1-2": which of its ports should be asked? (Write the port as "port" under "health")',
  ],
  [
    'backends: ["unix:/b"]\nhealth: {port: 1}',
    'route/unix-port Cannot ask another port of "unix:/b": a unix socket has none',
  ],
  [
    'backends: [{address: "b:1", backup: true}]',
    "route/no-primary Every backend is a backup: there is none that they could stand in for (Leave it out for those that are used first)",
  ],
  [
    'backends: [{address: "b:1", weight: "2"}]',
    'route/bad-weight Expected a whole number from 0 to 1000000, found "2" (Write 2)',
  ],
  [
    'backends: ["srv+b:1"]',
    'route/bad-backend Cannot use "srv+b:1" as a backend: SRV records say the port, write none',
  ],
  [
    'backends: ["srv+b c"]',
    'route/bad-backend Cannot use "srv+b c" as a backend: "b c" is not a name of SRV records, such as _postgres._tcp.internal',
  ],
  ["dial: {attempts: 0}", "route/bad-number Expected a whole number from 1 to 1000, found 0"],
  ["resolve: {interval: 999ms}", 'route/bad-duration Expected a duration from 1s to 1d, found "999ms"'],
  ["limits: {connections: 0}", `${CONNECTIONS} 0 (Leave the key out for no limit)`],
  ['limits: {connections: "0"}', `${CONNECTIONS} "0" (Leave the key out for no limit)`],
  ['limits: {connections: "5"}', `${CONNECTIONS} "5" (Write 5)`],
  ["limits: {connections: off}", `${CONNECTIONS} "off" (Leave the key out for no limit)`],
  ["limits: {perSource: 0}", `${CONNECTIONS} 0 (Leave the key out for no limit)`],
  ["limits: {perSource: {connections: 0}}", `${CONNECTIONS} 0 (Leave the key out for no limit)`],
  ['backends: [{address: "b:1", maxConnections: 0}]', `${CONNECTIONS} 0 (Leave the key out for no limit)`],
  ["dial: {timeout: 5s}", `${LONG_DIAL} 5s: ${NO_TIME}`],
  ["dial: {timeout: 1s}\ntimeouts: {connect: 1s}", `${LONG_DIAL} 1s: ${NO_TIME}`],
  ["limits: {rate: 50}", `${RATE} 50 (Write "50/s")`],
  ['limits: {rate: "50"}', `${RATE} "50" (Write "50/s")`],
  ["limits: {rate: 0.5}", `${RATE} 0.5 (Write a whole number by the minute or the hour, as in 30/m)`],
  ["limits: {rate: 0.5/s}", `${RATE} "0.5/s" (Write a whole number by the minute or the hour, as in 30/m)`],
  ["limits: {rate: 0/s}", `${RATE} "0/s" (Leave the key out for no limit)`],
  ["limits: {rate: off}", `${RATE} "off" (Leave the key out for no limit)`],
  ["limits: {rate: fast}", `${RATE} "fast"`],
  ["limits: {rate: {limit: 1/s, burst: 0}}", "route/bad-number Expected a whole number from 1 to 1000000000, found 0"],
  ["limits: {rate: {burst: 1}}", 'route/missing-key Missing key "limit"'],
  ["limits: {bandwidth: 10MB}", `${BANDWIDTH} "10MB" (Write 10MB/s)`],
  ["limits: {bandwidth: 1000}", `${BANDWIDTH} 1000 (Write 1000B/s)`],
  ["limits: {bandwidth: {route: 0}}", `${BANDWIDTH} 0 (Leave the key out for no limit)`],
  ["limits: {bandwidth: {}}", 'route/empty-limit Expected "connection" or "route", found a map that limits nothing'],
  [
    "limits: {perSource: {ipv6Prefix: 64}}",
    'route/empty-limit Expected "connections" or "rate", found a map that limits nothing',
  ],
  ["limits: {perSource: {ipv6Prefix: 129}}", "route/bad-number Expected a whole number from 1 to 128, found 129"],
  ["limits: {bandwidth: {conection: 1MB/s}}", 'route/unknown-key Unknown key "conection" (Did you mean "connection"?)'],
  [
    "limits: {perSource: {connections: 1, ipv6Prefix: 0}}",
    "route/bad-number Expected a whole number from 1 to 128, found 0",
  ],
  ["limits: {queue: 128}", "route/wrong-type Expected off or a map of keys, found 128 (Write {size: 128})"],
  ["limits: {queue: {}}", "route/idle-queue limits.queue has no effect: no backend has maxConnections"],
])("%s is refused, and the message helps", async (text, expected) => {
  expect(await told(text)).toEqual([expected]);
});

/** Every key of the dialect, and some that are none. */
const KEYS =
  "name listen backends allow match sources timeouts connect limits connections rate limit burst perSource ipv6Prefix bandwidth connection route queue size timeout balance health check tls serverName postgres user send expect hex redis interval jitter rise fall port onDown slowStart passive failures earlyReset eject maxEject ejectLast dial attempts resolve address weight backup maxConnections protocol alpn clientCert dnsNames uris emails commonNames organizations fingerprints mode hostnames certificate key minVersion clientAuth ca crl upstreamTls insecure proxyProtocol accept from versions hello sni other __proto__ constructor".split(
    " ",
  );
const VALUES: readonly unknown[] = [
  ..."off redis 5s 50/s 10MB/s 00 srv+b b:1 b:1-2 unix:/b random keep 10.0.0.0/8 1-2 * *.a.b a.b x@a.b x://y/* h2 passthrough terminate require v2 aa:bb \n".split(
    " ",
  ),
  0,
  1,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e308,
  1.2,
  "-----BEGIN CERTIFICATE-----",
  "-----BEGIN ENCRYPTED PRIVATE KEY-----",
  true,
  false,
  null,
  "",
];

function anything(random: Random, depth: number): unknown {
  if (depth > 0 && random.chance(6)) {
    return Array.from({ length: random.below(3) }, () => anything(random, depth - 1));
  }
  if (depth === 0 || random.chance(3)) return VALUES[random.below(VALUES.length)];
  const map = bare({});
  const keys = KEYS.length;
  for (let left = random.below(5); left > 0; left--) map[KEYS[random.below(keys)] ?? ""] = anything(random, depth - 1);
  return map;
}

test("any document is judged, and never without a word", () => {
  const origin = { file: "a.yaml", locate: () => ({ line: 1, column: 1 }) };
  for (let seed = 0; seed < 4000; seed++) {
    const random = new Random(seed);
    const document = bare({});
    for (const key of [
      "listen",
      "backends",
      "match",
      "tls",
      "upstreamTls",
      "proxyProtocol",
      "health",
      "limits",
      "dial",
    ]) {
      document[key] = anything(random, 4);
    }
    if (random.chance(2)) document["listen"] = 1;
    if (random.chance(2)) document["backends"] = ["b:1", anything(random, 2)];
    const { resource, closed, diagnostics } = decodeRoute(document, origin, "a");
    expect(resource === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
    expect(closed === undefined || (closed.pools.length === 0 && closed.deny === EVERYBODY)).toBe(true);
    for (const { message, code } of diagnostics) {
      expect(code).toMatch(/^route\/[a-z-]+$/);
      expect(message).toMatch(/^["A-Za-z]/);
    }
  }
});
