// Nulls where endpoints say whom they let in: a template that lost a value must not open what it was to close without a word.

import { expect, test } from "bun:test";

import { manifest } from "../support/gateway-documents.ts";
import { pemOf, secretDataOf } from "../support/pem.ts";
import { translateManifests } from "../support/translate-manifests.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";

function base64(texts: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
}

const SECRETS =
  manifest("v1", "Secret", "own", { type: "kubernetes.io/tls", data: base64(secretDataOf("names")) }) +
  manifest("v1", "Secret", "clients", { type: "Opaque", data: base64({ "ca.crt": pemOf("root.pem") }) });

const SERVER = { serverCertificateRef: { name: "own" } };

test.each([
  ["trafficPolicy", { trafficPolicy: null }],
  ["tlsTermination.mutualTLS", { tlsTermination: { ...SERVER, mutualTLS: null } }],
  [
    "tlsTermination.mutualTLS.mode",
    { tlsTermination: { ...SERVER, mutualTLS: { clientCAsRef: { name: "clients" }, mode: null } } },
  ],
])("null as %s lets nobody in without asking", async (_, spec) => {
  const written = { url: "tls://upper.example.com", upstream: { url: "tcp://127.0.0.1:1" }, ...spec };
  const { compiled } = await translateManifests(SECRETS + manifest(API, "AgentEndpoint", "db", { spec: written }), {
    mayBreak: true,
  });
  const open = compiled.plan.routes.filter(
    ({ pools, policy, tls }) =>
      pools.length > 0 && policy === undefined && (tls?.mode !== "terminate" || tls.clientAuth?.mode !== "require"),
  );
  expect(open.map(({ name }) => name)).toEqual([]);
});
