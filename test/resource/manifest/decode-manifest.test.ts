// Which documents are read, in which versions, and what all of them have in common: metadata. « is where something is said.

import { describe, expect, test } from "bun:test";

import { decodeManifest } from "../../../src/resource/manifest/decode-manifest.ts";
import { decodeText, expectTold, inPlace, manifest, standard } from "../../support/written-manifest.ts";
import { bare } from "../../support/written-route.ts";
import { Random } from "../../support/random.ts";

const SPECS: Readonly<Record<string, string>> = {
  GatewayClass: "controllerName: a.io/b",
  Gateway: "gatewayClassName: c\nlisteners: [{name: a, port: 1, protocol: TCP}]",
  ListenerSet: "parentRef: {name: a}\nlisteners: [{name: a, port: 1, protocol: TCP}]",
  ReferenceGrant: 'from: [{group: "", kind: K, namespace: n}]\nto: [{group: "", kind: K}]',
  TCPRoute: "rules: [{backendRefs: [{name: a, port: 1}]}]",
  UDPRoute: "rules: [{backendRefs: [{name: a, port: 1}]}]",
  TLSRoute: "hostnames: [a.io]\nrules: [{backendRefs: [{name: a, port: 1}]}]",
  HTTPRoute: "{}",
  GRPCRoute: "{}",
  BackendTLSPolicy:
    'targetRefs: [{group: "", kind: Service, name: a}]\nvalidation: {hostname: a, wellKnownCACertificates: System}',
};
const GATEWAY = "gateway.networking.k8s.io";
const ROUTE = standard("TCPRoute", SPECS["TCPRoute"] ?? "");

function withMetadata(metadata: string): string {
  return ROUTE.replace("metadata: {name: it}", `metadata: {${metadata}}`);
}

