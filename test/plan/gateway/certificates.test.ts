import { afterAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { makeAuthority } from "../../support/authority.ts";
import {
  conditionsOf,
  configMap,
  gateway,
  listenerOf,
  secret,
  service,
  backendTls,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { chooseRoutes } from "../../support/choose-route.ts";
import { pemOf, secretDataOf } from "../../support/pem.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const authority = await makeAuthority();
afterAll(() => authority[Symbol.asyncDispose]());

async function issue(name: string, ...names: string[]): Promise<string> {
  const { certificate, key } = await authority.server(...names);
  return secret(name, { "tls.crt": await readFile(certificate, "utf8"), "tls.key": await readFile(key, "utf8") });
}

const GOOD = secret("good", secretDataOf("names"));
const CA = configMap("ca", { "ca.crt": pemOf("root.pem") });
const ROUTE = service("db") + tlsRoute("r", ["front"], ["*.example.com"]);

describe("certificateRefs of a listener that ends TLS", () => {
  const table: readonly [string, object, string, string][] = [
    ["that is not there", { name: "gone" }, "", 'There is no Secret "default/gone"'],
    [
      "of another kind",
      { kind: "ConfigMap", name: "ca" },
      CA,
      'A reference to ConfigMap "ca" cannot be used: wanted is a Secret',
    ],
    [
      "of another group",
      { group: "example.com", name: "good" },
      GOOD,
      'A reference to Secret of group "example.com" "good" cannot be used: wanted is a Secret',
    ],
    [
      "without a key",
      { name: "half" },
      secret("half", { "tls.crt": pemOf("names.pem") }),
      'Secret "default/half" has no usable certificate',
    ],
    [
      "that is no PEM",
      { name: "bad" },
      secret("bad", { "tls.crt": "hello", "tls.key": "hello" }),
      'Secret "default/bad" has no usable certificate',
    ],
    [
      "whose key is another one's",
      { name: "mix" },
      secret("mix", { "tls.crt": pemOf("names.pem"), "tls.key": pemOf("other.key") }),
      'Secret "default/mix" has no usable certificate',
    ],
  ];
  for (const [name, reference, text, message] of table) {
    test(`${name}: clients are refused, and the log says which`, async () => {
      const listener = tls("a", 443, "*.example.com", { tls: { certificateRefs: [reference] } });
      const wide = tls("wide", 443);
      const found = await translateManifests(gateway("front", [listener, wide]) + text + ROUTE);
      expect(listenerOf(found, "front", "a")).toMatchObject({
        Accepted: "True/Accepted",
        ResolvedRefs: "False/InvalidCertificateRef",
        Programmed: "False/Invalid",
        routes: 1,
      });
      expect(conditionsOf(found, "Gateway", "front")).toMatchObject({
        Accepted: "True/Accepted",
        Programmed: "True/Programmed",
        ResolvedRefs: "False/ListenersNotResolved",
      });
      const [front] = found.compiled.plan.listeners;
      if (front === undefined) throw new Error("Nobody listens");
      // The listener for every name does not get them, although the route is attached to it too.
      expect(chooseRoutes(front, { address: "127.0.0.1", tls: { name: "a.example.com" } })).toEqual([
        "listener/default/front/a",
      ]);
      expect(found.refused.get("listener/default/front/a")).toContain(message);
      expect(found.messages.filter((each) => each.includes("gateway/"))).toHaveLength(1);
    });
  }

  test("all that are wrong are told at once; what is good is shown", async () => {
    const listener = terminating("a", 443, "*.example.com", "gone", "good", "lost");
    const found = await translateManifests(gateway("front", [listener]) + GOOD + ROUTE);
    expect(listenerOf(found, "front", "a")).toMatchObject({
      ResolvedRefs: "False/InvalidCertificateRef",
      Programmed: "True/Programmed",
    });
    expect(found.said.filter((each) => each.includes("invalid-certificate-ref"))).toHaveLength(2);
    expect(found.routes.map(({ name, tls: spec }) => [name, spec?.mode])).toEqual([
      ["tlsroute/default/r@default/front/a", "terminate"],
    ]);
  });

  test("none, but options: there is nothing to show", async () => {
    const listener = tls("a", 443, "a.example.com", { tls: { options: { "sallyport.dev/alpn": "postgresql" } } });
    const found = await translateManifests(gateway("front", [listener]));
    expect(listenerOf(found, "front", "a")).toMatchObject({
      ResolvedRefs: "False/InvalidCertificateRef",
      Programmed: "False/Invalid",
    });
  });

  test("of HTTPS are judged too", async () => {
    const https = {
      ...tls("a", 443, "a.example.com", { tls: { certificateRefs: [{ name: "gone" }] } }),
      protocol: "HTTPS",
    };
    const found = await translateManifests(gateway("front", [https]));
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "False/UnsupportedProtocol",
      ResolvedRefs: "False/InvalidCertificateRef",
    });
  });

  // What would be the same without it is claimed by no name of its own: another Gateway may have that.
  test("of several the client is shown the one that has its name most closely", async () => {
    const secrets = [
      await issue("first", "one.test"),
      await issue("star", "*.example.com"),
      await issue("exact", "a.example.com"),
    ];
    const listener = terminating("l", 443, undefined, "first", "star", "exact");
    const text =
      gateway("front", [listener]) +
      secrets.join("") +
      service("db") +
      tlsRoute("r", ["front"], ["*.example.com", "*.test"]);
    const found = await translateManifests(text);
    expect(found.compiled.diagnostics).toEqual([]);
    expect(found.compiled.plan.routes.map(({ name, hostnames }) => [name.split("@")[1], hostnames])).toEqual([
      ["default/front/l#1", ["*.example.com"]],
      ["default/front/l", ["*.test"]],
      ["default/front/l#2", ["a.example.com"]],
      [undefined, undefined],
    ]);
  });

  test("a certificate's name is not taken from a closer listener", async () => {
    const secrets = [await issue("first", "one.test"), await issue("second", "a.example.com")];
    const listeners = [terminating("l", 443, "*.example.com", "first", "second"), tls("closer", 443, "a.example.com")];
    const found = await translateManifests(gateway("front", listeners) + secrets.join("") + ROUTE);
    expect(found.compiled.diagnostics).toEqual([]);
    const [front] = found.compiled.plan.listeners;
    if (front === undefined) throw new Error("Nobody listens");
    const chosen = chooseRoutes(front, { address: "127.0.0.1", tls: { name: "a.example.com" } });
    expect(chosen).toEqual(["tlsroute/default/r@default/front/closer"]);
  });
});

