// A traffic policy as a whole: its phases and rules, what is said about a mistake, and the form that it had before. « is where
// something is said.

import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { trafficPolicyRule, warnOfPolicy } from "../../../src/resource/traffic-policy/traffic-policy-rule.ts";
import { Random } from "../../support/random.ts";
import { actions, CHECKS, expectRefused, policy, readPolicy, warnings } from "../../support/written-policy.ts";

function rules(count: number): string {
  return `on_tcp_connect:\n${"- actions: [{type: log, config: {metadata: {}}}]\n".repeat(count)}`.trimEnd();
}

function list(key: string, count: number, item: string): string {
  return `${key}: [${Array.from({ length: count }, () => item).join(", ")}]`;
}

describe("a policy", () => {
  test("is rules with a name each, conditions and actions", async () => {
    const read = await policy(`on_tcp_connect:
- name: office
  expressions: ["conn.client_ip != '10.0.0.1'", "true"]
  actions: [{type: deny}]
- actions: [{type: close-connection, config: {}}]`);
    expect(read).toEqual({
      rules: [
        { name: "office", expressions: ["conn.client_ip != '10.0.0.1'", "true"], actions: [{ type: "deny" }] },
        { name: "rule 2", expressions: [], actions: [{ type: "close-connection" }] },
      ],
    });
  });

  test("can be empty", async () => {
    expect(await policy("{}")).toEqual({ rules: [] });
    expect(await policy("on_tcp_connect: []")).toEqual({ rules: [] });
  });

  test("has up to 1000 rules, and 100 conditions and actions in each", async () => {
    expect((await policy(rules(1000))).rules).toHaveLength(1000);
    const log = "{type: log, config: {metadata: {}}}";
    const read = await policy(`on_tcp_connect:\n- {${list("expressions", 100, "a")}, ${list("actions", 100, log)}}`);
    expect(read.rules.map((rule) => [rule.expressions.length, rule.actions.length])).toEqual([[100, 100]]);
  });

  test.each<readonly [string, string, string, number]>([
    ["a text", "«on_tcp_connect", "policy/wrong-type", 2236],
    ["a list", "«[]", "policy/wrong-type", 2236],
    ["a phase that is no list", "on_tcp_connect: «{actions: []}", "policy/wrong-type", 2236],
    ["a phase that a template lost", "on_tcp_connect: «null", "policy/wrong-type", 2236],
    [
      "a condition that a template lost",
      "on_tcp_connect: [{expressions: «null, actions: [{type: deny}]}]",
      "policy/wrong-type",
      2203,
    ],
    ["an unknown phase", "«on_udp_connect: []", "policy/unknown-phase", 2230],
    ["a misspelt phase", "«on_tcp_conect: []", "policy/unknown-phase", 2230],
    ["1001 rules", rules(1001).replace("\n-", "\n«-"), "policy/long-list", 2264],
    ["a rule that is a text", "on_tcp_connect: [«deny]", "policy/wrong-type", 2203],
    [
      "an unknown key in a rule",
      "on_tcp_connect: [{actions: [{type: deny}], «expression: []}]",
      "policy/unknown-key",
      2203,
    ],
    ["a rule without actions", "on_tcp_connect: [«{name: a}]", "policy/missing-action", 2206],
    ["no action", "on_tcp_connect: [{actions: «[]}]", "policy/missing-action", 2206],
    ["actions that are no list", "on_tcp_connect: [{actions: «deny}]", "policy/wrong-type", 2203],
    [
      "101 actions",
      `on_tcp_connect: [{${list("actions", 101, "{type: deny}").replace("[", "«[")}}]`,
      "policy/long-list",
      2265,
    ],
    [
      "101 conditions",
      `on_tcp_connect: [{actions: [{type: deny}], ${list("expressions", 101, "a").replace("[", "«[")}}]`,
      "policy/long-list",
      2265,
    ],
    [
      "a condition that is no list",
      "on_tcp_connect: [{actions: [{type: deny}], expressions: «a}]",
      "policy/wrong-type",
      2203,
    ],
    [
      "an empty condition",
      "on_tcp_connect: [{actions: [{type: deny}], expressions: [«'']}]",
      "policy/bad-expression",
      2200,
    ],
    [
      "a condition that is true for YAML",
      "on_tcp_connect: [{actions: [{type: deny}], expressions: [«true]}]",
      "policy/bad-expression",
      2200,
    ],
    [
      "a condition that is no CEL",
      "on_tcp_connect: [{actions: [{type: deny}], expressions: [a, «'b !! c']}]",
      "policy/bad-expression",
      2200,
    ],
    [
      "a condition of 4097 characters",
      `on_tcp_connect: [{actions: [{type: deny}], expressions: [«${"a".repeat(4097)}]}]`,
      "policy/long-expression",
      2200,
    ],
    ["a number as name", "on_tcp_connect: [{name: «1, actions: [{type: deny}]}]", "policy/bad-name", 2203],
    [
      "a name of 257 characters",
      `on_tcp_connect: [{name: «${"a".repeat(257)}, actions: [{type: deny}]}]`,
      "policy/bad-name",
      2203,
    ],
    [
      "an action after the end",
      actions("{type: deny}", "«{type: log, config: {metadata: {}}}"),
      "policy/unreachable-action",
      2207,
    ],
    [
      "a second way on",
      actions("{type: forward-internal, config: {url: 'tcp://a.internal:1'}}", "«{type: deny}"),
      "policy/unreachable-action",
      2207,
    ],
  ])("is not %s", async (_, lines, code, error) => {
    await expectRefused(lines, code, error);
  });

  test("says where CEL cannot be read, in one line", async () => {
    const { diagnostics } = await readPolicy("on_tcp_connect: [{actions: [{type: deny}], expressions: ['b !! c']}]");
    const message = "Cannot read this expression: Expected a value, found !!, at character 3 (ERR_NGROK_2200)";
    expect(diagnostics).toMatchObject([{ message, hint: "Write one !" }]);
  });

  test("may have a name of 256 characters and a condition of 4096", async () => {
    await policy(
      `on_tcp_connect: [{name: ${"a".repeat(256)}, expressions: [${"a".repeat(4096)}], actions: [{type: deny}]}]`,
    );
  });

  test("has all of its mistakes told, up to 200", async () => {
    const { diagnostics } = await readPolicy(`on_tcp_connect: [${"{actions: []},".repeat(1000)}]`);
    expect(diagnostics).toHaveLength(200);
  });

  test("warns of rules that no connection comes to, and is used", async () => {
    expect(await warnings(`${actions("{type: deny}")}\n- actions: [{type: deny}]`)).toEqual([
      'policy/unreachable-rule No connection comes to this rule: all of them end in "rule 1" (undefined)',
    ]);
  });
});

