// Kinds of Kubernetes itself: what is read of them, and what is said about that. Whatever else they say is others' business.
// « is where something is said.

import { describe, expect, test } from "bun:test";

import { decodeText, expectTold, manifest, written } from "../../support/written-manifest.ts";

function service(spec: string): string {
  return written("v1", "Service", spec);
}

function object(apiVersion: string, kind: string, ...lines: readonly string[]): string {
  return [`apiVersion: ${apiVersion}`, `kind: ${kind}`, "metadata: {name: it}", ...lines, ""].join("\n");
}

function slice(...lines: readonly string[]): string {
  return object("discovery.k8s.io/v1", "EndpointSlice", ...lines);
}

describe("a Service", () => {
  test("has every default filled in", async () => {
    const { spec, apiVersion } = await manifest("Service", service("ports: [{port: 5432}]\nselector: {app: db}"));
    expect(apiVersion).toBe("v1");
    expect(spec).toEqual({
      type: "ClusterIP",
      ports: [{ port: 5432, protocol: "TCP" }],
      publishNotReadyAddresses: false,
    });
  });

  test("says all that it can", async () => {
    const text = service(`type: NodePort
clusterIP: None
publishNotReadyAddresses: true
ports: [{name: db, port: 1, targetPort: 2, protocol: UDP, nodePort: 30000}, {name: web, port: 3, targetPort: http}, {name: same, port: 4, targetPort: 0}]`);
    expect((await manifest("Service", text)).spec as unknown).toEqual({
      type: "NodePort",
      clusterIP: "None",
      publishNotReadyAddresses: true,
      ports: [
        { name: "db", port: 1, targetPort: 2, protocol: "UDP" },
        { name: "web", port: 3, targetPort: "http", protocol: "TCP" },
        { name: "same", port: 4, protocol: "TCP" },
      ],
    });
  });

  test("may be without ports, and stand for another name", async () => {
    expect((await manifest("Service", service("clusterIP: None"))).spec.ports).toEqual([]);
    const { spec } = await manifest("Service", service("type: ExternalName\nexternalName: db.example.com."));
    expect(spec.externalName).toBe("db.example.com");
  });

  test.each([
    ["a type", service("type: «Cluster"), "bad-type"],
    ["port 0", service("ports: [{port: «0}]"), "bad-port"],
    ["port 65536", service("ports: [{port: «65536}]"), "bad-port"],
    ["no port", service("ports: [«{name: a}]"), "missing-key"],
    ["a protocol", service("ports: [{port: 1, protocol: «tcp}]"), "bad-protocol"],
    ["a target port", service("ports: [{port: 1, targetPort: «65536}]"), "bad-target-port"],
    ["a target port in quotes", service('ports: [{port: 1, targetPort: «"80"}]'), "bad-target-port"],
    ["a target port's long name", service("ports: [{port: 1, targetPort: «abcdefghijklmnop}]"), "bad-target-port"],
    ["a target port's name with two dashes", service("ports: [{port: 1, targetPort: «a--b}]"), "bad-target-port"],
    ["a port's long name", service(`ports: [{port: 1, name: «${"n".repeat(64)}}]`), "bad-name"],
    ["several ports without a name", service("ports: [{port: 1, name: a}, «{port: 2}]"), "missing-port-name"],
    ["equal names", service("ports: [{port: 1, name: a}, {port: 2, name: «a}]"), "duplicate-port-name"],
    ["equal ports", service("ports: [{port: 1, name: a}, {port: «1, name: b}]"), "duplicate-port"],
    ["an address", service("clusterIP: «10.0.0"), "bad-cluster-ip"],
    ["no external name", service("type: «ExternalName"), "missing-external-name"],
    ["an address as external name", service("type: ExternalName\nexternalName: «10.0.0.1"), "bad-external-name"],
    ["a wrong external name", service('type: ExternalName\nexternalName: «"a b"'), "bad-external-name"],
    ["no truth", service("publishNotReadyAddresses: «yes"), "wrong-type"],
    ["a long name", `apiVersion: v1\nkind: Service\nmetadata: {name: «${"n".repeat(64)}}\nspec: {}\n`, "bad-name"],
    ["a name with a dot", "apiVersion: v1\nkind: Service\nmetadata: {name: «a.b}\nspec: {}\n", "bad-name"],
  ])("with %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `service/${code}`);
  });

  test("has the longest names", async () => {
    await manifest("Service", service(`ports: [{port: 65535, name: ${"n".repeat(63)}, targetPort: abcdefghijklmno}]`));
    await manifest("Service", service("ports: [{port: 1, name: a}, {port: 1, protocol: UDP, name: b}]"));
  });
});

