// What files do not have and a cluster keeps: since when an object is there, and how often its spec has changed. Both survive a gateway
// that is killed, so that the oldest route still wins and a status is still about the same generation.

import { expect, test } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  readStatus,
  startEchoServer,
  visitMany,
} from "../support/conformance.ts";

const PORT = 9800;
/** Times have a precision of seconds. */
const SECOND_MS = 1000;

function route(name: string, weight = 1): string {
  return tcpRouteText(name, { parents: "{name: front}", backends: `{name: ${name}, port: 3000, weight: ${weight}}` });
}

/** Resolves when the clock shows another second than it does now. */
async function nextSecond(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, SECOND_MS - (Date.now() % SECOND_MS) + 1);
  await promise;
}

test("the route that was there first wins after a kill too, whatever its name, and whenever its file was written", async () => {
  await using first = await startEchoServer({ namespace: INFRA, service: "z-first" });
  await using second = await startEchoServer({ namespace: INFRA, service: "a-second" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, first.manifests, second.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", PORT)),
    "z.yaml": route("z-first"),
  });
  const place = { host, port: PORT };
  // No timestamp is written: what counts is when the gateway saw it first.
  await nextSecond();
  await gateway.apply("a.yaml", route("a-second"));
  expect(await visitMany(place, 20)).toEqual({ "z-first": 20 });
  const before = await readStatus(gateway, `TCPRoute ${INFRA}/z-first`);

  await gateway.kill();
  // Editors and checkouts write files anew, and in another order.
  await gateway.write("0.yaml", documents(route("a-second"), route("z-first")));
  await gateway.write("a.yaml", "# Moved to 0.yaml\n");
  await gateway.write("z.yaml", "# Moved to 0.yaml\n");
  await gateway.startAgain();
  expect(await visitMany(place, 20)).toEqual({ "z-first": 20 });
  const after = await readStatus(gateway, `TCPRoute ${INFRA}/z-first`);
  expect(after.creationTimestamp).toBe(before.creationTimestamp);
  await expectParents(gateway, `TCPRoute ${INFRA}/a-second`, [
    "Gateway front",
    "Accepted=True/Accepted",
    "sallyport.dev/Serving=False/SupersededByOlderRoute",
  ]);

  // Whoever was away is new when it comes back.
  await gateway.apply("0.yaml", route("a-second"));
  expect(await visitMany(place, 20)).toEqual({ "a-second": 20 });
  await nextSecond();
  await gateway.apply("0.yaml", documents(route("a-second"), route("z-first")));
  expect(await visitMany(place, 20)).toEqual({ "a-second": 20 });
}, 30_000);

test("a generation goes up with the spec alone, and is the same after a kill", async () => {
  const host = loopbackHost();
  const text = (port: number, name = "front"): string => gatewayText(name, { host }, tcpListener("tcp", port));
  const name = `Gateway ${INFRA}/front`;
  await using gateway = await ManifestGateway.start({ "gateway.yaml": text(PORT) });
  const generation = async (): Promise<number> => (await expectConditions(gateway, name, "Programmed=True")).generation;
  expect(await generation()).toBe(1);

  await gateway.apply("gateway.yaml", `# A comment\n${text(PORT)}`);
  await gateway.apply("gateway.yaml", text(PORT).replace("name: front}", "name: front, annotations: {a: b}}"));
  // The same, as JSON would have it and with a default written out.
  await gateway.apply(
    "gateway.yaml",
    text(PORT)
      .replace("protocol: TCP", '"protocol": "TCP"')
      .replace("[{kind: TCPRoute}]", "[{kind: TCPRoute, group: gateway.networking.k8s.io}]"),
  );
  expect(await generation()).toBe(1);

  await gateway.apply("gateway.yaml", text(PORT + 1));
  expect(await generation()).toBe(2);
  await gateway.kill();
  await gateway.startAgain();
  expect(await generation()).toBe(2);

  // Changed while nobody looked.
  await gateway.kill();
  await gateway.write("gateway.yaml", text(PORT + 2));
  await gateway.startAgain();
  expect(await generation()).toBe(3);

  // A document with a mistake is none: the last good one is what the status is about.
  await gateway.apply("gateway.yaml", text(PORT + 3).replace("protocol: TCP", "protocol: 5"));
  expect(await generation()).toBe(3);
  await gateway.apply("gateway.yaml", text(PORT + 3));
  expect(await generation()).toBe(4);
}, 30_000);

test("times of transitions are those of transitions", async () => {
  const host = loopbackHost();
  const text = (port: number): string => gatewayText("front", { host }, tcpListener("tcp", port));
  const name = `Gateway ${INFRA}/front`;
  await using gateway = await ManifestGateway.start({ "gateway.yaml": text(PORT) });
  const conditions = ["Accepted=True", "Programmed=True"];
  const before = await expectConditions(gateway, name, ...conditions);
  await nextSecond();
  await gateway.apply("gateway.yaml", text(PORT + 1));
  const after = await expectConditions(gateway, name, ...conditions);
  expect(after.generation).toBe(2);
  const times = (seen: typeof before): readonly string[] =>
    seen.status.conditions.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`);
  expect(times(after)).toEqual(times(before));
  await expectListeners(gateway, name, { tcp: { kinds: ["TCPRoute"], routes: 0, conditions } });
}, 30_000);
