// BackendTLSPolicy, ListenerPolicy and BackendPolicy: what they mean, what is said about a mistake, and what is left of a broken
// one. « is where something is said.

import { describe, expect, test } from "bun:test";

import { parseCidr } from "../../../src/base/ip.ts";
import { decodeText, expectTold, manifest, standard, written } from "../../support/written-manifest.ts";

const TARGET = 'targetRefs: [{group: "", kind: Service, name: db}]';
const GATEWAY = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]";

function repeat(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(", ");
}

function backendTls(spec: string): string {
  return standard("BackendTLSPolicy", /targetRefs:/.test(spec) ? spec : `${TARGET}\n${spec}`);
}

function validation(keys: string): string {
  return backendTls(`validation: {hostname: db.io, ${keys}}`);
}

function names(list: string): string {
  return validation(`wellKnownCACertificates: System, subjectAltNames: ${list}`);
}

function targets(list: string): string {
  return backendTls(`targetRefs: ${list}\nvalidation: {hostname: db.io, wellKnownCACertificates: System}`);
}

function listenerPolicy(spec: string): string {
  return written("sallyport.dev/v1alpha1", "ListenerPolicy", /targetRefs:/.test(spec) ? spec : `${GATEWAY}\n${spec}`);
}

function backendPolicy(spec: string): string {
  return written("sallyport.dev/v1alpha1", "BackendPolicy", /targetRefs:/.test(spec) ? spec : `${TARGET}\n${spec}`);
}

describe("a BackendTLSPolicy", () => {
  test("says what a backend has to show", async () => {
    const text = backendTls(`validation:
  hostname: db.io
  caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]
  subjectAltNames: [{type: Hostname, hostname: "*.db.io"}, {type: URI, uri: "spiffe://a/b"}]
options: {a: b}`);
    expect((await manifest("BackendTLSPolicy", text)).spec as unknown).toEqual({
      targetRefs: [{ group: "", kind: "Service", name: "db" }],
      validation: {
        hostname: "db.io",
        caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }],
        subjectAltNames: [
          { type: "Hostname", hostname: "*.db.io" },
          { type: "URI", uri: "spiffe://a/b" },
        ],
      },
      options: { a: "b" },
    });
  });

  test.each([
    [
      "no targets",
      standard("BackendTLSPolicy", "validation: {hostname: a, wellKnownCACertificates: System}").replace(
        "spec:",
        "«spec:",
      ),
      "missing-key",
    ],
    ["an empty list of targets", targets("«[]"), "empty-list"],
    ["17 targets", targets(`«[${repeat(17, (at) => `{group: "", kind: Service, name: s${at}}`)}]`), "long-list"],
    ["a target without a group", targets("[«{kind: Service, name: db}]"), "missing-key"],
    ["a target's section", targets('[{group: "", kind: Service, name: db, sectionName: «A}]'), "bad-section-name"],
    ["no validation", backendTls("options: {}").replace("spec:", "«spec:"), "missing-key"],
    ["no host name", backendTls("«validation: {wellKnownCACertificates: System}"), "missing-key"],
    [
      "a pattern as host name",
      backendTls('validation: {hostname: «"*.db.io", wellKnownCACertificates: System}'),
      "bad-hostname",
    ],
    [
      "a long host name",
      backendTls(`validation: {hostname: «${"h".repeat(254)}, wellKnownCACertificates: System}`),
      "bad-hostname",
    ],
    [
      "9 authorities",
      validation(`caCertificateRefs: «[${repeat(9, (at) => `{group: "", kind: Secret, name: c${at}}`)}]`),
      "long-list",
    ],
    ["a well-known word", validation("wellKnownCACertificates: «system"), "bad-well-known"],
    ["6 names", names(`«[${repeat(6, (at) => `{type: Hostname, hostname: h${at}.io}`)}]`), "long-list"],
    ["a name's type", names("[{type: «DNS, hostname: a.io}]"), "bad-san-type"],
    ["a name's host name", names("[{type: Hostname, hostname: «A}]"), "bad-hostname"],
    ["a name's URI", names("[{type: URI, uri: «db.io}]"), "bad-uri"],
    ["a name's long URI", names(`[{type: URI, uri: «"spiffe://${"a".repeat(245)}"}]`), "bad-uri"],
    [
      "17 options",
      backendTls(
        `validation: {hostname: a, wellKnownCACertificates: System}\noptions: «{${repeat(17, (at) => `o${at}: v`)}}`,
      ),
      "large-map",
    ],
    [
      "two targets of which one names no section",
      targets('[{group: "", kind: Service, name: a, sectionName: s}, «{group: "", kind: Service, name: a}]'),
      "unspecific-target",
    ],
    [
      "equal targets",
      targets('[{group: "", kind: Service, name: a}, «{group: "", kind: Service, name: a}]'),
      "duplicate-target",
    ],
    [
      "equal sections",
      targets(
        '[{group: "", kind: Service, name: a, sectionName: s}, «{group: "", kind: Service, name: a, sectionName: s}]',
      ),
      "duplicate-target",
    ],
    [
      "both kinds of authorities",
      validation('caCertificateRefs: [{group: "", kind: ConfigMap, name: c}], «wellKnownCACertificates: System'),
      "two-authorities",
    ],
    ["no authorities", backendTls("«validation: {hostname: a}"), "no-authority"],
    ["an empty list of authorities", backendTls("«validation: {hostname: a, caCertificateRefs: []}"), "no-authority"],
    ["a missing host name", names("[«{type: Hostname}]"), "missing-hostname"],
    ["a host name in a URI", names('[{type: URI, uri: "a://b", «hostname: a.io}]'), "pointless-hostname"],
    ["a missing URI", names("[«{type: URI}]"), "missing-uri"],
    ["a URI in a host name", names('[{type: Hostname, hostname: a.io, «uri: "a://b"}]'), "pointless-uri"],
  ])("with %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `backendtlspolicy/${code}`);
  });

  test.each([
    ["16 targets", targets(`[${repeat(16, (at) => `{group: "", kind: Service, name: s${at}}`)}]`)],
    ["a target of any kind", targets("[{group: g.io, kind: Whatever, name: a}]")],
    [
      "several sections",
      targets(
        '[{group: "", kind: Service, name: a, sectionName: s}, {group: "", kind: Service, name: a, sectionName: t}]',
      ),
    ],
    [
      "8 authorities",
      validation(`caCertificateRefs: [${repeat(8, (at) => `{group: "", kind: Secret, name: c${at}}`)}]`),
    ],
    ["somebody's authorities", validation("wellKnownCACertificates: example.com/Ours")],
    ["5 names", names(`[${repeat(5, (at) => `{type: Hostname, hostname: h${at}.io}`)}]`)],
    ["a long URI", names(`[{type: URI, uri: "spiffe://${"a".repeat(244)}"}]`)],
  ])("with %s is allowed", async (_what, text) => {
    await manifest("BackendTLSPolicy", text);
  });
});