describe("versions", () => {
  test.each<readonly [string, readonly string[]]>([
    ["GatewayClass", ["v1", "v1beta1"]],
    ["Gateway", ["v1", "v1beta1"]],
    ["ReferenceGrant", ["v1", "v1beta1"]],
    ["ListenerSet", ["v1"]],
    ["TCPRoute", ["v1"]],
    ["TLSRoute", ["v1"]],
    ["UDPRoute", ["v1"]],
    ["HTTPRoute", ["v1", "v1beta1"]],
    ["GRPCRoute", ["v1"]],
    ["BackendTLSPolicy", ["v1"]],
  ])("%s is served in its versions", async (kind, versions) => {
    for (const version of versions) {
      const { manifests, diagnostics } = await decodeText(standard(kind, SPECS[kind] ?? "", version));
      expect(diagnostics).toEqual([]);
      expect(manifests).toMatchObject([{ kind, apiVersion: `${GATEWAY}/v1` }]);
    }
  });

  test.each<readonly [string, readonly string[]]>([
    ["GatewayClass", ["v1alpha2"]],
    ["Gateway", ["v1alpha2"]],
    ["ReferenceGrant", ["v1alpha2"]],
    ["TCPRoute", ["v1alpha2"]],
    ["UDPRoute", ["v1alpha2"]],
    ["TLSRoute", ["v1alpha2", "v1alpha3"]],
    ["HTTPRoute", ["v1alpha2"]],
    ["GRPCRoute", ["v1beta1", "v1alpha2"]],
    ["BackendTLSPolicy", ["v1alpha3"]],
  ])("an old %s is read as the current one, and told so", async (kind, versions) => {
    for (const version of versions) {
      const { manifests, diagnostics } = await decodeText(standard(kind, SPECS[kind] ?? "", version));
      expect(diagnostics.map(inPlace)).toEqual(["1:13 notice manifest/old-version"]);
      expect(diagnostics[0]?.hint).toContain(`${GATEWAY}/v1`);
      expect(manifests).toMatchObject([{ kind, apiVersion: `${GATEWAY}/v1` }]);
    }
  });

  test.each([
    ["TCPRoute", "v1alpha2", ""],
    ["UDPRoute", "v1alpha2", ""],
    ["TLSRoute", "v1alpha2", ""],
    ["TLSRoute", "v1alpha2", "\nhostnames: [a.io]"],
    ["TLSRoute", "v1alpha3", "\nhostnames: [a.io]"],
  ])(
    "an old %s (%s) with two rules, which it could have, is refused as a current one is",
    async (kind, version, more) => {
      const rule = "{backendRefs: [{name: a, port: 1}]}";
      const { diagnostics } = await decodeText(standard(kind, `rules: [${rule}, ${rule}]${more}`, version));
      expect(diagnostics.map(inPlace)).toEqual([
        "1:13 notice manifest/old-version",
        `5:10 error ${kind.toLowerCase()}/long-list`,
      ]);
      expect(diagnostics[1]?.message).toBe("Expected at most 1 entry, found 2");
    },
  );

  test("an old EndpointSlice too", async () => {
    const { manifests, diagnostics } = await decodeText(
      "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\n",
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(["manifest/old-version"]);
    expect(manifests).toMatchObject([{ apiVersion: "discovery.k8s.io/v1" }]);
  });

  test.each([
    ["an unknown version", `apiVersion: «${GATEWAY}/v2\nkind: TCPRoute\n`, "unknown-version"],
    ["a version that never was", `apiVersion: «${GATEWAY}/v1alpha3\nkind: Gateway\n`, "unknown-version"],
    [
      "a version that had other keys",
      `apiVersion: «${GATEWAY}/v1alpha2\nkind: BackendTLSPolicy\n`,
      "unsupported-version",
    ],
    ["an unknown version of a core kind", "apiVersion: «v2\nkind: Service\n", "unknown-version"],
    ["no version", "«kind: Gateway\n", "missing-api-version"],
    ["a version that is a number", "apiVersion: «1\nkind: Gateway\n", "missing-api-version"],
    ["another group of ours", "apiVersion: «v1\nkind: Gateway\n", "wrong-group"],
    ["another group of ours for a core kind", `apiVersion: «${GATEWAY}/v1\nkind: Service\n`, "wrong-group"],
    ["a misspelt group", "apiVersion: «gateway.netwoking.k8s.io/v1\nkind: Gateway\n", "wrong-group"],
    ["a misspelt kind", `apiVersion: ${GATEWAY}/v1\nkind: «TCPRoutes\n`, "unknown-kind"],
    ["a kind in lower case", "apiVersion: v1\nkind: «service\n", "unknown-kind"],
    ["no kind", `«apiVersion: ${GATEWAY}/v1\n`, "unknown-kind"],
    ["an unknown kind of our own", "apiVersion: sallyport.dev/v1alpha1\nkind: «Whatever\n", "unknown-kind"],
  ])("%s is refused", async (_what, text, code) => {
    const { manifests } = await expectTold(text, `manifest/${code}`);
    expect(manifests).toEqual([]);
  });

  test.each([
    ["sallyprot.dev/v1alpha1", "ListenerPolicy", "default"],
    ["sallyport.io/v1alpha1", "BackendPolicy", "Default"],
    ["gateway.networking.k8.io/v1", "BackendTLSPolicy", "DEFAULT"],
  ])("a policy whose group has a slip in it (%s) closes what it is for", async (apiVersion, kind, namespace) => {
    const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a, namespace: ${namespace}}\nspec: {}\n`;
    const { broken, diagnostics } = await decodeText(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(["manifest/wrong-group"]);
    expect(broken).toMatchObject([{ kind, namespace: "default" }]);
  });

  test("an unknown version names the known ones", async () => {
    const { diagnostics } = await decodeText(`apiVersion: ${GATEWAY}/v2\nkind: TLSRoute\n`);
    for (const version of ["v1", "v1alpha2", "v1alpha3"])
      expect(diagnostics[0]?.message).toContain(`${GATEWAY}/${version}`);
  });

  test.each([
    ["apps/v1", "Deployment"],
    ["networking.istio.io/v1", "Gateway"],
    ["serving.knative.dev/v1", "Service"],
    ["v1", "Pod"],
    ["v1", "ServiceAccount"],
    ["gateway.networking.x-k8s.io/v1alpha1", "XListenerSet"],
    ["gateway.solo.io/v1", "Gateway"],
    ["gateway.kgateway.dev/v1alpha1", "ListenerPolicy"],
    ["gateway.networking.x-k8s.io/v1alpha1", "Gateway"],
    [`${GATEWAY}/v1`, "Mesh"],
    [`${GATEWAY}/v1alpha2`, "BackendLBPolicy"],
  ])("%s %s is somebody else's", async (apiVersion, kind) => {
    const { diagnostics, manifests } = await decodeText(`apiVersion: ${apiVersion}\nkind: ${kind}\nspec: {a: b}\n`);
    expect(diagnostics.map(inPlace)).toEqual(["1:1 notice config/foreign-kind"]);
    expect(manifests).toEqual([]);
  });
});

describe("metadata", () => {
  test("is read, and what a cluster adds is passed over", async () => {
    const text = withMetadata(
      "name: a.b, namespace: n, labels: {a: b}, annotations: {c: d}, creationTimestamp: 2026-01-31T12:00:00Z, uid: 1, generation: 2, " +
        "resourceVersion: x, managedFields: [], ownerReferences: [], generateName: a-, finalizers: []",
    );
    expect((await manifest("TCPRoute", text)).metadata).toEqual({
      name: "a.b",
      namespace: "n",
      labels: { a: "b" },
      annotations: { c: "d" },
      creationTimestamp: "2026-01-31T12:00:00Z",
    });
  });

  test("what is null is not there, and a status is not looked at", async () => {
    const text = `${withMetadata("name: a, namespace: null, labels: , creationTimestamp: null")}status: {parents: 1}\n`;
    expect((await manifest("TCPRoute", text)).metadata).toEqual({
      name: "a",
      namespace: "default",
      labels: {},
      annotations: {},
    });
  });

  test.each([
    ["no metadata", ROUTE.replace("metadata: {name: it}\n", "").replace(/^/, "«"), "missing-key"],
    ["no name", withMetadata("labels: {}").replace("metadata:", "«metadata:"), "missing-key"],
    ["a name in upper case", withMetadata("name: «A"), "bad-name"],
    ["a long name", withMetadata(`name: «${"n".repeat(254)}`), "bad-name"],
    ["a name that is a number", withMetadata("name: «1"), "bad-name"],
    ["a namespace with a dot", withMetadata("name: a, namespace: «a.b"), "bad-namespace"],
    ["a long namespace", withMetadata(`name: a, namespace: «${"n".repeat(64)}`), "bad-namespace"],
    ["a misspelt namespace", withMetadata("name: a, «namspace: b"), "unknown-key"],
    ["labels in a list", withMetadata("name: a, labels: «[b]"), "wrong-type"],
    ["a label that is a number", withMetadata("name: a, labels: {version: «1.0}"), "wrong-type"],
    ["a time without a zone", withMetadata("name: a, creationTimestamp: «2026-01-31T12:00:00"), "bad-timestamp"],
    ["a day that is not", withMetadata("name: a, creationTimestamp: «2026-13-31T12:00:00Z"), "bad-timestamp"],
    ["a misspelt spec", ROUTE.replace("spec:", "«sepc:").replace(/^/, "«"), "missing-key", "unknown-key"],
  ])("with %s is refused where it stands", async (_what, text, ...codes) => {
    await expectTold(text, ...codes.map((code) => `tcproute/${code}`));
  });

  test("has the longest names", async () => {
    await manifest("TCPRoute", withMetadata(`name: ${"n".repeat(253)}, namespace: ${"n".repeat(63)}`));
  });
});

test("whatever is written, nothing throws, and what has mistakes is no whole object", () => {
  const random = new Random(5);
  const kinds = [
    ...Object.keys(SPECS),
    "Service",
    "Secret",
    "ConfigMap",
    "Namespace",
    "Endpoints",
    "EndpointSlice",
    "ListenerPolicy",
    "BackendPolicy",
  ];
  const words =
    "metadata name namespace labels spec listeners tls mode certificateRefs options parentRefs rules backendRefs port protocol hostname hostnames targetRefs validation addresses type value data stringData subsets ports endpoints allow limits health infrastructure frontend perPort default from to group kind constructor __proto__".split(
      " ",
    );
  const value = (depth: number): unknown => {
    switch (random.below(depth > 4 ? 6 : 9)) {
      case 0:
        return null;
      case 1:
        return random.below(70_000) - 1;
      case 2:
        return random.chance(2);
      case 3:
        return words[random.below(words.length)];
      case 4:
        return ["TCP", "TLS", "a.io", "10.0.0.1", "*", "", "Terminate", "System"][random.below(8)];
      case 5:
        return 0.5;
      case 6:
        return Array.from({ length: random.below(4) }, () => value(depth + 1));
      default:
        return map(depth);
    }
  };
  const map = (depth: number): Record<string, unknown> =>
    bare(
      Object.fromEntries(
        Array.from({ length: random.below(6) }, () => [words[random.below(words.length)] ?? "", value(depth + 1)]),
      ),
    );
  for (let round = 0; round < 20_000; round++) {
    const kind = kinds[random.below(kinds.length)] ?? "";
    const core = ["Service", "Secret", "ConfigMap", "Namespace", "Endpoints"].includes(kind);
    const group = core
      ? "v1"
      : kind === "EndpointSlice"
        ? "discovery.k8s.io/v1"
        : /^(?:Listener|Backend)Policy$/.test(kind)
          ? "sallyport.dev/v1alpha1"
          : `${GATEWAY}/v1`;
    const metadata = random.chance(3) ? value(0) : { name: "a" };
    const document = bare({ ...map(0), apiVersion: group, kind, metadata, spec: value(0) });
    const decoded = decodeManifest(document, { file: "a.yaml", locate: () => ({ line: 1, column: 1 }) });
    const failed = decoded?.diagnostics.some(({ severity }) => severity === "error");
    expect(decoded).toBeDefined();
    if (failed === false) expect(decoded?.manifest).toMatchObject({ kind });
    else if (decoded?.manifest !== undefined)
      expect(decoded.manifest).toMatchObject({ kind, spec: CLOSED[kind] ?? { kind } });
    expect(decoded?.broken !== undefined).toBe(failed === true && kind.endsWith("Policy"));
  }
}, 30_000);

/** What is left of a document with mistakes. */
const CLOSED: Readonly<Record<string, object>> = {
  TCPRoute: { rules: [{ backendRefs: [] }] },
  TLSRoute: { rules: [{ backendRefs: [] }] },
  Gateway: { hasMistakes: true },
  ListenerSet: { hasMistakes: true },
  EndpointSlice: { endpoints: [] },
  Endpoints: { subsets: [] },
  Namespace: { hasMistakes: true },
  Service: { hasMistakes: true },
};

test.each([
  ["TCPRoute", { parentRefs: Array.from({ length: 50_000 }, () => ({ name: "a" })) }],
  ["Gateway", { listeners: Array.from({ length: 50_000 }, () => ({ name: "A", port: 0, protocol: "TLS" })) }],
  [
    "BackendTLSPolicy",
    { targetRefs: Array.from({ length: 50_000 }, () => ({ group: "", kind: "Service", name: "a" })) },
  ],
  [
    "Gateway",
    { infrastructure: { labels: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`-${at}`, at])) } },
  ],
])("of a %s with a hundred thousand mistakes some hundreds are told", (kind, spec) => {
  const document = { apiVersion: `${GATEWAY}/v1`, kind, metadata: { name: "a" }, spec };
  const decoded = decodeManifest(document, { file: "a.yaml", locate: () => ({ line: 1, column: 1 }) });
  expect(decoded?.diagnostics.length).toBeGreaterThan(0);
  expect(decoded?.diagnostics.length).toBeLessThan(1000);
});
