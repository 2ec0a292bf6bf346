// The actions of a traffic policy, each with the limits of what it says. « is where something is said.

import { describe, expect, test } from "bun:test";

import { formatCidr } from "../../../src/base/ip.ts";
import { HTTP_ACTIONS } from "../../../src/resource/traffic-policy/http-actions.ts";
import type { PolicyAction } from "../../../src/resource/traffic-policy/policy.ts";
import { policyMisuses } from "../../../src/resource/traffic-policy/policy-use.ts";
import { action, actions, expectRefused, policy, readPolicy } from "../../support/written-policy.ts";

type Refused = readonly [name: string, config: string, code: string, error: number];

function repeat(count: number, item: string): string {
  return Array.from({ length: count }, () => item).join(", ");
}

function refused(type: string, rows: readonly Refused[]): void {
  test.each(rows)("is not %s", async (_, config, code, error) => {
    await expectRefused(actions(`{type: ${type}, config: ${config}}`), `policy/${code}`, error);
  });
}

function read(type: string, config: string): Promise<PolicyAction> {
  return action(`{type: ${type}, config: ${config}}`);
}

describe("restrict-ips", () => {
  test("is addresses, expressions for them, and IPPolicies", async () => {
    const found = await read(
      "restrict-ips",
      "{enforce: false, allow: [10.0.0.0/8, '${vars.a}/32', '2001:db8::/32'], deny: [10.6.6.6/32, '${b}'], ip_policies: [office, ipp_2abc]}",
    );
    if (found.type !== "restrict-ips") throw new Error("Expected restrict-ips");
    const { allow, deny, ...rest } = found;
    expect([allow.map(formatCidr), deny.map(formatCidr)]).toEqual([["10.0.0.0/8", "2001:db8::/32"], ["10.6.6.6"]]);
    expect(rest).toEqual({
      type: "restrict-ips",
      enforce: false,
      allowTemplates: ["${vars.a}/32"],
      denyTemplates: ["${b}"],
      ipPolicies: ["office", "ipp_2abc"],
    });
  });

  test("is enforced unless it says otherwise, and may leave everything to an IPPolicy", async () => {
    expect(await read("restrict-ips", "{ip_policies: [a]}")).toMatchObject({ enforce: true, allow: [], deny: [] });
    expect(await read("restrict-ips", "{allow: ['${a}']}")).toMatchObject({ allowTemplates: ["${a}"] });
  });

  test("has up to 100000 addresses in a list", async () => {
    const found = await read("restrict-ips", `{allow: [${repeat(100_000, "1.1.1.1/32")}]}`);
    expect(found).toMatchObject({ allow: { length: 100_000 } });
  });

  refused("restrict-ips", [
    ["nothing", "«{}", "missing-allow", 393],
    ["a list of the denied alone", "«{deny: [10.0.0.0/8]}", "missing-allow", 393],
    ["an empty list of the allowed", "«{allow: []}", "missing-allow", 393],
    ["an unknown key", "{allow: [0.0.0.0/0], «denied: []}", "unknown-key", 2203],
    ["a text that enforces", "{allow: [0.0.0.0/0], enforce: «'true'}", "wrong-type", 2204],
    ["one address in place of a list", "{allow: «10.0.0.0/8}", "wrong-type", 2203],
    ["an address without a prefix", "{allow: [0.0.0.0/0, «10.0.0.1]}", "bad-cidr", 2217],
    ["an address inside a network", "{allow: [«10.0.0.1/8]}", "bad-cidr", 2217],
    ["a name", "{allow: [0.0.0.0/0], deny: [«db.example.com]}", "bad-cidr", 2217],
    ["a number", "{allow: [«10]}", "bad-cidr", 2217],
    ["a prefix that is too long", "{allow: [«10.0.0.0/33]}", "bad-cidr", 2217],
    ["a list of the denied that a template lost", "{allow: [0.0.0.0/0], deny: «null}", "wrong-type", 2203],
    ["100001 addresses", `{allow: «[${repeat(100_001, "1.1.1.1/32")}]}`, "long-list", 2218],
    ["an expression that cannot be read", "{allow: [«'${!!}']}", "bad-template", 2224],
    ["an IPPolicy without a name", "{ip_policies: [a, «'']}", "bad-name", 2204],
    ["101 IPPolicies", `{ip_policies: «[${repeat(101, "a")}]}`, "long-list", 2218],
  ]);

  test("tells how an address alone is written", async () => {
    const told = ["10.0.0.1", "::1"].map((address) =>
      expectRefused(actions(`{type: restrict-ips, config: {allow: [«"${address}"]}}`), "policy/bad-cidr", 2217),
    );
    expect(await Promise.all(told)).toEqual([
      "Write 10.0.0.1/32 for this address alone",
      "Write ::1/128 for this address alone",
    ]);
  });

  test("tells of 100 wrong entries", async () => {
    const { diagnostics } = await readPolicy(actions(`{type: restrict-ips, config: {allow: [${repeat(1000, "a")}]}}`));
    expect(diagnostics).toHaveLength(100);
  });
});

