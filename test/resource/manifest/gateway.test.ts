// GatewayClass, Gateway and ListenerSet: what they mean, every limit of theirs with its good edge, and every rule about values
// beside each other. « is where something is said.

import { describe, expect, test } from "bun:test";

import { judgeImmutable } from "../../../src/resource/manifest/gateway-class-schema.ts";
import { decodeText, expectTold, manifest, standard } from "../../support/written-manifest.ts";

const TCP = "{name: db, port: 5432, protocol: TCP}";

function gateway(spec: string): string {
  return standard(
    "Gateway",
    /listeners:/.test(spec) ? `gatewayClassName: c\n${spec}` : `gatewayClassName: c\nlisteners: [${TCP}]\n${spec}`,
  );
}

function listenerSet(listeners: string): string {
  return standard("ListenerSet", `parentRef: {name: edge}\nlisteners: [${listeners}]`);
}

function repeat(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(", ");
}

describe("a Gateway", () => {
  test("has every default filled in", async () => {
    const { spec, apiVersion, metadata } = await manifest(
      "Gateway",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {options: {a: b}}}]"),
    );
    expect(apiVersion).toBe("gateway.networking.k8s.io/v1");
    expect(metadata).toEqual({ name: "it", namespace: "default", labels: {}, annotations: {} });
    expect(spec as unknown).toEqual({
      gatewayClassName: "c",
      listeners: [
        {
          name: "a",
          port: 1,
          protocol: "TLS",
          tls: { mode: "Terminate", options: { a: "b" } },
          allowedRoutes: { namespaces: { from: "Same" } },
        },
      ],
    });
  });

  test("says all that it can", async () => {
    const text = gateway(`listeners:
- name: a
  hostname: "*.example.com"
  port: 443
  protocol: TLS
  tls: {mode: Terminate, certificateRefs: [{name: c}, {group: g.io, kind: K, name: d, namespace: n}]}
  allowedRoutes:
    namespaces: {from: Selector, selector: {matchLabels: {a: b}, matchExpressions: [{key: k, operator: In, values: [v]}]}}
    kinds: [{kind: TCPRoute}, {group: "", kind: Other}]
addresses: [{value: 10.0.0.1}, {type: Hostname, value: a.example.com}, {type: example.com/pool, value: any thing}, {type: IPAddress}]
infrastructure: {labels: {a.io/b: c}, annotations: {a: "b c"}, parametersRef: {group: g.io, kind: K, name: n}}
allowedListeners: {}
tls:
  backend: {clientCertificateRef: {name: c}}
  frontend:
    default: {}
    perPort: [{port: 443, tls: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}]`);
    const { spec } = await manifest("Gateway", text);
    expect(spec.listeners[0]?.tls?.certificateRefs).toEqual([
      { group: "", kind: "Secret", name: "c" },
      { group: "g.io", kind: "K", name: "d", namespace: "n" },
    ]);
    expect(spec.listeners[0]?.allowedRoutes.kinds).toEqual([
      { group: "gateway.networking.k8s.io", kind: "TCPRoute" },
      { group: "", kind: "Other" },
    ]);
    expect(spec.allowedListeners).toEqual({ namespaces: { from: "None" } });
    expect(spec.addresses?.[0]).toEqual({ type: "IPAddress", value: "10.0.0.1" });
    expect(spec.tls?.frontend?.perPort?.[0]?.tls.validation).toEqual({
      mode: "AllowValidOnly",
      caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }],
    });
  });

  test("keys that are null are as good as not there", async () => {
    const { spec } = await manifest(
      "Gateway",
      gateway(
        "addresses: null\nlisteners: [{name: a, port: 1, protocol: TCP, hostname: , tls: ~, allowedRoutes: null}]",
      ),
    );
    expect(spec as unknown).toEqual({
      gatewayClassName: "c",
      listeners: [{ name: "a", port: 1, protocol: "TCP", allowedRoutes: { namespaces: { from: "Same" } } }],
    });
  });

  test("experimental keys are known, and without effect", async () => {
    const { diagnostics, manifests } = await decodeText(gateway("defaultScope: All"));
    expect(diagnostics.map(({ severity, code, line, column }) => `${line}:${column} ${severity} ${code}`)).toEqual([
      "7:3 warning gateway/experimental-key",
    ]);
    expect(manifests).toHaveLength(1);
  });

  test.each([
    ["no class", standard("Gateway", `listeners: [${TCP}]`).replace("spec:", "«spec:"), "missing-key"],
    ["no listeners", standard("Gateway", "gatewayClassName: c").replace("spec:", "«spec:"), "missing-key"],
    ["an unknown key", gateway("«listener: []"), "unknown-key"],
    ["a validation that is null", gateway("tls: {frontend: {default: {validation: «null}}}"), "wrong-type"],
    [
      "a selector's labels that are null",
      gateway("allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: «null}}}"),
      "wrong-type",
    ],
    [
      "an unknown key of a listener",
      gateway("listeners: [{name: a, port: 1, protocol: TCP, «tsl: {}}]"),
      "unknown-key",
    ],
    ["an empty list of listeners", gateway("listeners: «[]"), "empty-list"],
    [
      "65 listeners",
      gateway(`listeners: «[${repeat(65, (at) => `{name: l${at}, port: ${at + 1}, protocol: TCP}`)}]`),
      "long-list",
    ],
    ["an empty class", standard("Gateway", `gatewayClassName: «""\nlisteners: [${TCP}]`), "bad-name"],
    ["a long class", standard("Gateway", `gatewayClassName: «${"c".repeat(254)}\nlisteners: [${TCP}]`), "bad-name"],
    ["a listener's name in upper case", gateway("listeners: [{name: «DB, port: 1, protocol: TCP}]"), "bad-name"],
    [
      "a listener's name that is long",
      gateway(`listeners: [{name: «${"n".repeat(254)}, port: 1, protocol: TCP}]`),
      "bad-name",
    ],
    ["port 0", gateway("listeners: [{name: a, port: «0, protocol: TCP}]"), "bad-port"],
    ["port 65536", gateway("listeners: [{name: a, port: «65536, protocol: TCP}]"), "bad-port"],
    ["a port in quotes", gateway('listeners: [{name: a, port: «"5432", protocol: TCP}]'), "bad-port"],
    ["no protocol", gateway("listeners: [«{name: a, port: 1}]"), "missing-key"],
    ["an empty protocol", gateway('listeners: [{name: a, port: 1, protocol: «""}]'), "bad-protocol"],
    ["a protocol with an underscore", gateway("listeners: [{name: a, port: 1, protocol: «my_own}]"), "bad-protocol"],
    [
      "a protocol that is long",
      gateway(`listeners: [{name: a, port: 1, protocol: «${"P".repeat(256)}}]`),
      "bad-protocol",
    ],
    [
      "a host name in upper case",
      gateway("listeners: [{name: a, port: 1, protocol: HTTP, hostname: «A.io}]"),
      "bad-hostname",
    ],
    [
      "a host name with a star inside",
      gateway('listeners: [{name: a, port: 1, protocol: HTTP, hostname: «"a.*.io"}]'),
      "bad-hostname",
    ],
    [
      "a host name that is long",
      gateway(`listeners: [{name: a, port: 1, protocol: HTTP, hostname: «${"h".repeat(254)}}]`),
      "bad-hostname",
    ],
    [
      "a mode",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {mode: «passthrough, options: {a: b}}}]"),
      "bad-tls-mode",
    ],
    [
      "65 certificates",
      gateway(
        `listeners: [{name: a, port: 1, protocol: TLS, tls: {certificateRefs: «[${repeat(65, (at) => `{name: c${at}}`)}]}}]`,
      ),
      "long-list",
    ],
    [
      "a certificate's group",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {certificateRefs: [{group: «v1/x, name: c}]}}]"),
      "bad-group",
    ],
    [
      "a certificate's kind",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {certificateRefs: [{kind: «1K, name: c}]}}]"),
      "bad-kind",
    ],
    [
      "a certificate's namespace",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {certificateRefs: [{name: c, namespace: «a.b}]}}]"),
      "bad-namespace",
    ],
    [
      "17 options",
      gateway(`listeners: [{name: a, port: 1, protocol: TLS, tls: {options: «{${repeat(17, (at) => `o${at}: v`)}}}}]`),
      "large-map",
    ],
    [
      "a long option",
      gateway(`listeners: [{name: a, port: 1, protocol: TLS, tls: {options: {o: «${"v".repeat(4097)}}}}]`),
      "long-text",
    ],
    [
      "an option that is a number",
      gateway("listeners: [{name: a, port: 1, protocol: TLS, tls: {options: {o: «1}}}]"),
      "wrong-type",
    ],
    [
      "whose routes",
      gateway("listeners: [{name: a, port: 1, protocol: TCP, allowedRoutes: {namespaces: {from: «None}}}]"),
      "bad-from",
    ],
    [
      "9 kinds",
      gateway(
        `listeners: [{name: a, port: 1, protocol: TCP, allowedRoutes: {kinds: «[${repeat(9, (at) => `{kind: K${at}}`)}]}}]`,
      ),
      "long-list",
    ],
    [
      "a kind",
      gateway('listeners: [{name: a, port: 1, protocol: TCP, allowedRoutes: {kinds: [{kind: «""}]}}]'),
      "bad-kind",
    ],
    [
      "a kind that is long",
      gateway(`listeners: [{name: a, port: 1, protocol: TCP, allowedRoutes: {kinds: [{kind: «${"K".repeat(64)}}]}}]`),
      "bad-kind",
    ],
    ["whose listeners", gateway("allowedListeners: {namespaces: {from: «Any}}"), "bad-from"],
    [
      "a selector's operator",
      gateway(
        "allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: «Is}]}}}",
      ),
      "bad-selector",
    ],
    [
      "a selector's values",
      gateway(
        "allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [«{key: a, operator: In}]}}}",
      ),
      "bad-selector",
    ],
    [
      "a selector's values that are too many",
      gateway(
        "allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [«{key: a, operator: Exists, values: [b]}]}}}",
      ),
      "bad-selector",
    ],
    ["17 addresses", gateway(`addresses: «[${repeat(17, (at) => `{value: 10.0.0.${at}}`)}]`), "long-list"],
    ["an address's type", gateway("addresses: [{type: «ip_address}]"), "bad-address-type"],
    ["an address", gateway("addresses: [{value: «10.0.0.256}]"), "bad-address"],
    [
      "an address that is long",
      gateway(`addresses: [{type: example.com/a, value: «${"a".repeat(254)}}]`),
      "bad-address",
    ],
    ["9 labels", gateway(`infrastructure: {labels: «{${repeat(9, (at) => `l${at}: v`)}}}`), "large-map"],
    ["a label's value", gateway("infrastructure: {labels: {a: «-b}}"), "bad-text"],
    ["a label's value that is long", gateway(`infrastructure: {labels: {a: «${"b".repeat(64)}}}`), "long-text"],
    ["17 annotations", gateway(`infrastructure: {annotations: «{${repeat(17, (at) => `l${at}: v`)}}}`), "large-map"],
    ["an annotation that is long", gateway(`infrastructure: {annotations: {a: «${"b".repeat(4097)}}}`), "long-text"],
    ["parameters", gateway("infrastructure: {«parametersRef: {group: g.io, kind: K}}"), "missing-key"],
    [
      "no default of the frontend",
      gateway("tls: {frontend: «{perPort: []}}").replace("frontend: «", "«frontend: "),
      "missing-key",
    ],
    [
      "65 ports of the frontend",
      gateway(`tls: {frontend: {default: {}, perPort: «[${repeat(65, (at) => `{port: ${at + 1}, tls: {}}`)}]}}`),
      "long-list",
    ],
    ["port 0 of the frontend", gateway("tls: {frontend: {default: {}, perPort: [{port: «0, tls: {}}]}}"), "bad-port"],
    [
      "port 65536 of the frontend",
      gateway("tls: {frontend: {default: {}, perPort: [{port: «65536, tls: {}}]}}"),
      "bad-port",
    ],
    [
      "a port of the frontend in quotes",
      gateway('tls: {frontend: {default: {}, perPort: [{port: «"443", tls: {}}]}}'),
      "bad-port",
    ],
    ["no port of the frontend", gateway("tls: {frontend: {default: {}, perPort: [«{tls: {}}]}}"), "missing-key"],
    [
      "a port of the frontend without anything about it",
      gateway("tls: {frontend: {default: {}, perPort: [«{port: 443}]}}"),
      "missing-key",
    ],
    ["no authority", gateway("tls: {frontend: {default: {validation: {caCertificateRefs: «[]}}}}"), "empty-list"],
    [
      "17 authorities",
      gateway(
        `tls: {frontend: {default: {validation: {caCertificateRefs: «[${repeat(17, (at) => `{group: "", kind: Secret, name: c${at}}`)}]}}}}`,
      ),
      "long-list",
    ],
    [
      "a validation's mode",
      gateway(
        'tls: {frontend: {default: {validation: {mode: «None, caCertificateRefs: [{group: "", kind: Secret, name: c}]}}}}',
      ),
      "bad-validation-mode",
    ],
  ])("%s is refused where it stands", async (_what, text, code) => {
    await expectTold(text, `gateway/${code}`);
  });

  test.each([
    ["64 listeners", `listeners: [${repeat(64, (at) => `{name: l${at}, port: ${at + 1}, protocol: TCP}`)}]`],
    [
      "long names",
      `listeners: [{name: ${"n".repeat(253)}, port: 65535, protocol: HTTP, hostname: ${"h".repeat(253)}}]`,
    ],
    ["a long protocol", `listeners: [{name: a, port: 1, protocol: ${"P".repeat(255)}}]`],
    ["somebody's protocol", "listeners: [{name: a, port: 1, protocol: example.com/bar}]"],
    [
      "64 certificates",
      `listeners: [{name: a, port: 1, protocol: TLS, tls: {certificateRefs: [${repeat(64, (at) => `{name: c${at}}`)}]}}]`,
    ],
    [
      "16 long options",
      `listeners: [{name: a, port: 1, protocol: TLS, tls: {options: {${repeat(16, (at) => `o${at}: ${"v".repeat(4096)}`)}}}}]`,
    ],
    [
      "8 kinds",
      `listeners: [{name: a, port: 1, protocol: TCP, allowedRoutes: {kinds: [${repeat(8, () => `{kind: ${"K".repeat(63)}}`)}]}}]`,
    ],
    ["16 addresses", `addresses: [${repeat(16, (at) => `{value: 10.0.0.${at}}`)}]`],
    ["IPv6 addresses", 'addresses: [{value: "2001:db8::1"}, {value: "2001:db8::2"}]'],
    ["an address without a value", 'addresses: [{type: IPAddress}, {type: Hostname}, {type: Hostname, value: ""}]'],
    ["8 long labels", `infrastructure: {labels: {${repeat(8, (at) => `l${at}: ${"v".repeat(63)}`)}}}`],
    ["16 long annotations", `infrastructure: {annotations: {${repeat(16, (at) => `l${at}: ${"é".repeat(4096)}`)}}}`],
    [
      "64 ports of the frontend",
      `tls: {frontend: {default: {}, perPort: [${repeat(64, (at) => `{port: ${at + 1}, tls: {}}`)}]}}`,
    ],
    [
      "the first port of the frontend, and the last",
      "tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: 65535, tls: {}}]}}",
    ],
    [
      "16 authorities",
      `tls: {frontend: {default: {validation: {caCertificateRefs: [${repeat(16, (at) => `{group: "", kind: Secret, name: c${at}}`)}]}}}}`,
    ],
    [
      "HTTPS in its default mode",
      "listeners: [{name: a, port: 1, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}]",
    ],
    [
      "one port for several names",
      "listeners: [{name: a, port: 1, protocol: HTTP, hostname: a.io}, {name: b, port: 1, protocol: HTTP, hostname: b.io}, {name: c, port: 1, protocol: HTTP}, {name: d, port: 1, protocol: HTTPS, hostname: a.io, tls: {options: {a: b}}}]",
    ],
    ["a prefix of 252 characters", `infrastructure: {labels: {${"p".repeat(252)}/n: v}}`],
  ])("%s is allowed", async (_what, spec) => {
    await manifest("Gateway", gateway(spec));
  });

  test.each([
    ["equal IP addresses", "addresses: [{value: 10.0.0.1}, {type: IPAddress, value: «10.0.0.1}]", "duplicate-address"],
    [
      "equal host names",
      "addresses: [{type: Hostname, value: a.io}, {type: Hostname, value: «a.io}]",
      "duplicate-address",
    ],
    ["a wrong host name as address", "addresses: [{type: Hostname, value: «A.io}]", "bad-address"],
    ["a wrong key of an annotation", "infrastructure: {annotations: {«a/b/c: d}}", "bad-annotation-key"],
    [
      "a long prefix of an annotation",
      `infrastructure: {annotations: {«${"p".repeat(253)}/n: d}}`,
      "long-annotation-prefix",
    ],
    ["a wrong key of a label", 'infrastructure: {labels: {«"a b": d}}', "bad-label-key"],
    ["a long prefix of a label", `infrastructure: {labels: {«${"p".repeat(253)}/n: d}}`, "long-label-prefix"],
    [
      "equal ports of the frontend",
      "tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: «1, tls: {}}]}}",
      "duplicate-tls-port",
    ],
  ])("%s are one mistake", async (_what, spec, code) => {
    await expectTold(gateway(spec), `gateway/${code}`);
  });

  test("all mistakes are told at once, whatever else is wrong", async () => {
    const spec =
      "listeners:\n- {name: a, port: «0, protocol: TCP, «hostname: a.io}\n- {name: «a, port: 2, protocol: «TLS}\n«extra: 1";
    await expectTold(
      gateway(spec),
      "gateway/bad-port",
      "gateway/pointless-hostname",
      "gateway/duplicate-listener",
      "gateway/missing-tls",
      "gateway/unknown-key",
    );
  });
});

