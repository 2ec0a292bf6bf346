// Routes and ReferenceGrants: what they mean, every limit of theirs with its good edge, and every rule about values beside each
// other. « is where something is said.

import { describe, expect, test } from "bun:test";

import { decodeText, expectTold, inPlace, manifest, standard } from "../../support/written-manifest.ts";

const RULES = "rules: [{backendRefs: [{name: db, port: 5432}]}]";

function repeat(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(", ");
}

function tcp(spec: string): string {
  return standard("TCPRoute", /rules:/.test(spec) ? spec : `${RULES}\n${spec}`);
}

function tls(hostnames: string): string {
  return standard("TLSRoute", `${RULES}\nhostnames: ${hostnames}`);
}

function backend(keys: string): string {
  return tcp(`rules: [{backendRefs: [{${keys}}]}]`);
}

describe("a TCPRoute", () => {
  test("has every default filled in", async () => {
    const { spec } = await manifest("TCPRoute", tcp("parentRefs: [{name: edge}]"));
    expect(spec as unknown).toEqual({
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
      rules: [{ backendRefs: [{ group: "", kind: "Service", name: "db", port: 5432, weight: 1 }] }],
    });
  });

  test("says all that it can", async () => {
    const text = tcp(`parentRefs: [{group: g.io, kind: K, name: edge, namespace: n, sectionName: a.b, port: 1}]
rules: [{name: r, backendRefs: [{group: g.io, kind: K, name: db, namespace: n, weight: 0}]}]`);
    const { spec } = await manifest("TCPRoute", text);
    expect(spec as unknown).toEqual({
      parentRefs: [{ group: "g.io", kind: "K", name: "edge", namespace: "n", sectionName: "a.b", port: 1 }],
      rules: [{ name: "r", backendRefs: [{ group: "g.io", kind: "K", name: "db", namespace: "n", weight: 0 }] }],
    });
  });

  test("experimental keys are known, and without effect", async () => {
    const { diagnostics, manifests } = await decodeText(tcp("useDefaultGateways: All"));
    expect(diagnostics.map(inPlace)).toEqual(["6:3 warning tcproute/experimental-key"]);
    expect(manifests[0]?.spec).not.toHaveProperty("useDefaultGateways");
  });

  test.each([
    ["no rules", standard("TCPRoute", "parentRefs: []").replace("spec:", "«spec:"), "missing-key"],
    ["an empty list of rules", tcp("rules: «[]"), "empty-list"],
    [
      "two rules",
      tcp("rules: «[{backendRefs: [{name: a, port: 1}]}, {backendRefs: [{name: a, port: 1}]}]"),
      "long-list",
    ],
    ["no backends", tcp("rules: [{backendRefs: «[]}]"), "empty-list"],
    ["17 backends", tcp(`rules: [{backendRefs: «[${repeat(17, (at) => `{name: b${at}, port: 1}`)}]}]`), "long-list"],
    ["33 parents", tcp(`parentRefs: «[${repeat(33, (at) => `{name: p${at}}`)}]`), "long-list"],
    ["a parent without a name", tcp("parentRefs: [«{}]"), "missing-key"],
    ["a parent's long name", tcp(`parentRefs: [{name: «${"n".repeat(254)}}]`), "bad-name"],
    ["a parent's name that is a number", tcp("parentRefs: [{name: «1}]"), "bad-name"],
    ["a parent's section", tcp("parentRefs: [{name: a, sectionName: «A}]"), "bad-section-name"],
    ["a parent's empty section", tcp('parentRefs: [{name: a, sectionName: «""}]'), "bad-section-name"],
    ["a parent's port", tcp("parentRefs: [{name: a, port: «0}]"), "bad-port"],
    ["a parent's namespace", tcp("parentRefs: [{name: a, namespace: «A}]"), "bad-namespace"],
    ["a parent's long namespace", tcp(`parentRefs: [{name: a, namespace: «${"n".repeat(64)}}]`), "bad-namespace"],
    ["a backend's port", backend("name: a, port: «65536"), "bad-port"],
    ["a weight below 0", backend("name: a, port: 1, weight: «-1"), "bad-weight"],
    ["a weight above a million", backend("name: a, port: 1, weight: «1000001"), "bad-weight"],
    ["half a weight", backend("name: a, port: 1, weight: «0.5"), "bad-weight"],
    ["a rule's name", tcp("rules: [{name: «A, backendRefs: [{name: a, port: 1}]}]"), "bad-name"],
    ["an unknown key", backend("name: a, port: 1, «wieght: 2"), "unknown-key"],
    ["a Service without a port", tcp("rules: [{backendRefs: [«{name: a}]}]"), "missing-port"],
    [
      "a Service that says so without a port",
      tcp('rules: [{backendRefs: [«{group: "", kind: Service, name: a}]}]'),
      "missing-port",
    ],
    ["equal parents", tcp("parentRefs: [{name: a}, {name: b}, «{name: a}]"), "duplicate-parent"],
    [
      "parents with equal sections",
      tcp("parentRefs: [{name: a, sectionName: s}, «{name: a, kind: Gateway, sectionName: s}]"),
      "duplicate-parent",
    ],
    [
      "parents of which one names no section",
      tcp("parentRefs: [{name: a, sectionName: s}, «{name: a}]"),
      "unspecific-parent",
    ],
    [
      "parents that are told apart in two ways",
      tcp("parentRefs: [{name: a, sectionName: s}, «{name: a, port: 1}]"),
      "unspecific-parent",
    ],
  ])("with %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `tcproute/${code}`);
  });

  test.each([
    ["no parents", "parentRefs: []"],
    ["32 parents", `parentRefs: [${repeat(32, (at) => `{name: p${at}}`)}]`],
    [
      "long names",
      `parentRefs: [{name: ${"n".repeat(253)}, namespace: ${"n".repeat(63)}, sectionName: ${"s".repeat(253)}, port: 65535}]`,
    ],
    ["16 backends", `rules: [{backendRefs: [${repeat(16, (at) => `{name: b${at}, port: 1, weight: 1000000}`)}]}]`],
    [
      "another kind without a port",
      "rules: [{backendRefs: [{group: g.io, kind: Service, name: a}, {kind: Pod, name: a}]}]",
    ],
    ["parents told apart by port", "parentRefs: [{name: a, port: 1}, {name: a, port: 2}]"],
    [
      "parents told apart by section and port",
      "parentRefs: [{name: a, sectionName: s, port: 1}, {name: a, sectionName: s, port: 2}]",
    ],
    ["parents of several namespaces", "parentRefs: [{name: a}, {name: a, namespace: n}, {name: a, kind: ListenerSet}]"],
  ])("with %s is allowed", async (_what, spec) => {
    await manifest("TCPRoute", tcp(spec));
  });
});