describe("a phase of HTTP", () => {
  const forward = "[{actions: [{type: forward-internal, config: {url: 'tcp://a.internal:1'}}]}]";

  test("is explained, with what to write", async () => {
    const hint = await expectRefused(`«on_http_request: ${forward}`, "policy/wrong-phase", 2230);
    expect(hint).toBe('Write the same rules under "on_tcp_connect"');
    const { diagnostics } = await readPolicy(`on_http_request: ${forward}`);
    expect(diagnostics[0]?.message).toBe(
      '"on_http_request" is for HTTP: connections of TCP and TLS have one phase, "on_tcp_connect" (ERR_NGROK_2230)',
    );
  });

  test("with actions that are for HTTP alone names them", async () => {
    const lines =
      "«on_http_response: [{actions: [{type: custom-response}, {type: add-headers}, {type: deny}]}, 1, {actions: 1}]";
    expect(await expectRefused(lines, "policy/wrong-phase", 2230)).toBe(
      'Write the rules under "on_tcp_connect", without what is for HTTP alone: custom-response, add-headers',
    );
  });

  test("is refused beside the right one", async () => {
    await expectRefused(`on_tcp_connect: ${forward}\n«on_http_request: []`, "policy/wrong-phase", 2230);
  });
});

describe("an action", () => {
  test.each<readonly [string, string, string, number, string | undefined]>([
    ["a text", "«deny", "policy/wrong-type", 2203, undefined],
    ["an unknown key", "{type: deny, «confg: {}}", "policy/unknown-key", 2203, 'Did you mean "config"?'],
    ["a misspelt type", "{type: «restrict-ip}", "policy/unknown-action", 2201, 'Did you mean "restrict-ips"?'],
    [
      "a misspelt type of HTTP",
      "{type: «custom-respons}",
      "policy/unknown-action",
      2201,
      'Did you mean "custom-response"?',
    ],
    ["a type that is a number", "{type: «1}", "policy/unknown-action", 2201, undefined],
    ["a redirect", "{type: «redirect}", "policy/http-action", 2202, 'Use "forward-internal"'],
    [
      "a response of its own",
      "{type: «custom-response, config: {}}",
      "policy/http-action",
      2202,
      'Use "deny" or "close-connection"',
    ],
    ["something for which there is nothing", "{type: «compress-response}", "policy/http-action", 2202, undefined],
    ["a deny with a body", "{type: deny, config: {«body: a}}", "policy/unknown-key", 2203, "Known are: status_code"],
    [
      "a close with a status",
      "{type: close-connection, config: {«status_code: 1}}",
      "policy/unknown-key",
      2203,
      "Leave it out",
    ],
    ["a config that is a text", "{type: close-connection, config: «a}", "policy/wrong-type", 2203, undefined],
  ])("is not %s", async (_, written, code, error, hint) => {
    expect(await expectRefused(actions(written), code, error)).toBe(hint);
  });

  test("has a type", async () => {
    expect(await expectRefused(actions("«{config: {}}"), "policy/unknown-action", 2201)).toStartWith(
      "Known are: restrict-ips,",
    );
  });

  test("that denies may have the status that it has for HTTP", async () => {
    expect(await warnings(actions("{type: deny, config: {status_code: 403}}"))).toEqual([
      'policy/http-key "status_code" has no effect: it is for HTTP, and here the connection is closed (Leave it out)',
    ]);
  });
});

