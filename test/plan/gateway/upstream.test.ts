import { describe, expect, test } from "bun:test";
import {
  ancestorsOf,
  backendTls,
  configMap,
  gateway,
  manifest,
  secret,
  service,
  tcp,
  tcpRoute,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { pemOf } from "../../support/pem.ts";
import { type TranslateOptions, translateManifests } from "../../support/translate-manifests.ts";

const FRONT = gateway("front", [tcp("a", 5432)]) + tcpRoute("r", ["front"]);
const CA = configMap("ca", { "ca.crt": pemOf("root.pem") }) + configMap("other", { "ca.crt": pemOf("other.pem") });
const BY_CA = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] };
const byName = (name: string, kind = "ConfigMap") => ({ caCertificateRefs: [{ group: "", kind, name }] });

async function upstream(text: string, options: TranslateOptions = {}) {
  const found = await translateManifests(FRONT + CA + text, options);
  const [pool] = found.compiled.plan.pools;
  return { found, tls: pool?.upstreamTls, refused: found.refused.get("tcproute/default/r@default/front/a") };
}

const broken = (targetRefs: unknown) =>
  manifest("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "p", { spec: { targetRefs, validation: {} } });

describe("BackendTLSPolicy", () => {
  test("says what backends are believed, and under which name", async () => {
    const { found, tls: spoken } = await upstream(service("db") + backendTls("p", ["db"], BY_CA));
    expect(spoken).toMatchObject({ serverName: "db.example.com", insecure: false });
    expect(spoken?.trust?.ca).toHaveLength(1);
    expect(ancestorsOf(found, "BackendTLSPolicy", "p")).toEqual({
      "Gateway/front": { Accepted: "True/Accepted", ResolvedRefs: "True/ResolvedRefs" },
    });
    expect(found.said).toEqual([]);
  });

  test("of a Service that no Gateway uses is about the Service", async () => {
    const { found } = await upstream(service("db") + service("idle") + backendTls("p", ["idle"], BY_CA));
    expect(ancestorsOf(found, "BackendTLSPolicy", "p")).toEqual({
      "Service/idle": { Accepted: "True/Accepted", ResolvedRefs: "True/ResolvedRefs" },
    });
  });

  test("may believe the system's authorities", async () => {
    const { tls: spoken } = await upstream(
      service("db") + backendTls("p", ["db"], { wellKnownCACertificates: "System" }),
    );
    expect(spoken).toMatchObject({ serverName: "db.example.com", insecure: false });
    expect(spoken).not.toHaveProperty("trust");
  });

  test("of authorities that nobody knows speaks to no backend", async () => {
    const text = service("db") + backendTls("p", ["db"], { wellKnownCACertificates: "example.com/Ours" });
    const { found, refused } = await upstream(text);
    expect(refused).toBe(
      'BackendTLSPolicy "default/p": Authorities "example.com/Ours" are not known: wanted is System',
    );
    expect(ancestorsOf(found, "BackendTLSPolicy", "p")["Gateway/front"]).toMatchObject({ Accepted: "False/Invalid" });
    expect(found.said).toEqual(["12: backendtlspolicy/invalid"]);
  });

  test("may believe several authorities, and one that is in a Secret", async () => {
    const caCertificateRefs = [...BY_CA.caCertificateRefs, ...byName("s", "Secret").caCertificateRefs];
    const text =
      service("db") + secret("s", { "ca.crt": pemOf("other.pem") }) + backendTls("p", ["db"], { caCertificateRefs });
    expect((await upstream(text)).tls?.trust?.ca).toHaveLength(2);
  });

  test("believes those that are good when others are not, and tells of those", async () => {
    const caCertificateRefs = [...BY_CA.caCertificateRefs, ...byName("gone").caCertificateRefs];
    const { found, tls: spoken } = await upstream(service("db") + backendTls("p", ["db"], { caCertificateRefs }));
    expect(spoken?.trust?.ca).toHaveLength(1);
    expect(ancestorsOf(found, "BackendTLSPolicy", "p")["Gateway/front"]).toEqual({
      ResolvedRefs: "False/InvalidCACertificateRef",
      Accepted: "True/Accepted",
    });
  });

  for (const [name, validation, reason, detail] of [
    ["that are not there", byName("gone"), "InvalidCACertificateRef", 'There is no ConfigMap "default/gone"'],
    ["that are no PEM", byName("bad"), "InvalidCACertificateRef", 'ConfigMap "default/bad" has no usable authorities'],
    ["of another kind", byName("ca", "Service"), "InvalidKind", 'A reference to Service "ca" cannot be used'],
  ] as const) {
    test(`with nothing but authorities ${name} speaks to no backend`, async () => {
      const text = service("db") + configMap("bad", { "ca.crt": "hello" }) + backendTls("p", ["db"], validation);
      const { found, refused } = await upstream(text);
      expect(found.compiled.plan.pools).toEqual([]);
      expect(refused).toContain(detail);
      expect(ancestorsOf(found, "BackendTLSPolicy", "p")["Gateway/front"]).toEqual({
        Accepted: "False/NoValidCACertificate",
        ResolvedRefs: `False/${reason}`,
      });
      expect(found.said).toHaveLength(1);
    });
  }

  test("of a port comes before that of its Service, and both are in force", async () => {
    const ports = [
      { name: "pg", port: 5432 },
      { name: "web", port: 80 },
    ];
    const target = { group: "", kind: "Service", name: "db", sectionName: "pg" };
    const text =
      service("db", { ports }) +
      backendTls("whole", ["db"], { ...BY_CA, hostname: "whole.example.com" }, { day: 1 }) +
      backendTls("part", [target], { ...BY_CA, hostname: "part.example.com" }, { day: 2 });
    const { found, tls: spoken } = await upstream(text);
    expect(spoken?.serverName).toBe("part.example.com");
    for (const name of ["whole", "part"]) {
      expect(ancestorsOf(found, "BackendTLSPolicy", name)["Gateway/front"]).toMatchObject({
        Accepted: "True/Accepted",
      });
    }
  });

  test("for a target that an older one has is in conflict", async () => {
    const text =
      service("db") +
      backendTls("a-young", ["db"], { ...BY_CA, hostname: "young.example.com" }, { day: 2 }) +
      backendTls("z-old", ["db"], { ...BY_CA, hostname: "old.example.com" }, { day: 1 });
    const { found, tls: spoken } = await upstream(text);
    expect(spoken?.serverName).toBe("old.example.com");
    expect(ancestorsOf(found, "BackendTLSPolicy", "a-young")["Gateway/front"]).toMatchObject({
      Accepted: "False/Conflicted",
    });
    expect(ancestorsOf(found, "BackendTLSPolicy", "z-old")["Gateway/front"]).toMatchObject({
      Accepted: "True/Accepted",
    });
    expect(found.messages[0]).toContain('BackendTLSPolicy "default/z-old" comes first and has the same target');
  });

  test("of one age gives way by name", async () => {
    const text =
      service("db") +
      backendTls("b", ["db"], { ...BY_CA, hostname: "b.example.com" }) +
      backendTls("a", ["db"], { ...BY_CA, hostname: "a.example.com" });
    expect((await upstream(text)).tls?.serverName).toBe("a.example.com");
  });

  for (const [name, target, reason] of [
    ["a Service that is not there", { group: "", kind: "Service", name: "gone" }, "TargetNotFound"],
    ["a port that the Service has not", { group: "", kind: "Service", name: "db", sectionName: "x" }, "TargetNotFound"],
    ["another kind", { group: "", kind: "Pod", name: "db" }, "Invalid"],
    ["a Service of another group", { group: "example.com", kind: "Service", name: "db" }, "Invalid"],
    ["a Gateway", { group: "gateway.networking.k8s.io", kind: "Gateway", name: "front" }, "Invalid"],
  ] as const) {
    test(`for ${name} is not accepted, and changes nothing`, async () => {
      const { found, tls: spoken } = await upstream(service("db") + backendTls("p", [target], BY_CA));
      expect(found.compiled.plan.pools).toHaveLength(1);
      expect(spoken).toBeUndefined();
      const [conditions] = Object.values(ancestorsOf(found, "BackendTLSPolicy", "p"));
      expect(conditions).toMatchObject({ Accepted: `False/${reason}` });
      expect(found.said).toHaveLength(1);
    });
  }

  test("with a good and a bad target of one Gateway shows what is wrong", async () => {
    const bad = { group: "", kind: "Service", name: "db", sectionName: "x" };
    const good = { group: "", kind: "Service", name: "db", sectionName: "pg" };
    const db = service("db", { ports: [{ name: "pg", port: 5432 }] });
    const { found } = await upstream(db + backendTls("p", [good, bad], BY_CA));
    expect(ancestorsOf(found, "BackendTLSPolicy", "p")["Gateway/front"]).toMatchObject({
      Accepted: "False/TargetNotFound",
    });
  });

  test("of another namespace says nothing of a Service", async () => {
    const { tls: spoken } = await upstream(
      service("db") + backendTls("other/p", ["db"], { wellKnownCACertificates: "System" }),
    );
    expect(spoken).toBeUndefined();
  });

  test("is not for TLS that passes through", async () => {
    const text = gateway("front", [tls("a", 443)]) + tlsRoute("r", ["front"], ["a.example.com"]) + service("db");
    const found = await translateManifests(text + backendTls("p", ["db"], byName("gone")));
    expect(found.compiled.plan.pools[0]).not.toHaveProperty("upstreamTls");
    expect(found.compiled.plan.pools).toHaveLength(1);
  });

  test("whose document has mistakes speaks to no backend that it names", async () => {
    const text = service("db") + broken([{ group: "", kind: "Service", name: "db" }]);
    expect((await upstream(text, { mayBreak: true })).refused).toBe(
      'BackendTLSPolicy "default/p" in test.yaml has mistakes',
    );
  });

  test("whose targets cannot be read speaks to no backend of its namespace", async () => {
    const { found, refused } = await upstream(service("db") + broken([{ kind: "Service" }]), { mayBreak: true });
    expect(refused).toContain("has mistakes");
    expect(found.compiled.plan.pools).toEqual([]);
  });

  test("names for the certificate besides the host name are handed on, a star being one label", async () => {
    const subjectAltNames = [
      { type: "Hostname", hostname: "*.db.example.com" },
      { type: "URI", uri: "spiffe://x/db" },
    ];
    const { found } = await upstream(service("db") + backendTls("p", ["db"], { ...BY_CA, subjectAltNames }));
    expect(found.routes[0]?.pools[0]?.spec.upstreamTls).toMatchObject({
      serverName: "db.example.com",
      subjectAltNames: { dnsNames: [{ name: "db.example.com", wildcard: "one-label" }], uris: ["spiffe://x/db"] },
    });
  });
});