describe("forward-internal", () => {
  test("is the URL of an internal endpoint, and what happens without it", async () => {
    expect(await read("forward-internal", "{url: 'tcp://a.internal:1'}")).toEqual({
      type: "forward-internal",
      url: "tcp://a.internal:1",
      onError: "halt",
    });
    expect(await read("forward-internal", "{url: 'tls://${vars.a}.internal', on_error: continue}")).toEqual({
      type: "forward-internal",
      url: "tls://${vars.a}.internal",
      onError: "continue",
    });
    await read("forward-internal", `{url: 'tcp://\${${"a".repeat(65_536 - 9)}}'}`);
  });

  refused("forward-internal", [
    ["nothing", "«{}", "missing-key", 2203],
    ["an unknown key", "{url: 'tcp://a.internal:1', «binding: internal}", "unknown-key", 2203],
    ["a number", "{url: «1}", "bad-url", 2226],
    ["no URL", "{url: «a.internal}", "bad-url", 2226],
    ["a URL without a port", "{url: «'tcp://a.internal'}", "bad-url", 2226],
    ["an endpoint of HTTP", "{url: «'https://a.internal'}", "internal-http", 2262],
    ["an endpoint of HTTP that is not known yet", "{url: «'http://${a}.internal'}", "internal-http", 2262],
    ["a public endpoint", "{url: «'tcp://a.example.com:1'}", "not-internal", 2204],
    ["any address", "{url: «'tcp://'}", "not-internal", 2204],
    ["a wildcard", "{url: «'tcp://*.internal:1'}", "not-internal", 2204],
    ["an expression that cannot be read", "{url: «'tcp://${!!}.internal:1'}", "bad-template", 2224],
    ["65537 characters with an expression", `{url: «'tcp://\${${"a".repeat(65_537 - 9)}}'}`, "long-expression", 2224],
    ["another thing to do on errors", "{url: 'tcp://a.internal:1', on_error: «retry}", "bad-on-error", 2204],
  ]);

  test("wants both ends to have one protocol", async () => {
    const lines = actions("{type: forward-internal, config: {url: «'tls://a.internal'}}");
    await expectRefused(lines, "policy/wrong-protocol", 2204, { protocol: "tcp" });
    await policy(lines.replace("«", ""), { protocol: "tls" });
    const unknown = lines.replace("//a", "//${a}");
    await expectRefused(unknown, "policy/wrong-protocol", 2204, { protocol: "tcp" });
    await policy(unknown.replace("tls://", "").replace("«", ""), { protocol: "tcp" });
  });
});

describe("log", () => {
  test("is anything that JSON has", async () => {
    const metadata = "{a: 1, b: [true, null, {c: '${conn.client_ip}'}], __proto__: x}";
    const found = await read("log", `{metadata: ${metadata}}`);
    expect(JSON.parse(JSON.stringify(found))).toEqual({
      type: "log",
      metadata: JSON.parse('{"a": 1, "b": [true, null, {"c": "${conn.client_ip}"}], "__proto__": "x"}'),
    });
  });

  test("may be 8 maps deep, of 1000 values, with texts of 4096 characters", async () => {
    await read("log", `{metadata: {a: ${"[".repeat(7)}${"]".repeat(7)}}}`);
    await read("log", `{metadata: {a: [${repeat(999, "1")}]}}`);
    await read("log", `{metadata: {a: ${"x".repeat(4096)}}}`);
  });

  refused("log", [
    ["nothing", "«{}", "missing-key", 2203],
    ["a text", "{metadata: «a}", "wrong-type", 2204],
    ["an unknown key", "{metadata: {}, «level: info}", "unknown-key", 2203],
    ["9 levels", `{metadata: {a: ${"[".repeat(7)}«[${"]".repeat(8)}}}`, "deep-value", 2204],
    ["1001 values", `{metadata: {a: [${repeat(999, "1")}, «1, 1]}}`, "large-value", 2204],
    ["a text of 4097 characters", `{metadata: {a: «${"x".repeat(4097)}}}`, "long-text", 2204],
    ["an infinite number", "{metadata: {a: «.inf}}", "wrong-type", 2204],
    ["an expression that cannot be read", "{metadata: {a: [«'x ${!!}']}}", "bad-template", 2224],
  ]);
});