describe("an EndpointSlice", () => {
  test("says where Pods are", async () => {
    const text = slice(
      "addressType: IPv4",
      "endpoints: [{addresses: [10.0.0.1], conditions: {ready: false, serving: null}, nodeName: n}, {addresses: [10.0.0.2]}]",
      'ports: [{name: "", port: 5432}, {name: db, protocol: UDP}]',
    );
    expect((await manifest("EndpointSlice", text)).spec as unknown).toEqual({
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: false } }, { addresses: ["10.0.0.2"] }],
      ports: [
        { port: 5432, protocol: "TCP" },
        { name: "db", protocol: "UDP" },
      ],
    });
    const empty = await manifest("EndpointSlice", slice("addressType: FQDN", "endpoints: null"));
    expect(empty.spec).toEqual({ addressType: "FQDN", endpoints: [], ports: [] });
  });

  test.each([
    ["no type", `«${slice("endpoints: []")}`, "missing-key"],
    ["another type", slice("addressType: «IP"), "bad-address-type"],
    ["no addresses", slice("addressType: IPv4", "endpoints: [{addresses: «[]}]"), "empty-list"],
    [
      "101 addresses",
      slice(
        "addressType: IPv4",
        `endpoints: [{addresses: «[${Array.from({ length: 101 }, (_, at) => `10.0.0.${at}`).join(", ")}]}]`,
      ),
      "long-list",
    ],
    [
      "1001 endpoints",
      slice("addressType: IPv4", `endpoints: «[${Array(1001).fill("{addresses: [10.0.0.1]}").join(", ")}]`),
      "long-list",
    ],
    [
      "IPv6 among IPv4",
      slice("addressType: IPv4", 'endpoints: [{addresses: [10.0.0.1, «"2001:db8::1"]}]'),
      "bad-address",
    ],
    [
      "IPv4 among IPv6",
      slice("addressType: IPv6", 'endpoints: [{addresses: ["2001:db8::1", «10.0.0.1]}]'),
      "bad-address",
    ],
    [
      "an address among names",
      slice("addressType: FQDN", "endpoints: [{addresses: [a.io, «10.0.0.1]}]"),
      "bad-address",
    ],
    ["a name among addresses", slice("addressType: IPv4", "endpoints: [{addresses: [«a.io]}]"), "bad-address"],
    ["a port", slice("addressType: IPv4", "ports: [{port: «65536}]"), "bad-port"],
    [
      "a condition",
      slice("addressType: IPv4", 'endpoints: [{addresses: [10.0.0.1], conditions: {ready: «"true"}}]'),
      "wrong-type",
    ],
  ])("with %s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `endpointslice/${code}`);
  });
});

describe("Endpoints", () => {
  test("say where Pods are", async () => {
    const text = object(
      "v1",
      "Endpoints",
      'subsets: [{addresses: [{ip: 10.0.0.1, hostname: a}], ports: [{port: 1, name: db}]}, {notReadyAddresses: [{ip: "2001:db8::1"}]}]',
    );
    expect((await manifest("Endpoints", text)).spec as unknown).toEqual({
      subsets: [
        { addresses: ["10.0.0.1"], notReadyAddresses: [], ports: [{ name: "db", port: 1, protocol: "TCP" }] },
        { addresses: [], notReadyAddresses: ["2001:db8::1"], ports: [] },
      ],
    });
    expect((await manifest("Endpoints", object("v1", "Endpoints"))).spec).toEqual({ subsets: [] });
  });

  test("are refused with a wrong address or port", async () => {
    await expectTold(
      object("v1", "Endpoints", "subsets: [{addresses: [{ip: «a.io}], ports: [{port: «0}]}]"),
      "endpoints/bad-address",
      "endpoints/bad-port",
    );
    await expectTold(object("v1", "Endpoints", "subsets: [{addresses: [«{}]}]"), "endpoints/missing-key");
  });
});