describe.each([
  ["gateway", (listeners: string) => gateway(`listeners: [${listeners}]`)],
  ["listenerset", listenerSet],
])("listeners of a %s", (area, document) => {
  test.each([
    ["HTTP with tls", "{name: a, port: 1, protocol: HTTP, «tls: {options: {a: b}}}", "pointless-tls"],
    ["TCP with tls", "{name: a, port: 1, protocol: TCP, «tls: {options: {a: b}}}", "pointless-tls"],
    ["UDP with tls", "{name: a, port: 1, protocol: UDP, «tls: {options: {a: b}}}", "pointless-tls"],
    [
      "HTTPS that passes through",
      "{name: a, port: 1, protocol: HTTPS, tls: {mode: «Passthrough}}",
      "https-passthrough",
    ],
    ["TLS without tls", "{name: a, port: 1, protocol: «TLS}", "missing-tls"],
    ["TCP with a host name", "{name: a, port: 1, protocol: TCP, «hostname: a.io}", "pointless-hostname"],
    ["UDP with a host name", "{name: a, port: 1, protocol: UDP, «hostname: a.io}", "pointless-hostname"],
    ["equal names", "{name: a, port: 1, protocol: TCP}, {name: «a, port: 2, protocol: TCP}", "duplicate-listener"],
    ["equal ports", "{name: a, port: 1, protocol: TCP}, {name: b, port: «1, protocol: TCP}", "duplicate-place"],
    [
      "equal host names",
      "{name: a, port: 1, protocol: HTTP, hostname: a.io}, {name: b, port: «1, protocol: HTTP, hostname: a.io}",
      "duplicate-place",
    ],
    ["TLS without a certificate", "{name: a, port: 1, protocol: TLS, «tls: {}}", "missing-certificate"],
    [
      "TLS with an empty list",
      "{name: a, port: 1, protocol: TLS, «tls: {mode: Terminate, certificateRefs: [], options: {}}}",
      "missing-certificate",
    ],
  ])("%s are one mistake", async (_what, listeners, code) => {
    await expectTold(document(listeners), `${area}/${code}`);
  });
});