describe("the old form", () => {
  test("is read with a warning that names the new one", async () => {
    const { policy: read, diagnostics } = await readPolicy(
      "inbound: [{name: a, actions: [{type: deny}]}]\noutbound: []\nenabled: true",
    );
    expect(read?.rules.map(({ name }) => name)).toEqual(["a"]);
    expect(diagnostics.map(({ line, column, severity, code, hint }) => [line, column, severity, code, hint])).toEqual([
      [3, 3, "warning", "policy/legacy-phase", "Leave it out"],
      [4, 3, "warning", "policy/legacy-enabled", "Leave it out: every policy is enabled"],
      [2, 3, "warning", "policy/legacy-phase", 'Write "on_tcp_connect"'],
    ]);
  });

  test("that is switched off has no rules", async () => {
    const lines = `enabled: false\n${actions("{type: deny}")}`;
    expect((await readPolicy(lines)).policy).toEqual({ rules: [] });
    expect(await warnings(lines)).toEqual([
      'policy/legacy-enabled The policy is off: "enabled" is false, and no rule of it is used (Leave the policy out where none is wanted)',
    ]);
  });

  test.each<readonly [string, string, string, number]>([
    ["something to do with what goes out", "«outbound: [{actions: [{type: deny}]}]", "policy/wrong-phase", 2230],
    ["a text in place of true", "enabled: «yes please", "policy/wrong-type", 2203],
    ["both names of the phase", "on_tcp_connect: []\n«inbound: []", "policy/legacy-phase", 2230],
  ])("is not %s", async (_, lines, code, error) => {
    await expectRefused(lines, code, error);
  });
});

describe("a policy with nobody behind it", () => {
  const use = { mustTerminate: true };
  const forward = "{type: forward-internal, config: {url: 'tcp://a.internal:1'}}";

  test.each([
    ["a way on", actions(forward)],
    [
      "two ways of which a random number chooses one",
      `on_tcp_connect:\n- {expressions: [a], actions: [${forward}]}\n- {expressions: [b], actions: [${forward}]}`,
    ],
    [
      "a last rule that denies",
      `on_tcp_connect:\n- {expressions: [a], actions: [${forward}]}\n- {actions: [{type: deny}]}`,
    ],
    [
      "a last resort",
      actions(
        "{type: forward-internal, config: {url: 'tcp://a.internal:1', on_error: continue}}",
        "{type: close-connection}",
      ),
    ],
  ])("ends with %s", async (_, lines) => {
    await policy(lines, use);
  });

  test.each([
    ["no rule", "«{}"],
    [
      "a rule that ends nothing after one with a condition",
      `«on_tcp_connect:
- {expressions: [a], actions: [${forward}]}
- {actions: [{type: log, config: {metadata: {}}}]}`,
    ],
    [
      "a way on that may fail",
      "«on_tcp_connect: [{actions: [{type: forward-internal, config: {url: 'tcp://a.internal:1', on_error: continue}}]}]",
    ],
    ["actions that end nothing", "«on_tcp_connect: [{actions: [{type: log, config: {metadata: {}}}]}]"],
  ])("does not end with %s", async (_, lines) => {
    expect(await expectRefused(lines, "policy/open-end", 2235, use)).toBe(
      'Add a last rule with "forward-internal" or "deny"',
    );
  });
});

test("whatever is written is a policy, or told to be none", () => {
  const words = [
    "on_tcp_connect",
    "inbound",
    "enabled",
    "actions",
    "expressions",
    "name",
    "type",
    "config",
    "url",
    "vars",
    "metadata",
    "allow",
    "deny",
    "restrict-ips",
    "set-vars",
    "log",
    "forward-internal",
    "terminate-tls",
    "rate-limit",
    "tcp://a.internal:1",
    "10.0.0.0/8",
    "${a}",
    "!!",
    "__proto__",
  ];
  const invent = (random: Random, depth: number): unknown => {
    const word = (): string => words[random.below(words.length)] ?? "";
    const count = depth > 6 ? 0 : random.below(4);
    const items = Array.from({ length: count }, () => invent(random, depth + 1));
    if (random.chance(4)) return word();
    if (random.chance(8)) return [0, 1.2, true, false, null, Number.NaN, undefined][random.below(7)];
    return random.chance(2) ? items : Object.fromEntries(items.map((item) => [word(), item]));
  };
  const seen = { good: 0, bad: 0 };
  for (let seed = 1; seed <= 5_000; seed++) {
    const random = new Random(seed);
    const written = {
      on_tcp_connect: [{ actions: [{ type: words[13 + random.below(6)], config: invent(random, 0) }] }],
    };
    const document = random.chance(2) ? written : invent(random, 0);
    const result = v.safeParse(
      trafficPolicyRule(CHECKS, { protocol: "tcp", mustTerminate: random.chance(2) }),
      document,
    );
    warnOfPolicy(document, [], () => undefined);
    if (result.success) {
      seen.good++;
      expect(structuredClone(result.output)).toEqual(result.output);
    } else {
      seen.bad++;
      expect(result.issues.length).toBeGreaterThan(0);
    }
  }
  expect(seen.good).toBeGreaterThan(50);
  expect(seen.bad).toBeGreaterThan(1000);
});