describe("set-vars", () => {
  test("is names and values, in their order", async () => {
    expect(await read("set-vars", "{vars: [{b: '${rand.int(0,1)}'}, {_a1: {c: [1]}}, {d: null}]}")).toEqual({
      type: "set-vars",
      vars: [
        { name: "b", value: "${rand.int(0,1)}" },
        { name: "_a1", value: { c: [1] } },
        { name: "d", value: null },
      ],
    });
    await read("set-vars", `{vars: [${repeat(100, "{a: 1}")}]}`);
    await read("set-vars", `{vars: [{? ${"a".repeat(128)} : 1}]}`);
  });

  refused("set-vars", [
    ["nothing", "«{}", "missing-key", 2203],
    ["a map", "{vars: «{a: 1}}", "bad-vars", 2252],
    ["an empty list", "{vars: «[]}", "bad-vars", 2252],
    ["101 variables", `{vars: «[${repeat(101, "{a: 1}")}]}`, "bad-vars", 2252],
    ["a map of two", "{vars: [«{a: 1, b: 2}]}", "bad-vars", 2252],
    ["an empty map", "{vars: [«{}]}", "bad-vars", 2252],
    ["a text", "{vars: [«a]}", "bad-vars", 2252],
    ["a name with a dash", "{vars: [{«a-b: 1}]}", "bad-vars", 2252],
    ["a name of 129 characters", `{vars: [{«? ${"a".repeat(129)} : 1}]}`.replace("«? ", "? «"), "bad-vars", 2252],
    ["an expression that cannot be read", "{vars: [{a: «'${!!}'}]}", "bad-template", 2224],
  ]);
});

describe("terminate-tls", () => {
  const certificate = '"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"';
  const key = '"-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n"';

  test("has every default", async () => {
    expect(await action("{type: terminate-tls}", { protocol: "tls" })).toEqual({
      type: "terminate-tls",
      minVersion: "1.2",
      maxVersion: "1.3",
      clientCas: [],
      verification: "require-and-verify",
    });
  });

  test("is versions, a certificate with its key, and whom to believe", async () => {
    const config = `{min_version: "1.3", max_version: 1.3, server_certificate: ${certificate}, server_private_key: "\${secrets.get('v', 'k')}", mutual_tls_certificate_authorities: [${certificate}, "\${a}"], mutual_tls_verification_strategy: request}`;
    const pem: unknown = JSON.parse(certificate);
    expect(await read("terminate-tls", config)).toEqual({
      type: "terminate-tls",
      minVersion: "1.3",
      maxVersion: "1.3",
      certificate: String(pem),
      key: "${secrets.get('v', 'k')}",
      clientCas: [String(pem), "${a}"],
      verification: "request",
    });
    await read("terminate-tls", "{mutual_tls_verification_strategy: require-any}");
    await read("terminate-tls", `{mutual_tls_certificate_authorities: [${repeat(100, certificate)}]}`);
  });

  refused("terminate-tls", [
    ["an unknown key", "{«certificate: a}", "unknown-key", 2203],
    ["an old version", "{min_version: «'1.1'}", "bad-tls-version", 2204],
    ["a version that there is not", "{max_version: «1.4}", "bad-tls-version", 2204],
    ["versions in the wrong order", "{min_version: «'1.3', max_version: '1.2'}", "bad-tls-version", 2204],
    ["a certificate without its key", `{«server_certificate: ${certificate}}`, "missing-key", 2204],
    ["a key without its certificate", `{«server_private_key: ${key}}`, "missing-key", 2204],
    ["a path", `{server_certificate: «a.crt, server_private_key: ${key}}`, "not-pem", 2204],
    [
      "a key in place of a certificate",
      `{server_certificate: «${key}, server_private_key: ${key}}`,
      "key-in-place",
      2204,
    ],
    [
      "a certificate in place of a key",
      `{server_certificate: ${certificate}, server_private_key: «${certificate}}`,
      "certificate-in-place",
      2204,
    ],
    [
      "an endless certificate",
      `{server_certificate: «${"a".repeat(100_001)}, server_private_key: ${key}}`,
      "long-text",
      2204,
    ],
    [
      "an expression that cannot be read",
      `{server_certificate: «'\${!!}', server_private_key: ${key}}`,
      "bad-template",
      2224,
    ],
    ["the id of an authority", "{mutual_tls_certificate_authorities: [«ca_2abc]}", "not-pem", 2204],
    ["no authority", "{mutual_tls_certificate_authorities: «[]}", "empty-list", 2204],
    ["101 authorities", `{mutual_tls_certificate_authorities: «[${repeat(101, certificate)}]}`, "long-list", 2218],
    ["another strategy", `{mutual_tls_verification_strategy: «none}`, "bad-verification", 2204],
    [
      "verification without authorities",
      "{mutual_tls_verification_strategy: «require-and-verify}",
      "missing-authorities",
      2204,
    ],
  ]);

  test("is not for tcp://", async () => {
    const hint = await expectRefused(actions("{type: «terminate-tls}"), "policy/wrong-protocol", 2205, {
      protocol: "tcp",
    });
    expect(hint).toBe("Write the url of the endpoint with tls://");
  });
});