describe("a ListenerSet", () => {
  test("has every default filled in", async () => {
    const { spec } = await manifest("ListenerSet", listenerSet(TCP));
    expect(spec as unknown).toEqual({
      parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" },
      listeners: [{ name: "db", port: 5432, protocol: "TCP", allowedRoutes: { namespaces: { from: "Same" } } }],
    });
  });

  test.each([
    ["no parent", standard("ListenerSet", `listeners: [${TCP}]`).replace("spec:", "«spec:"), "missing-key"],
    ["no listener", standard("ListenerSet", "parentRef: {name: edge}\nlisteners: «[]"), "empty-list"],
    ["a listener without a port", listenerSet("«{name: a, protocol: TCP}"), "missing-key"],
    [
      "65 listeners",
      standard(
        "ListenerSet",
        `parentRef: {name: edge}\nlisteners: «[${repeat(65, (at) => `{name: l${at}, port: ${at + 1}, protocol: TCP}`)}]`,
      ),
      "long-list",
    ],
  ])("with %s is refused", async (_what, text, code) => {
    await expectTold(text, `listenerset/${code}`);
  });
});

describe("a GatewayClass", () => {
  const CLASS = "controllerName: sallyport.dev/gateway-controller";

  test("is in no namespace", async () => {
    const { metadata, spec } = await manifest("GatewayClass", standard("GatewayClass", CLASS));
    expect(metadata.namespace).toBe("");
    expect(spec).toEqual({ controllerName: "sallyport.dev/gateway-controller" });
    const { diagnostics, manifests } = await decodeText(
      standard("GatewayClass", CLASS).replace("name: it", "name: it, namespace: here"),
    );
    expect(diagnostics).toMatchObject([
      { severity: "notice", code: "gatewayclass/pointless-namespace", line: 3, column: 22 },
    ]);
    expect(manifests[0]?.metadata.namespace).toBe("");
  });

  test.each([
    ["no controller", standard("GatewayClass", "description: d").replace("spec:", "«spec:"), "missing-key"],
    ["a controller without a path", standard("GatewayClass", "controllerName: «example.com"), "bad-controller-name"],
    ["a long controller", standard("GatewayClass", `controllerName: «a.io/${"c".repeat(249)}`), "bad-controller-name"],
    ["a long description", standard("GatewayClass", `${CLASS}\ndescription: «${"d".repeat(65)}`), "bad-description"],
    [
      "parameters without a name",
      standard("GatewayClass", `${CLASS}\n«parametersRef: {group: "", kind: K}`),
      "missing-key",
    ],
    [
      "parameters of a long group",
      standard("GatewayClass", `${CLASS}\nparametersRef: {group: «${"g".repeat(254)}, kind: K, name: n}`),
      "bad-group",
    ],
  ])("with %s is refused", async (_what, text, code) => {
    await expectTold(text, `gatewayclass/${code}`);
  });

  test("has long names", async () => {
    const text = `controllerName: a.io/${"c".repeat(248)}\ndescription: ${"é".repeat(64)}\nparametersRef: {group: "", kind: K, name: ${"n".repeat(253)}, namespace: n}`;
    await manifest("GatewayClass", standard("GatewayClass", text));
  });

  test("keeps its controller", async () => {
    const before = await manifest("GatewayClass", standard("GatewayClass", CLASS));
    const after = await manifest("GatewayClass", standard("GatewayClass", "controllerName: other.io/x"));
    expect(judgeImmutable(before, before)).toEqual([]);
    expect(judgeImmutable(before, after)).toMatchObject([
      { line: 5, column: 19, severity: "error", code: "gatewayclass/immutable" },
    ]);
  });
});