describe("a ListenerPolicy", () => {
  test("says what a Route says about its clients", async () => {
    const text = listenerPolicy(`protocol: postgres
proxyProtocol: {accept: {from: [10.0.0.0/8]}}
clientAuth: {ca: clients.pem}
allow: [10.0.0.0/8]
deny: [10.6.6.6]
timeouts: {idle: 1h, hello: 3s}
limits: {connections: 10, perSource: 2}`);
    const { spec } = await manifest("ListenerPolicy", text);
    expect(spec).toMatchObject({
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
      protocol: "postgres",
      proxyAccept: { from: [parseCidr("10.0.0.0/8")], versions: "any" },
      clientAuth: { trust: { ca: { file: "clients.pem" } }, mode: "require", allow: [] },
      allow: [parseCidr("10.0.0.0/8")],
      deny: [parseCidr("10.6.6.6")],
      limits: { connections: 10, perSource: { connections: 2 } },
    });
    expect(spec.timeouts).toEqual({ idleMs: 3_600_000, helloMs: 3000 });
  });

  test("without anything said leaves everything as it is", async () => {
    const { spec } = await manifest("ListenerPolicy", listenerPolicy(""));
    expect(Object.keys(spec)).toEqual(["targetRefs"]);
  });

  test.each([
    [
      "no targets",
      written("sallyport.dev/v1alpha1", "ListenerPolicy", "deny: [10.0.0.1]").replace("spec:", "«spec:"),
      "missing-key",
    ],
    ["a single target", listenerPolicy("targetRefs: «[]\n«targetRef: {}"), "empty-list", "misplaced-key"],
    [
      "a target of another kind",
      listenerPolicy("targetRefs: [{group: gateway.networking.k8s.io, kind: «TCPRoute, name: a}]"),
      "bad-target-kind",
    ],
    [
      "a target of another group",
      listenerPolicy('targetRefs: [{group: «"", kind: Gateway, name: a}]'),
      "bad-target-group",
    ],
    [
      "equal targets",
      listenerPolicy(`${GATEWAY.slice(0, -1)}, «{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]`),
      "duplicate-target",
    ],
    ["an empty list", listenerPolicy("allow: «[]"), "empty-list"],
    ["nobody who may connect", listenerPolicy("allow: «"), "wrong-type"],
    ["a wrong address", listenerPolicy("deny: [«10.0.0.300]"), "bad-cidr"],
    ["a protocol", listenerPolicy("protocol: «mysql"), "bad-protocol"],
    ["a limit that limits nothing", listenerPolicy("limits: {perSource: «{ipv6Prefix: 64}}"), "empty-limit"],
    ["headers to backends", listenerPolicy("«proxyProtocol: {«send: 2}"), "missing-key", "misplaced-key"],
    ["health", listenerPolicy("«health: tcp"), "misplaced-key"],
    ["a misspelt key", listenerPolicy("«alow: [10.0.0.1]"), "unknown-key"],
  ])("with %s is refused where it stands", async (_what, text, ...codes) => {
    await expectTold(text, ...codes.map((code) => `listenerpolicy/${code}`));
  });

  test("a key of the other policy is told where to write", async () => {
    const { diagnostics } = await decodeText(listenerPolicy("balance: random"));
    expect(diagnostics[0]?.hint).toContain("BackendPolicy");
    const other = await decodeText(backendPolicy("allow: [10.0.0.1]"));
    expect(other.diagnostics[0]?.hint).toContain("ListenerPolicy");
  });
});