const withOptions = (options: object) => {
  const listener = tls("a", 443, "*.example.com", { tls: { certificateRefs: [{ name: "good" }], options } });
  return translateManifests(gateway("front", [listener]) + GOOD + ROUTE);
};

describe("options of a listener", () => {
  test("of others are left to them", async () => {
    const found = await withOptions({ "example.com/min-tls-version": "9" });
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "True/Programmed" });
    expect(found.said).toEqual([]);
  });

  test("say versions and protocols", async () => {
    const found = await withOptions({ "sallyport.dev/min-tls-version": "1.3", "sallyport.dev/alpn": "postgresql, h2" });
    expect(found.routes[0]?.tls).toMatchObject({ minVersion: "1.3", alpn: ["postgresql", "h2"] });
  });

  for (const [option, value] of [
    ["sallyport.dev/min-tls-version", "1.1"],
    ["sallyport.dev/alpn", "a,,b"],
    ["sallyport.dev/min-tls-versoin", "1.3"],
  ] as const) {
    test(`${option} cannot be ${value}: nobody is let in`, async () => {
      const found = await withOptions({ [option]: value });
      expect(listenerOf(found, "front", "a")).toMatchObject({
        Accepted: "False/UnsupportedValue",
        Programmed: "False/Invalid",
      });
      expect([...found.refused.keys()]).toEqual(["listener/default/front/a"]);
      expect(found.said).toEqual(["2: gateway/unsupported-value"]);
    });
  }
});

const ref = (name: string, kind = "ConfigMap") => ({ group: "", kind, name });

const withFrontend = (frontend: object) =>
  translateManifests(
    gateway(
      "front",
      [terminating("a", 443, "*.example.com", "good"), terminating("b", 444, "*.example.com", "good"), tls("p", 445)],
      { tls: { frontend } },
    ) +
      GOOD +
      CA +
      configMap("bad", { "ca.crt": "hello" }) +
      configMap("empty", { other: "" }) +
      secret("s", { "ca.crt": pemOf("root.pem") }) +
      ROUTE,
  );

const validation = (name: string, rest: object = {}) => ({ validation: { caCertificateRefs: [ref(name)], ...rest } });

const authOf = (found: Awaited<ReturnType<typeof withFrontend>>, listener: string) => {
  const spec = found.routes.find(({ name }) => name.endsWith(`@default/front/${listener}`))?.tls;
  return spec?.mode === "terminate" ? (spec.clientAuth?.mode ?? "none") : "closed";
};

