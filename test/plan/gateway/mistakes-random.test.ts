// Whatever is written, and whichever document of it has mistakes: nobody gets a route that he would not get without them, nor the same
// route under weaker rules.

import { expect, test } from "bun:test";
import { chooseRoutes } from "../../support/choose-route.ts";
import {
  backendTls,
  configMap,
  gateway,
  listenerSet,
  policy,
  secret,
  service,
  slice,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { pemOf, secretDataOf } from "../../support/pem.ts";
import { Random } from "../../support/random.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const ROUNDS = 25;
const HOSTS = ["a.io", "*.a.io", "*.io", "b.a.io", "*.b.a.io"];
const CLIENTS = ["a.io", "b.a.io", "q.b.a.io", "z.io"];
/** Of kinds that are others' too an unknown key is no mistake. */
const OTHERS = /"kind":"(?:Service|Secret|ConfigMap|EndpointSlice)"/;
const CERTIFICATE = secretDataOf("names");

/** Two Gateways on one port, and all that belongs to them. */
function documentsOf(random: Random): readonly string[] {
  const pick = <Value>(values: readonly Value[]): Value => values[random.below(values.length)] as Value;
  const day = () => ({ day: 1 + random.below(9) });
  const listener = (index: number, hosts: readonly (string | undefined)[]) =>
    random.chance(2)
      ? tls(`l${index}`, 443, pick(hosts))
      : terminating(`l${index}`, 443, pick(hosts), pick(["a", "b"]));
  const listeners = () =>
    random.chance(4)
      ? [tcp("l0", 443)]
      : Array.from({ length: 1 + random.below(3) }, (_, index) => listener(index, [undefined, ...HOSTS]));
  const allowedListeners = { namespaces: { from: "All" } };
  const target = () => pick(["Gateway/a", "Gateway/b#l0", "ListenerSet/s"]);
  const documents = [
    ...["a", "b"].flatMap((name) => [
      service(name),
      secret(name, CERTIFICATE),
      gateway(name, listeners(), { allowedListeners }, day()),
      tcpRoute(name, [pick(["a", "b"])], [pick(["a", "b"])], day()),
    ]),
    ...["r", "s", "t"].map((name) =>
      tlsRoute(name, [pick(["a", "b", { kind: "ListenerSet", name: "s" }])], [pick(HOSTS)], [pick(["a", "b"])], day()),
    ),
    configMap("ca", { "ca.crt": pemOf("root.pem") }),
  ];
  const authorities = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] };
  if (random.chance(2)) documents.push(listenerSet("s", pick(["a", "b"]), [listener(0, HOSTS)], day()));
  if (random.chance(2)) documents.push(slice("a", "a", { endpoints: [{ addresses: ["10.0.0.1"] }] }));
  if (random.chance(2)) documents.push(backendTls("t", [pick(["a", "b"])], authorities));
  if (random.chance(2)) documents.push(policy("ListenerPolicy", "p", [target()], { deny: ["10.0.0.0/8"] }));
  if (random.chance(2)) documents.push(policy("ListenerPolicy", "q", [target()], { clientAuth: { ca: "ca.pem" } }));
  return documents;
}

/** The same with a mistake in it. */
function mistaken(document: string): string {
  const written = OTHERS.test(document)
    ? document.replace('"metadata":{', '"metadata":{"annotations":5,')
    : document.replace('"spec":{', '"spec":{"unknown":1,');
  expect(written).not.toBe(document);
  return written;
}

/** Client → which route it gets, where that leads, and what is asked of it. */
async function seenBy(text: string): Promise<ReadonlyMap<string, string>> {
  const { plan } = (await translateManifests(text, { mayBreak: true, hasFiles: true })).compiled;
  const targets = new Map(plan.pools.map((pool) => [pool.name, [pool.targets, pool.upstreamTls?.serverName]]));
  const seen = new Map<string, string>();
  for (const listener of plan.listeners) {
    for (const name of CLIENTS) {
      const [chosen] =
        listener.hello === undefined
          ? listener.entries.map(({ route }) => route)
          : chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
      const route = plan.routes.find((each) => each.name === chosen);
      if (route === undefined || route.pools.length === 0) continue;
      const pools = route.pools.map(({ pool }) => targets.get(pool));
      const auth = route.tls?.mode === "terminate" ? route.tls.clientAuth : undefined;
      seen.set(`${listener.name} ${name}`, JSON.stringify([route.name, pools, route.deny?.size, auth]));
    }
  }
  return seen;
}

test("a document with mistakes sends nobody elsewhere and lets nobody in", async () => {
  const random = new Random(7);
  let served = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const documents = documentsOf(random);
    const good = await seenBy(documents.join(""));
    served += good.size;
    for (const [index, document] of documents.entries()) {
      const text = documents.with(index, mistaken(document)).join("");
      for (const [client, what] of await seenBy(text)) {
        if (good.get(client) !== what) throw new Error(`${client} got ${good.get(client)}, and gets ${what}:\n${text}`);
      }
    }
  }
  expect(served).toBeGreaterThan(ROUNDS);
}, 60_000);