describe("a BackendPolicy", () => {
  test("says what a Route says about its backends", async () => {
    const text = backendPolicy(`balance: leastconn
health: {check: redis, passive: off, onDown: kill, slowStart: 3s}
dial: {attempts: 2}
resolve: {interval: 5s}
proxyProtocol: {send: 2}
maxConnections: 7`).replace("leastconn", "least-connections");
    expect((await manifest("BackendPolicy", text)).spec).toMatchObject({
      balance: "least-connections",
      health: { check: { kind: "redis" }, intervalMs: 5000 },
      passive: "off",
      onDown: "kill",
      slowStartMs: 3000,
      dial: { attempts: 2, attemptMs: 0 },
      resolveIntervalMs: 5000,
      proxySend: 2,
      maxConnections: 7,
    });
  });

  test("without anything said leaves everything as it is", async () => {
    expect(Object.keys((await manifest("BackendPolicy", backendPolicy(""))).spec)).toEqual(["targetRefs"]);
  });

  test.each([
    [
      "a target of another kind",
      backendPolicy('targetRefs: [{group: "", kind: «Gateway, name: a}]'),
      "bad-target-kind",
    ],
    ["a timeout above the interval", backendPolicy("health: {interval: 1s, timeout: «2s}"), "long-timeout"],
    ["a check's key without a check", backendPolicy("health: {check: off, «rise: 2}"), "no-check"],
    ["a dial as long as all of them", backendPolicy("dial: {timeout: «5s}"), "long-dial-timeout"],
    [
      "headers from clients",
      backendPolicy("«proxyProtocol: {«accept: {from: [10.0.0.1]}}"),
      "missing-key",
      "misplaced-key",
    ],
    ["no connections", backendPolicy("maxConnections: «0"), "bad-limit"],
    ["timeouts", backendPolicy("«timeouts: {idle: 1h}"), "misplaced-key"],
  ])("with %s is refused where it stands", async (_what, text, ...codes) => {
    await expectTold(text, ...codes.map((code) => `backendpolicy/${code}`));
  });
});

describe("what is left of a broken policy", () => {
  test.each([
    ["whose group is misspelt", "apiVersion: salyport.dev/v1alpha1\nkind: BackendPolicy\n", "BackendPolicy", "Service"],
    ["that does not say its kind", "apiVersion: sallyport.dev/v1alpha1\n", "ListenerPolicy", "Gateway"],
  ])("%s is what it would have kept closed", async (_which, head, kind, targetKind) => {
    const target = `{group: "", kind: ${targetKind}, name: front}`;
    const { broken } = await decodeText(`${head}metadata: {name: it}\nspec: {targetRefs: [${target}]}\n`);
    expect(broken).toMatchObject([{ kind, name: "it", targets: [{ kind: targetKind, name: "front" }] }]);
  });

  const DB = { kind: "Service", name: "db" };

  test.each([
    ["everything that it names", backendTls("validation: {}"), [DB]],
    [
      "the section that it names",
      targets('[{group: "", kind: Service, name: db, sectionName: s}]').replace("System", "none"),
      [{ ...DB, sectionName: "s" }],
    ],
    ["the whole where the section cannot be", targets('[{group: "", kind: Service, name: db, sectionName: S}]'), [DB]],
    ["anything without targets", standard("BackendTLSPolicy", "validation: {}"), undefined],
    ["anything with an unreadable one", targets("[{kind: Service}]"), undefined],
    ["anything with an empty list", targets("[]"), undefined],
    [
      "the target of a version that had a single one",
      standard("BackendTLSPolicy", 'targetRef: {group: "", kind: Service, name: db}', "v1alpha2"),
      [DB],
    ],
    ["what our own names", backendPolicy("balance: 1"), [DB]],
    [
      "anything when the kind cannot be meant",
      backendPolicy('targetRefs: [{group: "", kind: Servce, name: db}]'),
      undefined,
    ],
    ["what a misspelt kind names", backendPolicy("").replace("BackendPolicy", "BackendPolcy"), [DB]],
    ["what an unknown version names", backendPolicy("").replace("v1alpha1", "v1"), [DB]],
    ["what says a key twice", backendPolicy("balance: random\nbalance: random"), [DB]],
  ])("is kept from %s", async (_what, text, expected) => {
    const { broken, manifests } = await decodeText(text);
    expect(manifests).toEqual([]);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatchObject({ name: "it", namespace: "default", file: "a.yaml" });
    expect(broken[0]?.targets).toEqual(expected);
  });

  test("is of its own namespace, whatever YAML makes of the name", async () => {
    const text = backendPolicy("balance: 1").replace("name: it", "namespace: 123");
    expect((await decodeText(text)).broken).toMatchObject([{ namespace: "123" }]);
  });
});