describe("a TLSRoute", () => {
  test.each([
    ["no host names", standard("TLSRoute", RULES).replace("spec:", "«spec:"), "missing-key"],
    ["an empty list of host names", tls("«[]"), "empty-list"],
    ["1025 host names", tls(`«[${repeat(1025, (at) => `h${at}.io`)}]`), "long-list"],
    ["an IPv4 address", tls("[a.io, «10.0.0.1]"), "ip-hostname"],
    ["an IPv6 address", tls('[«"2001:db8::1"]'), "ip-hostname"],
    ["a host name in upper case", tls("[«A.io]"), "bad-hostname"],
    ["an empty host name", tls('[«""]'), "bad-hostname"],
    ["a long host name", tls(`[«${"h".repeat(254)}]`), "bad-hostname"],
    ["a host name that is a number", tls("[«1]"), "bad-hostname"],
    ["a star alone", tls('[«"*"]'), "bad-wildcard"],
    ["a star inside", tls('[«"a.*.io"]'), "bad-wildcard"],
    ["a star before a wrong name", tls('[«"*.A"]'), "bad-wildcard"],
    [
      "equal parents",
      standard("TLSRoute", `${RULES}\nhostnames: [a.io]\nparentRefs: [{name: a}, «{name: a}]`),
      "duplicate-parent",
    ],
    [
      "unspecific parents",
      standard("TLSRoute", `${RULES}\nhostnames: [a.io]\nparentRefs: [{name: a, port: 1}, «{name: a}]`),
      "unspecific-parent",
    ],
    [
      "a Service without a port",
      standard("TLSRoute", "hostnames: [a.io]\nrules: [{backendRefs: [«{name: a}]}]"),
      "missing-port",
    ],
  ])("with %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `tlsroute/${code}`);
  });

  test("takes many names, and long ones", async () => {
    const { spec } = await manifest(
      "TLSRoute",
      tls(`[${repeat(1022, (at) => `h${at}.io`)}, "*.io", ${"h".repeat(253)}]`),
    );
    expect(spec.hostnames).toHaveLength(1024);
  });

  test("with mistakes keeps its names from a wider one", async () => {
    const text = standard(
      "TLSRoute",
      `hostnames: [a.io, A.io, "*.b.io", a.io]\nparentRefs: [{name: edge}, {nme: edge}, {name: edge}]\nrules: []`,
    );
    const { manifests } = await decodeText(text);
    expect(manifests).toMatchObject([
      {
        kind: "TLSRoute",
        metadata: { name: "it", namespace: "default" },
        spec: {
          hostnames: ["a.io", "*.b.io"],
          parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
          rules: [{ backendRefs: [] }],
        },
      },
    ]);
  });

  test.each([
    ["a name", tls("[a.io]").replace("metadata: {name: it}", "metadata: {}")],
    ["a namespace that can be", tls("[a.io]").replace("name: it", "name: it, namespace: A")],
    ["a good host name", standard("TLSRoute", `${RULES}\nparentRefs: [{name: edge}]\nhostnames: ["a_b"]`)],
    ["a good parent", standard("TLSRoute", "rules: []\nhostnames: [a.io]\nparentRefs: [{}]")],
  ])("with mistakes and without %s claims nothing", async (_what, text) => {
    const { manifests, diagnostics } = await decodeText(text);
    expect(manifests).toEqual([]);
    expect(diagnostics.length).toBeGreaterThan(0);
  });
});