describe("rate-limit", () => {
  test("is a number of connections in a time", async () => {
    const config =
      "{name: a, algorithm: sliding_window, capacity: 2000000000, rate: 24h, bucket_key: [conn.client_ip], enforce: false}";
    expect(await read("rate-limit", config)).toEqual({
      type: "rate-limit",
      name: "a",
      enforce: false,
      capacity: 2_000_000_000,
      rateMs: 86_400_000,
      bucketKeys: ["conn.client_ip"],
    });
    const defaults = { enforce: true, rateMs: 60_000, bucketKeys: [] };
    expect(await read("rate-limit", "{name: a, capacity: 1, rate: 60s}")).toMatchObject(defaults);
    await read("rate-limit", `{name: ${"a".repeat(1024)}, capacity: 1, rate: 1m10s, bucket_key: [${repeat(10, "a")}]}`);
  });

  refused("rate-limit", [
    ["without a name", "«{capacity: 1, rate: 60s}", "missing-key", 2203],
    ["without a capacity", "«{name: a, rate: 60s}", "missing-key", 2203],
    ["without a time", "«{name: a, capacity: 1}", "missing-key", 2203],
    ["with an empty name", "{name: «'', capacity: 1, rate: 60s}", "bad-name", 2204],
    ["with a name of 1025 characters", `{name: «${"a".repeat(1025)}, capacity: 1, rate: 60s}`, "bad-name", 2204],
    ["of no connection", "{name: a, capacity: «0, rate: 60s}", "bad-capacity", 2204],
    ["of too many", "{name: a, capacity: «2000000001, rate: 60s}", "bad-capacity", 2204],
    ["in less than a minute", "{name: a, capacity: 1, rate: «50s}", "bad-rate", 2204],
    ["in more than a day", "{name: a, capacity: 1, rate: «24h10s}", "bad-rate", 2204],
    ["in 65 seconds", "{name: a, capacity: 1, rate: «65s}", "bad-rate", 2204],
    ["in a number", "{name: a, capacity: 1, rate: «60}", "bad-rate", 2204],
    ["by another algorithm", "{name: a, capacity: 1, rate: 60s, algorithm: «token_bucket}", "bad-algorithm", 2204],
    ["maybe enforced", "{name: a, capacity: 1, rate: 60s, enforce: «1}", "wrong-type", 2204],
    ["for 11 keys", `{name: a, capacity: 1, rate: 60s, bucket_key: «[${repeat(11, "a")}]}`, "long-list", 2218],
    ["for a key that is a number", "{name: a, capacity: 1, rate: 60s, bucket_key: [«1]}", "bad-expression", 2200],
    ["for a key that cannot be read", "{name: a, capacity: 1, rate: 60s, bucket_key: [«'!!']}", "bad-expression", 2200],
    ["with an unknown key", "{name: a, capacity: 1, rate: 60s, «burst: 1}", "unknown-key", 2203],
  ]);
});

test("every action that is for HTTP alone is refused by its name", async () => {
  for (const type of HTTP_ACTIONS.keys()) await expectRefused(actions(`{type: «${type}}`), "policy/http-action", 2202);
});

test("what a policy of several endpoints must not say is told for each of them", async () => {
  const read = await policy(
    actions("{type: terminate-tls}", "{type: forward-internal, config: {url: 'tls://a.internal', on_error: continue}}"),
  );
  const told = (use: Parameters<typeof policyMisuses>[1]): unknown =>
    policyMisuses(read, use).map(({ code, error, at }) => [code, error, at]);
  expect(told({})).toEqual([]);
  expect(told({ protocol: "tls" })).toEqual([]);
  expect(told({ protocol: "tcp", mustTerminate: true })).toEqual([
    ["wrong-protocol", 2205, ["on_tcp_connect", 0, "actions", 0, "type"]],
    ["wrong-protocol", 2204, ["on_tcp_connect", 0, "actions", 1, "config", "url"]],
    ["open-end", 2235, []],
  ]);
});
