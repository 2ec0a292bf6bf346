// BackendPolicy, which is sallyport's own: how the endpoints of a Service are chosen, watched and spoken to.

import { expect, test } from "bun:test";
import * as v from "valibot";
import { gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import { backendPolicyText } from "../support/conformance-policies.ts";
import {
  askTcp,
  documents,
  expectAncestors,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  type Place,
  serviceText,
  startEchoServer,
} from "../support/conformance.ts";
import { GREETING } from "../support/echo-server.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";
import { stayingClient, visitFrom } from "../support/policy-scene.ts";

const ANCESTOR = [`Gateway ${INFRA}/front`, "Accepted=True/Accepted"] as const;
const Backends = v.object({ items: v.array(v.looseObject({ backend: v.string(), state: v.string() })) });

/** A Service with two endpoints, on ports of their own, before which a Gateway listens on 9300. */
async function startPair(files: Readonly<Record<string, string>>) {
  await using stack = new AsyncDisposableStack();
  const pods = await Promise.all(
    ["pod-a", "pod-b"].map((pod) => startEchoServer({ namespace: INFRA, service: "pair", pod })),
  );
  for (const pod of pods) stack.use(pod);
  const host = loopbackHost();
  const gateway = stack.use(
    await ManifestGateway.start({
      "base.yaml": documents(
        NAMESPACES,
        serviceText(INFRA, "pair"),
        ...pods.map(({ port }, index) => sliceOf(`pair-${index}`, port)),
      ),
      "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9300)),
      "route.yaml": tcpRouteText("route", { parents: "{name: front}", backends: "{name: pair, port: 3000}" }),
      ...files,
    }),
  );
  const rest = stack.move();
  const [a, b] = pods;
  if (a === undefined || b === undefined) throw new Error("There are two");
  return { gateway, place: { host, port: 9300 }, a, b, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

function sliceOf(name: string, port: number): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: ${INFRA}, name: ${name}, labels: {kubernetes.io/service-name: pair}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: tcp, port: ${port}}]
`;
}

/** How many visits each endpoint has. */
async function shares(place: Place, visits: number): Promise<readonly number[]> {
  const counts = new Map<string, number>();
  for (let visit = 0; visit < visits; visit++) {
    const { pod } = await askTcp(place);
    counts.set(pod, (counts.get(pod) ?? 0) + 1);
  }
  return Array.from(counts.values()).toSorted((one, other) => one - other);
}

test("balance says which endpoint a client gets, and can change", async () => {
  await using scene = await startPair({
    "policy.yaml": backendPolicyText("balanced", "pair", "balance: source-hash"),
  });
  const { gateway, place } = scene;
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/balanced`, ANCESTOR);
  expect(await shares(place, 10)).toEqual([10]);
  await gateway.apply("policy.yaml", backendPolicyText("balanced", "pair#tcp", "balance: round-robin"));
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/balanced`, ANCESTOR);
  expect(await shares(place, 10)).toEqual([5, 5]);
  // A policy of another port is not meant.
  await gateway.apply("policy.yaml", backendPolicyText("balanced", "pair#tls", "balance: source-hash"));
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/balanced`, ANCESTOR);
  expect(await shares(place, 10)).toEqual([5, 5]);
});

test("health checks find an endpoint that is gone, and its clients go to the other one", async () => {
  await using scene = await startPair({
    "policy.yaml": backendPolicyText("watched", "pair", "health: {interval: 100ms, rise: 1, fall: 1}"),
  });
  const { gateway, place, a, b } = scene;
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/watched`, ANCESTOR);
  const stateOf = async (port: number): Promise<string | undefined> => {
    const { items } = v.parse(Backends, await (await gateway.ask("GET", "/api/v1/backends")).json());
    return items.find(({ backend }) => backend === `127.0.0.1:${port}`)?.state;
  };
  await eventually(async () => (await stateOf(a.port)) === "up" && (await stateOf(b.port)) === "up");
  await a[Symbol.asyncDispose]();
  await eventually(async () => (await stateOf(a.port)) === "down");
  expect(await stateOf(b.port)).toBe("up");
  const answers = await Promise.all(Array.from({ length: 6 }, () => askTcp(place)));
  expect(answers.map(({ pod }) => pod)).toEqual(Array.from({ length: 6 }, () => "pod-b"));
});

test.each([1, 2])("PROXY headers of version %d tell endpoints who the client is", async (version) => {
  await using scene = await startPair({
    "policy.yaml": backendPolicyText("told", "pair", `proxyProtocol: {send: ${version}}`),
  });
  const { gateway, place } = scene;
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/told`, ANCESTOR);
  await using client = await Peer.connect({ ...place, localAddress: "127.0.0.5" });
  await client.send("done\n");
  // The endpoint says again whatever it does not know.
  await client.until(() => client.text.endsWith("done\n") || client.ending !== undefined);
  const heard = client.text.slice(GREETING.length);
  if (version === 1) {
    expect(heard).toBe(`PROXY TCP4 127.0.0.5 ${place.host} ${client.socket.localPort} 9300\ndone\n`);
  } else {
    // The end of its signature, then TCP over IPv4 and where the client is.
    const [, block = ""] = heard.split("QUIT\n");
    const command = String.fromCharCode(0x21, 0x11, 0);
    expect(block).toStartWith(command);
    expect(block.slice(command.length + 1)).toStartWith(String.fromCharCode(127, 0, 0, 5));
  }
});

test("maxConnections holds for each endpoint, and who is too many waits for one to end", async () => {
  await using scene = await startPair({
    "policy.yaml": backendPolicyText("capped", "pair", "maxConnections: 1"),
  });
  const { gateway, place, a, b } = scene;
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/capped`, ANCESTOR);
  const first = await stayingClient(place);
  await using _second = await stayingClient(place);
  expect([a.accepted, b.accepted]).toEqual([1, 1]);
  const third = visitFrom(place);
  await eventually(async () => {
    const answer = await (await gateway.ask("GET", "/api/v1/connections?limit=10")).json();
    return v.parse(v.object({ items: v.array(v.unknown()) }), answer).items.length === 3;
  });
  expect(a.accepted + b.accepted).toBe(2);
  first.reset();
  expect(await third).toBe("served");
});
