import { describe, expect, test } from "bun:test";
import {
  configMap,
  gateway,
  grant,
  listenerOf,
  listenerSet,
  parentsOf,
  secret,
  service,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { pemOf, secretDataOf } from "../../support/pem.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const GATEWAY = "gateway.networking.k8s.io";
const FROM = [{ group: GATEWAY, kind: "TCPRoute", namespace: "default" }];
const TO = [{ group: "", kind: "Service" }];

describe("a route that refers to a Service of another namespace", () => {
  const table: readonly [string, string, boolean][] = [
    ["needs a grant", "", false],
    ["may by a grant for all Services", grant("data", "TCPRoute/default", "Service"), true],
    ["may by a grant for that one", grant("data", "TCPRoute/default", "Service/db"), true],
    [
      "may by one of several entries",
      grant("data", "", "", {
        from: [{ ...FROM[0], kind: "UDPRoute" }, FROM[0]],
        to: [{ ...TO[0], name: "x" }, TO[0]],
      }),
      true,
    ],
    [
      "may by a grant with an empty name, which is none",
      grant("data", "", "", { from: FROM, to: [{ ...TO[0], name: "db" }] }),
      true,
    ],
    ["may not by a grant in its own namespace", grant("default", "TCPRoute/default", "Service"), false],
    ["may not by a grant in a third one", grant("other", "TCPRoute/default", "Service"), false],
    ["may not by a grant for another kind of route", grant("data", "TLSRoute/default", "Service"), false],
    ["may not by a grant for routes of another namespace", grant("data", "TCPRoute/other", "Service"), false],
    [
      "may not by a grant for routes of another group",
      grant("data", "", "", { from: [{ ...FROM[0], group: "example.com" }], to: TO }),
      false,
    ],
    ["may not by a grant for Secrets", grant("data", "TCPRoute/default", "Secret"), false],
    ["may not by a grant for another Service", grant("data", "TCPRoute/default", "Service/other"), false],
    [
      "may not by a grant for Services of another group",
      grant("data", "", "", { from: FROM, to: [{ group: "example.com", kind: "Service" }] }),
      false,
    ],
  ];
  for (const [name, text, granted] of table) {
    test(name, async () => {
      const all = gateway("front", [tcp("a", 5432)]) + service("data/db") + tcpRoute("r", ["front"], ["data/db"]);
      const found = await translateManifests(all + text);
      const [parent] = parentsOf(found, "TCPRoute", "r");
      expect(parent).toEqual({
        Accepted: "True/Accepted",
        ResolvedRefs: granted ? "True/ResolvedRefs" : "False/RefNotPermitted",
      });
      expect(found.compiled.plan.pools.length).toBe(granted ? 1 : 0);
      if (granted) return;
      const detail =
        'No ReferenceGrant in namespace "data" lets a TCPRoute of namespace "default" refer to Service "db"';
      expect([...found.refused]).toEqual([["tcproute/default/r@default/front/a", detail]]);
      expect(found.said).toEqual(["6: tcproute/ref-not-permitted"]);
    });
  }

  test("is not told whether the Service is there", async () => {
    const text = gateway("front", [tcp("a", 5432)]) + tcpRoute("r", ["front"], ["data/gone"]);
    const found = await translateManifests(text);
    expect(parentsOf(found, "TCPRoute", "r")[0]).toMatchObject({ ResolvedRefs: "False/RefNotPermitted" });
  });

  test("in its own namespace needs no grant, also when it writes the namespace", async () => {
    const text = gateway("front", [tcp("a", 5432)]) + service("db") + tcpRoute("r", ["front"], ["default/db"]);
    expect(parentsOf(await translateManifests(text), "TCPRoute", "r")[0]).toMatchObject({
      ResolvedRefs: "True/ResolvedRefs",
    });
  });
});

describe("a listener that refers to a Secret of another namespace", () => {
  const SECRET = secret("certs/c", secretDataOf("names"));
  const listener = terminating("a", 443, "a.example.com", "certs/c");
  const table: readonly [string, string, boolean][] = [
    ["needs a grant", "", false],
    ["may by a grant for Gateways", grant("certs", "Gateway/default", "Secret"), true],
    ["may by a grant for that Secret", grant("certs", "Gateway/default", "Secret/c"), true],
    ["may not by a grant for another Secret", grant("certs", "Gateway/default", "Secret/d"), false],
    ["may not by a grant for ConfigMaps", grant("certs", "Gateway/default", "ConfigMap"), false],
    ["may not by a grant for ListenerSets", grant("certs", "ListenerSet/default", "Secret"), false],
  ];
  for (const [name, text, granted] of table) {
    test(name, async () => {
      const found = await translateManifests(
        gateway("front", [listener]) + SECRET + text + tlsRoute("r", ["front"], ["a.example.com"]),
      );
      expect(listenerOf(found, "front", "a")).toMatchObject({
        Accepted: "True/Accepted",
        ResolvedRefs: granted ? "True/ResolvedRefs" : "False/RefNotPermitted",
        Programmed: granted ? "True/Programmed" : "False/Invalid",
      });
      expect(found.refused.has("listener/default/front/a")).toBe(!granted);
    });
  }

  test("of a ListenerSet, the Gateway's grant is not the set's", async () => {
    const own = gateway("front", [tcp("b", 1)], { allowedListeners: { namespaces: { from: "All" } } });
    const text = own + listenerSet("set", "front", [listener]) + SECRET;
    const byGateway = await translateManifests(text + grant("certs", "Gateway/default", "Secret"));
    expect(listenerOf(byGateway, "set", "a")).toMatchObject({ ResolvedRefs: "False/RefNotPermitted" });
    const bySet = await translateManifests(text + grant("certs", "ListenerSet/default", "Secret"));
    expect(listenerOf(bySet, "set", "a")).toMatchObject({ ResolvedRefs: "True/ResolvedRefs" });
  });

  test("authorities of clients need a grant for their own kind", async () => {
    const reference = { group: "", kind: "ConfigMap", name: "ca", namespace: "certs" };
    const frontend = { frontend: { default: { validation: { caCertificateRefs: [reference] } } } };
    const granted = grant("certs", "Gateway/default", "Secret");
    const text =
      gateway("front", [listener], { tls: frontend }) +
      SECRET +
      granted +
      configMap("certs/ca", { "ca.crt": pemOf("root.pem") });
    const found = await translateManifests(text);
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "False/NoValidCACertificate",
      ResolvedRefs: "False/RefNotPermitted",
      Programmed: "False/Invalid",
    });
    expect(found.said).toEqual(["2: gateway/ref-not-permitted"]);
  });

  test("what passes through needs none", async () => {
    const found = await translateManifests(gateway("front", [tls("a", 443)]));
    expect(listenerOf(found, "front", "a")).toMatchObject({ ResolvedRefs: "True/ResolvedRefs" });
  });
});