describe("routes that are not carried", () => {
  test("a UDPRoute is judged like a TCPRoute; only its parents matter", async () => {
    const { spec } = await manifest("UDPRoute", standard("UDPRoute", `${RULES}\nparentRefs: [{name: edge}]`));
    expect(Object.keys(spec)).toEqual(["parentRefs"]);
    await expectTold(standard("UDPRoute", "rules: [{backendRefs: [«{name: a}]}]"), "udproute/missing-port");
    await expectTold(
      standard("UDPRoute", `${RULES}\nparentRefs: [{name: a}, «{name: a}]`),
      "udproute/duplicate-parent",
    );
    await expectTold(
      standard("UDPRoute", `${RULES}\nparentRefs: [{name: a, port: 1}, «{name: a}]`),
      "udproute/unspecific-parent",
    );
  });

  test.each(["HTTPRoute", "GRPCRoute"] as const)("of an %s only the parents are judged", async (kind) => {
    const spec = "parentRefs: [{name: edge}]\nhostnames: 1\nrules: [{matches: whatever}]";
    expect((await manifest(kind, standard(kind, spec))).spec as unknown).toEqual({
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
    });
    expect(
      (await manifest(kind, `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: a}\n`)).spec,
    ).toEqual({});
    const area = kind.toLowerCase();
    await expectTold(standard(kind, "parentRefs: [{name: «1}]"), `${area}/bad-name`);
    await expectTold(standard(kind, "parentRefs: [{name: a}, «{name: a}]"), `${area}/duplicate-parent`);
    await expectTold(standard(kind, "parentRefs: [{name: a, port: 1}, «{name: a}]"), `${area}/unspecific-parent`);
  });
});

describe("a ReferenceGrant", () => {
  const FROM = "from: [{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: apps}]";
  const TO = 'to: [{group: "", kind: Service}]';

  test("says who may refer to what", async () => {
    const { spec } = await manifest(
      "ReferenceGrant",
      standard("ReferenceGrant", `${FROM}\nto: [{group: "", kind: Secret, name: c}]`),
    );
    expect(spec as unknown).toEqual({
      from: [{ group: "gateway.networking.k8s.io", kind: "TCPRoute", namespace: "apps" }],
      to: [{ group: "", kind: "Secret", name: "c" }],
    });
  });

  test.each([
    ["nobody", standard("ReferenceGrant", TO).replace("spec:", "«spec:"), "missing-key"],
    ["nothing", standard("ReferenceGrant", FROM).replace("spec:", "«spec:"), "missing-key"],
    ["an empty list of those who may", standard("ReferenceGrant", `from: «[]\n${TO}`), "empty-list"],
    [
      "17 who may",
      standard("ReferenceGrant", `from: «[${repeat(17, (at) => `{group: "", kind: K, namespace: n${at}}`)}]\n${TO}`),
      "long-list",
    ],
    ["an empty list of what they may", standard("ReferenceGrant", `${FROM}\nto: «[]`), "empty-list"],
    [
      "17 that they may",
      standard("ReferenceGrant", `${FROM}\nto: «[${repeat(17, (at) => `{group: "", kind: K, name: n${at}}`)}]`),
      "long-list",
    ],
    ["no group", standard("ReferenceGrant", `${FROM}\nto: [«{kind: Service}]`), "missing-key"],
    ["no namespace", standard("ReferenceGrant", `from: [«{group: "", kind: K}]\n${TO}`), "missing-key"],
    ["a name that is null", standard("ReferenceGrant", `${FROM}\nto: [{group: "", kind: K, name: «null}]`), "bad-name"],
    ["an empty name", standard("ReferenceGrant", `${FROM}\nto: [{group: "", kind: K, name: «""}]`), "bad-name"],
  ])("of %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `referencegrant/${code}`);
  });

  test("has sixteen of each", async () => {
    const from = repeat(16, (at) => `{group: "", kind: K, namespace: n${at}}`);
    const to = repeat(16, (at) => `{group: "", kind: K, name: n${at}}`);
    await manifest("ReferenceGrant", standard("ReferenceGrant", `from: [${from}]\nto: [${to}]`));
  });
});