describe("authorities of clients (tls.frontend)", () => {
  test("count for all ports", async () => {
    const found = await withFrontend({ default: validation("ca") });
    expect([authOf(found, "a"), authOf(found, "b")]).toEqual(["require", "require"]);
    expect(found.said).toEqual([]);
    expect(conditionsOf(found, "Gateway", "front")).not.toHaveProperty("InsecureFrontendValidationMode");
  });

  test("of a port come before those of all", async () => {
    const found = await withFrontend({ default: validation("gone"), perPort: [{ port: 443, tls: validation("ca") }] });
    expect([authOf(found, "a"), authOf(found, "b")]).toEqual(["require", "closed"]);
  });

  test("of a port that says nothing are none", async () => {
    const found = await withFrontend({ default: validation("ca"), perPort: [{ port: 443, tls: {} }] });
    expect([authOf(found, "a"), authOf(found, "b")]).toEqual(["none", "require"]);
  });

  test("may be in a Secret", async () => {
    const found = await withFrontend({ default: { validation: { caCertificateRefs: [ref("s", "Secret")] } } });
    expect(authOf(found, "a")).toBe("require");
  });

  test("AllowInsecureFallback lets everybody in, and says so", async () => {
    const found = await withFrontend({ default: validation("ca", { mode: "AllowInsecureFallback" }) });
    expect(authOf(found, "a")).toBe("none");
    expect(conditionsOf(found, "Gateway", "front")).toMatchObject({
      InsecureFrontendValidationMode: "True/ConfigurationChanged",
    });
  });

  test("that can be used count although others cannot", async () => {
    const found = await withFrontend({ default: { validation: { caCertificateRefs: [ref("gone"), ref("ca")] } } });
    expect(authOf(found, "a")).toBe("require");
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "True/Accepted",
      ResolvedRefs: "False/InvalidCACertificateRef",
    });
  });

  for (const [name, reference, reason] of [
    ["that are not there", ref("gone"), "InvalidCACertificateRef"],
    ["that are no PEM", ref("bad"), "InvalidCACertificateRef"],
    ["without ca.crt", ref("empty"), "InvalidCACertificateRef"],
    ["of another kind", ref("ca", "Service"), "InvalidCACertificateKind"],
  ] as const) {
    test(`${name} let nobody in`, async () => {
      const found = await withFrontend({ default: { validation: { caCertificateRefs: [reference] } } });
      expect(listenerOf(found, "front", "a")).toMatchObject({
        Accepted: "False/NoValidCACertificate",
        ResolvedRefs: `False/${reason}`,
        Programmed: "False/Invalid",
      });
      expect(authOf(found, "a")).toBe("closed");
      // What passes through is not asked for certificates.
      expect(listenerOf(found, "front", "p")).toMatchObject({
        Accepted: "True/Accepted",
        ResolvedRefs: "True/ResolvedRefs",
      });
      expect(found.said.filter((each) => each.includes(" gateway/"))).toHaveLength(1);
    });
  }
});

const withReference = (clientCertificateRef: object) =>
  translateManifests(
    gateway("front", [tcp("a", 5432)], { tls: { backend: { clientCertificateRef } } }) +
      GOOD +
      CA +
      service("db") +
      backendTls("p", ["db"], { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] }) +
      tcpRoute("r", ["front"]),
  );

describe("the certificate that backends are shown (tls.backend)", () => {
  test("is shown where a BackendTLSPolicy wants TLS", async () => {
    const found = await withReference({ name: "good" });
    expect(conditionsOf(found, "Gateway", "front")).toMatchObject({ ResolvedRefs: "True/ResolvedRefs" });
    expect(found.compiled.plan.pools[0]?.upstreamTls?.identity?.certificate).toContain("BEGIN CERTIFICATE");
  });

  for (const [name, reference, reason] of [
    ["not there", { name: "gone" }, "InvalidClientCertificateRef"],
    ["of another kind", { kind: "ConfigMap", name: "ca" }, "InvalidClientCertificateRef"],
    ["not granted", { name: "good", namespace: "certs" }, "RefNotPermitted"],
  ] as const) {
    test(`${name}: the Gateway says so`, async () => {
      const found = await withReference(reference);
      expect(conditionsOf(found, "Gateway", "front")).toMatchObject({
        Accepted: "True/Accepted",
        ResolvedRefs: `False/${reason}`,
      });
      expect(found.said.filter((each) => each.includes(" gateway/"))).toHaveLength(1);
    });
  }
});
