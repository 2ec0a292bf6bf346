// What endpoints ask of their clients' certificates, where it is written twice: never less than any of it, or nobody is let in.

import { Buffer } from "node:buffer";
import { describe, expect, test } from "bun:test";

import { manifest } from "../support/gateway-documents.ts";
import { pemOf, secretDataOf } from "../support/pem.ts";
import { translateManifests } from "../support/translate-manifests.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";
const IDENTITY = secretDataOf("names");

function secret(name: string, type: string, data: Readonly<Record<string, string>>): string {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return manifest("v1", "Secret", name, { type, data: Object.fromEntries(encoded) });
}

const SECRETS =
  secret("own", "kubernetes.io/tls", IDENTITY) + secret("clients", "Opaque", { "ca.crt": pemOf("root.pem") });

function terminate(more: object = {}) {
  const config = { server_certificate: IDENTITY["tls.crt"], server_private_key: IDENTITY["tls.key"], ...more };
  return { actions: [{ type: "terminate-tls", config }] };
}

const VERIFIED = terminate({ mutual_tls_certificate_authorities: [pemOf("root.pem")] });
const TERMINATION = {
  serverCertificateRef: { name: "own" },
  mutualTLS: { clientCAsRef: { name: "clients" }, mode: "require" },
};

/** What becomes of a client that shows no certificate. */
async function withoutCertificate(spec: object): Promise<"verified" | "nobody" | "let in"> {
  const written = { url: "tls://upper.example.com", upstream: { url: "tcp://127.0.0.1:1" }, ...spec };
  const { compiled } = await translateManifests(SECRETS + manifest(API, "AgentEndpoint", "db", { spec: written }), {
    mayBreak: true,
  });
  const [route] = compiled.plan.routes;
  if (route === undefined || route.pools.length === 0) return "nobody";
  return route.tls?.mode === "terminate" && route.tls.clientAuth?.mode === "require" ? "verified" : "let in";
}

function rules(...list: readonly object[]) {
  return { trafficPolicy: { inline: { on_tcp_connect: list } } };
}

describe("an endpoint whose clients need a certificate", () => {
  test("by its own tlsTermination verifies them", async () => {
    expect(await withoutCertificate({ tlsTermination: TERMINATION })).toBe("verified");
  });

  test("by its policy verifies them", async () => {
    expect(await withoutCertificate(rules(VERIFIED))).toBe("verified");
  });

  test("by its own tlsTermination lets nobody in without, although its policy ends TLS too and asks for none", async () => {
    expect(await withoutCertificate({ tlsTermination: TERMINATION, ...rules(terminate()) })).not.toBe("let in");
  });

  test("by one of two terminate-tls of its policy lets nobody in without, whichever comes first", async () => {
    expect(await withoutCertificate(rules(VERIFIED, terminate()))).not.toBe("let in");
    expect(await withoutCertificate(rules(terminate(), VERIFIED))).not.toBe("let in");
  });

  test("and TLS 1.3 has that version, if one of two terminate-tls of its policy says so", async () => {
    const { compiled } = await translateManifests(
      manifest(API, "AgentEndpoint", "db", {
        spec: {
          url: "tls://upper.example.com",
          upstream: { url: "tcp://127.0.0.1:1" },
          ...rules(terminate(), terminate({ min_version: "1.3" })),
        },
      }),
      { mayBreak: true },
    );
    const [route] = compiled.plan.routes;
    const isOpen = route !== undefined && route.pools.length > 0;
    const minVersion = route?.tls?.mode === "terminate" ? route.tls.minVersion : undefined;
    expect(isOpen ? minVersion : "1.3").toBe("1.3");
  });
});
