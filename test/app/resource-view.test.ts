import { expect, test } from "bun:test";
import { toResourceObject } from "../../src/app/resource-view.ts";
import { parseCidr } from "../../src/base/ip.ts";
import type { Endpoints, EndpointSlice, Namespace } from "../../src/resource/manifest/core.ts";
import type { ListenerPolicy } from "../../src/resource/manifest/policy.ts";
import { configMap, metaOf, originAt, secret, service, tcpRoute } from "../support/manifests.ts";

const RECORD = { generation: 3, creationTimestamp: "2026-01-02T12:00:00Z" };
const META = {
  name: "a",
  namespace: "default",
  ...RECORD,
  annotations: { "sallyport.dev/source": "routes/route.yaml:1" },
};

test("an object has the shape that kubectl gives it, with the place where it is written", () => {
  const route = tcpRoute({ name: "a" });
  const status = { parents: [] };
  const object = toResourceObject(route, RECORD, status);
  expect(object).toEqual({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "TCPRoute",
    metadata: META,
    spec: route.spec,
    status,
  });
  expect(Object.keys(object)).toEqual(["apiVersion", "kind", "metadata", "spec", "status"]);
  expect(toResourceObject(route, RECORD, undefined)).not.toContainKey("status");
});

test("labels and annotations are shown, but for what kubectl leaves behind", () => {
  const annotations = {
    "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}',
    "sallyport.dev/source": "somewhere else",
    owner: "team",
  };
  const { metadata } = toResourceObject(service({ name: "a", labels: { app: "x" }, annotations }), RECORD, undefined);
  expect(metadata.labels).toEqual({ app: "x" });
  expect(metadata.annotations).toEqual({ owner: "team", "sallyport.dev/source": "routes/service.yaml:1" });
});

test("a Secret shows its keys and how long their values are", () => {
  const object = toResourceObject(secret({ name: "a" }, { "tls.key": "hunter2", "tls.crt": "" }), RECORD, undefined);
  expect(object).toMatchObject({
    kind: "Secret",
    type: "Opaque",
    data: { "tls.key": "<hidden: 7 bytes>", "tls.crt": "<hidden: 0 bytes>" },
  });
  expect(object).not.toContainKey("spec");
  expect(JSON.stringify(object)).not.toContain("hunter2");
});

test("and none of its annotations, in which others leave what is in it", () => {
  const annotations = { "kapp.k14s.io/original": '{"stringData":{"password":"hunter2"}}' };
  const { metadata } = toResourceObject(secret({ name: "a", annotations }, {}), RECORD, undefined);
  expect(Object.keys(metadata.annotations ?? {})).toEqual(["sallyport.dev/source"]);
});

test("a private key is cut out of whatever it was put into", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----";
  const objects = [
    configMap({ name: "a" }, { key }),
    service({ name: "a", annotations: { note: key } }),
    tcpRoute({ name: "a" }, { rules: [{ name: key, backendRefs: [] }] }),
  ];
  for (const object of objects) {
    const text = JSON.stringify(toResourceObject(object, RECORD, undefined));
    expect(text).toContain("BEGIN PRIVATE KEY");
    expect(text).not.toContain("MIGHAgEAMBMG");
  }
});

test("kinds without a spec say what they say at the top", () => {
  const base = { apiVersion: "v1", metadata: metaOf({ name: "a" }), origin: originAt("a.yaml") };
  const endpointPorts = [{ name: "pg", port: 5432, protocol: "TCP" }];
  const slice: EndpointSlice = {
    ...base,
    kind: "EndpointSlice",
    spec: { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: endpointPorts },
  };
  expect(toResourceObject(slice, RECORD, undefined)).toMatchObject({
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ports: endpointPorts,
  });
  const subsets = [{ addresses: ["10.0.0.1"], notReadyAddresses: [], ports: endpointPorts }];
  const endpoints: Endpoints = { ...base, kind: "Endpoints", spec: { subsets } };
  expect(toResourceObject(endpoints, RECORD, undefined)).toMatchObject({ subsets });
  const namespace: Namespace = {
    ...base,
    kind: "Namespace",
    metadata: metaOf({ name: "a", namespace: "" }),
    spec: {},
  };
  const shown = toResourceObject(namespace, RECORD, undefined);
  expect(Object.keys(shown)).toEqual(["apiVersion", "kind", "metadata"]);
  expect(shown.metadata).not.toContainKey("namespace");
});

test("prefixes and bytes of a policy are texts", () => {
  const allow = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"].flatMap((text) => parseCidr(text) ?? []);
  const policy: ListenerPolicy = {
    kind: "ListenerPolicy",
    apiVersion: "sallyport.dev/v1alpha1",
    metadata: metaOf({ name: "a" }),
    spec: { targetRefs: [], allow },
    origin: originAt("a.yaml"),
  };
  const { spec } = toResourceObject(policy, RECORD, undefined);
  expect(spec).toEqual({ targetRefs: [], allow: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"] });
});
