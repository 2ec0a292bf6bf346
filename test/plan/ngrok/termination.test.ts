// TLS of clients that ends at an endpoint: by what the endpoint says itself or by its policy, with which certificate, and every reason
// for which nobody is let in instead.

import { describe, expect, test } from "bun:test";
import {
  agent,
  caSecret,
  cloud,
  forwardTo,
  inline,
  named,
  reached,
  readiness,
  terminateTls,
  tlsSecret,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { secret } from "../../support/gateway-documents.ts";
import { tlsPem } from "../../support/tls-client.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

type Spec = Readonly<Record<string, unknown>>;

const URL = "tls://one.example:7000";
const UP = "tcp://10.0.0.1:5432";
const CERTIFICATE = { serverCertificateRef: { name: "cert" } };

/** What becomes of the TLS of an endpoint's clients. */
async function ended(rest: Spec, others = "", url = URL, mayBreak = false) {
  const translated = await translateManifests(agent("a", url, UP, rest) + others, { mayBreak });
  const [route] = translated.compiled.plan.routes;
  const ready = readiness(translated.status("AgentEndpoint", "a"));
  return {
    tls: route?.tls,
    to: reached(translated, "agentendpoint/default/a"),
    ready,
    said: translated.said,
    translated,
  };
}

describe("tlsTermination", () => {
  test("ends TLS with the certificate of a Secret", async () => {
    const found = await ended({ tlsTermination: CERTIFICATE }, tlsSecret("cert"));
    expect(found.tls).toMatchObject({ mode: "terminate", minVersion: "1.2", alpn: [] });
    expect(found.tls).not.toContainKey("clientAuth");
    expect(found).toMatchObject({ to: ["10.0.0.1:5432"], ready: "True EndpointActive", said: [] });
  });

  test.each(["require", "request"] as const)("asks clients for a certificate, which mode %s does", async (mode) => {
    const tlsTermination = { ...CERTIFICATE, mutualTLS: { clientCAsRef: { name: "ca" }, mode } };
    const found = await ended({ tlsTermination }, tlsSecret("cert") + caSecret("ca"));
    expect(found.tls).toMatchObject({ clientAuth: { mode, allow: [], trust: { ca: [tlsPem("ca.pem")] } } });
  });

  test.each<[string, string]>([
    ["is not there", ""],
    ["has no key", secret("cert", { "tls.crt": tlsPem("one.pem") })],
    ["has a key of another one", secret("cert", { "tls.crt": tlsPem("one.pem"), "tls.key": tlsPem("two.key") })],
    ["is in another namespace", tlsSecret("other/cert")],
  ])("lets nobody in when the certificate %s", async (_why, others) => {
    const found = await ended({ tlsTermination: CERTIFICATE }, others);
    expect(found.ready).toStartWith("False ConfigurationError: ");
    expect(found.ready).toContain("cert");
    expect(found.tls).toEqual({ mode: "passthrough" });
    expect(found.to).toBeString();
    expect(found.said).toHaveLength(1);
  });

  test("lets nobody in when the authorities are not there", async () => {
    const tlsTermination = { ...CERTIFICATE, mutualTLS: { clientCAsRef: { name: "ca" } } };
    const found = await ended({ tlsTermination }, tlsSecret("cert"));
    expect(found.ready).toStartWith("False ConfigurationError: ");
    expect(found.to).toBeString();
  });

  test("and terminate-tls in the policy are one too many: the weaker one could win", async () => {
    const tlsTermination = { ...CERTIFICATE, mutualTLS: { clientCAsRef: { name: "ca" } } };
    const both = { tlsTermination, ...inline(terminateTls("two")) };
    const found = await ended(both, tlsSecret("cert") + caSecret("ca"));
    expect(found.ready).toBe(
      'False ConfigurationError: TLS ends once: leave out "tlsTermination", or "terminate-tls" in the policy',
    );
    expect(found.to).toBeString();
  });
});

describe("terminate-tls in a policy", () => {
  test("ends TLS with the certificate in it, for whoever has the policy", async () => {
    const found = await ended(inline(terminateTls("one", { min_version: "1.3" })));
    expect(found.tls).toMatchObject({ mode: "terminate", minVersion: "1.3" });
    expect(found).toMatchObject({ to: ["10.0.0.1:5432"], ready: "True EndpointActive" });
    const front = cloud("c", URL, inline(terminateTls(), forwardTo("tls://a.internal:1")));
    const { compiled } = await translateManifests(front);
    expect(compiled.plan.routes[0]?.tls).toMatchObject({ mode: "terminate", minVersion: "1.2" });
  });

  test("asks clients for certificates as its strategy says", async () => {
    const cas = { mutual_tls_certificate_authorities: [tlsPem("ca.pem")] };
    const mode = async (more: Spec) => {
      const { tls } = await ended(inline(terminateTls("one", { ...cas, ...more })));
      return tls?.mode === "terminate" ? tls.clientAuth?.mode : undefined;
    };
    expect(await mode({})).toBe("require");
    expect(await mode({ mutual_tls_verification_strategy: "require-and-verify" })).toBe("require");
    expect(await mode({ mutual_tls_verification_strategy: "request" })).toBe("request");
  });

  const cas = { mutual_tls_certificate_authorities: [tlsPem("ca.pem")] };
  test.each<[string, Spec]>([
    [
      "has no certificate",
      { trafficPolicy: { inline: { on_tcp_connect: [{ actions: [{ type: "terminate-tls" }] }] } } },
    ],
    ["has a certificate of each client's", inline(terminateTls("one", { server_certificate: "${conn.tls.sni}" }))],
    ["has a key of each client's", inline(terminateTls("one", { server_private_key: "${conn.tls.sni}" }))],
    ["keeps clients from TLS 1.3", inline(terminateTls("one", { max_version: "1.2" }))],
    [
      "believes any certificate",
      inline(terminateTls("one", { ...cas, mutual_tls_verification_strategy: "require-any" })),
    ],
    ["has the key of another certificate", inline(terminateTls("one", { server_private_key: tlsPem("two.key") }))],
    [
      "has authorities that are none",
      inline(
        terminateTls("one", {
          mutual_tls_certificate_authorities: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
        }),
      ),
    ],
    [
      "is for some clients",
      {
        trafficPolicy: {
          inline: { on_tcp_connect: [{ expressions: ["conn.client_port > 1024"], actions: [terminateTls()] }] },
        },
      },
    ],
    ["is there twice", inline(terminateTls("one"), terminateTls("two"))],
  ])("lets nobody in when it %s", async (_why, rest) => {
    const found = await ended(rest);
    expect(found.ready).toStartWith("False ConfigurationError: ");
    expect(found.tls).toEqual({ mode: "passthrough" });
    expect(found.to).toBeString();
    expect(found.said).toHaveLength(1);
    expect(found.ready).not.toContain("PRIVATE KEY");
  });

  test("is of no use inside, where clients come as somebody else got them", async () => {
    const found = await ended(inline(terminateTls()), "", "tls://a.internal:7000");
    expect(found.ready).toStartWith("False ConfigurationError: TLS can end at a public endpoint only");
    const own = await ended({ tlsTermination: CERTIFICATE }, tlsSecret("cert"), "tls://a.internal:7000");
    expect(own.ready).toStartWith("False ConfigurationError: TLS can end at a public endpoint only");
  });

  test("is refused at tcp://, whose clients nobody listens to", async () => {
    const others = trafficPolicy("p", { on_tcp_connect: [{ actions: [terminateTls()] }] });
    const found = await ended(named("p"), others, "tcp://127.0.0.1:7000");
    expect(found.ready).toContain("(ERR_NGROK_2205)");
    expect(found.to).toBeString();
  });

  test("that is wrong is told where it is written, and its key is not", async () => {
    const wrong = terminateTls("one", { server_private_key: tlsPem("two.key") });
    const others = trafficPolicy("p", { on_tcp_connect: [{ actions: [wrong] }] });
    const found = await ended(named("p"), others);
    expect(found.ready).toContain("no usable certificate");
    const column = others.split("\n")[1]?.lastIndexOf('"-----BEGIN') ?? 0;
    expect(found.translated.ofCertificates).toEqual([`4:${column + 1}: tls/key-mismatch`]);
    expect(JSON.stringify(found.translated.messages)).not.toContain("BEGIN");
  });
});

test("an endpoint with tls:// alone lets TLS through, by its name", async () => {
  const found = await ended({});
  expect(found).toMatchObject({ tls: { mode: "passthrough" }, to: ["10.0.0.1:5432"] });
  expect(found.translated.compiled.plan.routes[0]?.hostnames).toEqual(["one.example"]);
});