describe("a Secret", () => {
  test("has both of its maps in one, the plain one first", async () => {
    const text = object(
      "v1",
      "Secret",
      "type: kubernetes.io/tls",
      "data: {a: YQ==, b: Yg==, c: '', d: \"YWJj\\nZGVm\"}",
      "stringData: {b: über, e: null}",
    );
    const { spec } = await manifest("Secret", text);
    expect(spec.type).toBe("kubernetes.io/tls");
    const texts = Array.from(spec.data, ([key, bytes]) => [key, new TextDecoder().decode(bytes)]);
    expect(texts).toEqual([
      ["a", "a"],
      ["b", "über"],
      ["c", ""],
      ["d", "abcdef"],
      ["e", ""],
    ]);
    expect((await manifest("Secret", object("v1", "Secret"))).spec).toEqual({ type: "Opaque", data: new Map() });
  });

  test("is refused at the key that is wrong", async () => {
    await expectTold(
      object("v1", "Secret", "data: {a: YQ==, b: «plain text, c: «Y, d: «1}"),
      "secret/not-base64",
      "secret/not-base64",
      "secret/not-base64",
    );
    await expectTold(object("v1", "Secret", "stringData: {a: b, c: «1}"), "secret/wrong-type");
  });

  const MARKER = "hunter2hunter2";
  test.each([
    ["data", `data: ${MARKER}`],
    ["a value of data", `data: {a: ${MARKER}!}`],
    ["a list in data", `data: {a: [${MARKER}]}`],
    ["stringData", `stringData: ${MARKER}`],
    ["a list of stringData", `stringData: [${MARKER}]`],
    ["a list in stringData", `stringData: {a: [${MARKER}]}`],
    ["its type", `type: [${MARKER}]`],
    ["an unknown key", `dta: {a: ${MARKER}}`],
    ["an annotation", `metadata: {name: 1, annotations: ${MARKER}}`],
    ["a label", `metadata: {name: a, labels: [${MARKER}]}`],
    ["its name", `metadata: {name: "${MARKER}!"}`],
    ["its namespace", `metadata: {name: a, namespace: ${MARKER.toUpperCase()}}`],
    ["its time", `metadata: {name: a, creationTimestamp: ${MARKER}}`],
    ["its metadata", `metadata: ${MARKER}`],
    ["an alias", `stringData: {a: *${MARKER}}`],
    ["a tag", `stringData: {a: !${MARKER}}`],
    ["a text that goes on", `stringData:\n  a: "x" ${MARKER}`],
    ["a text that never ends", `stringData:\n  a: "${MARKER}`],
    ["a map that never ends", `stringData: {a: ${MARKER}`],
    ["a bad escape", `stringData: {a: "\\q${MARKER}"}`],
    ["a key that is there twice", `stringData: {a: ${MARKER}, a: ${MARKER}}`],
    ["a tab", `stringData:\n\ta: ${MARKER}`],
    ["a lost indentation", `stringData:\n  a: |\n    x\n ${MARKER}\n`],
    ["a line of its own", `stringData:\n${MARKER}\n`],
  ])("never shows a value, with a mistake in %s", async (_what, lines) => {
    const head = lines.startsWith("metadata")
      ? "apiVersion: v1\nkind: Secret\n"
      : "apiVersion: v1\nkind: Secret\nmetadata: {name: 1}\n";
    for (const text of [head + lines, `---\n${head}${lines}\n---\n${head}${lines}`]) {
      const { diagnostics } = await decodeText(text);
      expect(diagnostics.length).toBeGreaterThan(0);
      expect(JSON.stringify(diagnostics).toLowerCase()).not.toContain(MARKER);
    }
  });

  test("never shows a value as an item of a List", async () => {
    for (const item of [
      MARKER,
      `[${MARKER}]`,
      `{stringData: {a: ${MARKER}}}`,
      `{apiVersion: v1, kind: Secret, data: ${MARKER}}`,
    ]) {
      const { diagnostics } = await decodeText(`apiVersion: v1\nkind: List\nitems: [${item}]\n`);
      expect(diagnostics.length).toBeGreaterThan(0);
      expect(JSON.stringify(diagnostics)).not.toContain(MARKER);
    }
  });
});

describe("a ConfigMap and a Namespace", () => {
  test("are read", async () => {
    const { spec } = await manifest(
      "ConfigMap",
      object("v1", "ConfigMap", "data: {ca.crt: text, __proto__: own}", "binaryData: {a: 1}"),
    );
    expect(Object.entries(spec.data)).toEqual([
      ["ca.crt", "text"],
      ["__proto__", "own"],
    ]);
    expect((await manifest("ConfigMap", object("v1", "ConfigMap"))).spec.data).toEqual({});
    const { metadata } = await manifest("Namespace", object("v1", "Namespace", "spec: {finalizers: [kubernetes]}"));
    expect(metadata.namespace).toBe("");
  });

  test("are refused with what they cannot be", async () => {
    await expectTold(object("v1", "ConfigMap", "data: {a: «1}"), "configmap/wrong-type");
    await expectTold(object("v1", "Namespace").replace("name: it", "name: «a.b"), "namespace/bad-name");
  });
});
