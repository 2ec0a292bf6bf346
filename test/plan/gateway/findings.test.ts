import { describe, expect, test } from "bun:test";
import {
  gateway,
  listenerSet,
  policy,
  service,
  tcp,
  tcpRoute,
  terminating,
  tlsRoute,
  backendTls,
} from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const WRITTEN = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: sallyport
  addresses:
    - value: 127.0.0.1
    - type: Hostname
      value: db.example.com
  listeners:
    - name: tcp
      port: 5432
      protocol: TCP
    - name: http
      port: 80
      protocol: HTTP
    - name: kinds
      port: 5433
      protocol: TCP
      allowedRoutes:
        kinds:
          - kind: TCPRoute
          - kind: HTTPRoute
    - name: tls
      port: 443
      protocol: TLS
      tls:
        certificateRefs:
          - name: gone
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: r}
spec:
  parentRefs:
    - name: front
      sectionName: tcp
    - name: front
      sectionName: nothing
  rules:
    - backendRefs:
        - name: db
          port: 5432
        - name: lost
          port: 5432
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: p}
spec:
  targetRefs:
    - {group: "", kind: Service, name: nowhere}
  validation:
    hostname: db.example.com
    caCertificateRefs:
      - {group: "", kind: ConfigMap, name: lost}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
`;

describe("what there is to say of manifests", () => {
  test("is said where it was written, once, and what follows from it is not", async () => {
    const found = await translateManifests(WRITTEN);
    expect(found.messages).toEqual([
      '8: gateway/address-not-usable: No address is known for the host name "db.example.com": start with --tcp-host db.example.com=IP to give it one',
      '16: gateway/unsupported-protocol: Protocol "HTTP" is not supported: wanted is TCP or TLS',
      "23: gateway/invalid-route-kinds: Routes of kind HTTPRoute cannot be attached to a TCP listener: wanted is TCPRoute",
      '29: gateway/invalid-certificate-ref: There is no Secret "default/gone"',
      '38: tcproute/no-matching-parent: Gateway "default/front" has no listener that is called "nothing"',
      '44: tcproute/backend-not-found: There is no Service "default/lost"',
      '52: backendtlspolicy/target-not-found: There is no Service "default/nowhere": this target has no effect',
      '56: backendtlspolicy/invalid-ca-certificate-ref: There is no ConfigMap "default/lost"',
    ]);
  });

  test("one wrong authority of a Gateway is one message, however many listeners it has", async () => {
    const validation = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "gone" }] };
    const listeners = [1, 2, 3].map((port) => terminating(`l${port}`, port, undefined, "gone"));
    const found = await translateManifests(
      gateway("front", listeners, { tls: { frontend: { default: { validation } } } }),
    );
    expect(found.messages.filter((each) => each.includes("ConfigMap"))).toHaveLength(1);
  });

  test("routes without a parent of ours are told of, but those that are for others", async () => {
    const spec = { parentRefs: [{ name: "elsewhere" }] };
    const http = `---\n${JSON.stringify({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { name: "h" }, spec })}\n`;
    const found = await translateManifests(tcpRoute("r", []) + tlsRoute("s", ["elsewhere"], ["a.x.com"]) + http);
    expect(found.messages).toEqual([
      '2: tcproute/no-parent: TCPRoute "default/r" names no parent: it has no effect',
      '4: tlsroute/no-parent: Gateway "default/elsewhere" is not there, or has mistakes: the route has no effect',
    ]);
  });

  test("nothing is said of what is good", async () => {
    const text = gateway("front", [tcp("a", 5432)]) + service("db") + tcpRoute("r", ["front"]);
    expect(
      (await translateManifests(text + policy("BackendPolicy", "p", ["Service/db"], { balance: "random" }))).said,
    ).toEqual([]);
  });
});

test("every condition of every status is about the object as it is now", async () => {
  const all = { allowedListeners: { namespaces: { from: "All" } } };
  const text =
    WRITTEN +
    gateway("other", [tcp("a", 1)], all) +
    listenerSet("set", "other", [tcp("b", 2)]) +
    tlsRoute("s", ["front"], ["a.x.com"]) +
    backendTls("q", ["db"], { wellKnownCACertificates: "System" }) +
    policy("ListenerPolicy", "l", ["Gateway/front"], {}) +
    policy("BackendPolicy", "b", ["Service/db"], {});
  const generations = new Map([
    ["Gateway", 2],
    ["ListenerSet", 3],
    ["TCPRoute", 4],
    ["TLSRoute", 5],
    ["BackendTLSPolicy", 6],
    ["ListenerPolicy", 7],
    ["BackendPolicy", 8],
  ]);
  const found = await translateManifests(text, { generationOf: ({ kind }) => generations.get(kind) ?? 1 });
  const seen = new Set<string>();
  for (const [{ kind, metadata }, status] of found.statuses) {
    seen.add(kind);
    const observed = Array.from(JSON.stringify(status).matchAll(/"observedGeneration":(\d+)/g), (match) =>
      Number(match[1]),
    );
    const conditions = JSON.stringify(status).split('"lastTransitionTime"').length - 1;
    expect({ name: metadata.name, observed: [...new Set(observed)], conditions }).toEqual({
      name: metadata.name,
      observed: [generations.get(kind) ?? 1],
      conditions: 0,
    });
  }
  expect([...seen].toSorted()).toEqual([...generations.keys()].toSorted());
});
