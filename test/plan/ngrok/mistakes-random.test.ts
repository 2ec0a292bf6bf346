// Whatever endpoints are written, and whichever document has mistakes: nobody gets somewhere that he would not get without them, nor
// under weaker rules.

import { expect, test } from "bun:test";
import type { Plan } from "../../../src/plan/plan.ts";
import {
  agent,
  caSecret,
  cloud,
  forwardTo,
  inline,
  ipPolicy,
  loadBalancer,
  named,
  phase,
  restrictTo,
  tlsSecret,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { chooseRoutes } from "../../support/choose-route.ts";
import { backendTls, policy, service, slice } from "../../support/gateway-documents.ts";
import { Random } from "../../support/random.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const ROUNDS = 40;
const NAMES = ["a.io", "*.a.io", "b.a.io", "*.io"] as const;
const CLIENTS = ["a.io", "b.a.io", "c.a.io", "z.io"];
/** Of kinds that are others' too an unknown key is no mistake. */
const OTHERS = /"kind":"(?:Service|Secret|EndpointSlice)"/;

function documentsOf(random: Random): readonly string[] {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[random.below(items.length)] ?? items[0];
  const day = () => ({ day: 1 + random.below(9) });
  const restricted = restrictTo({ allow: ["192.0.2.0/24"], ip_policies: ["office"] });
  const policies = () => pick([{}, named("p"), inline(restricted)]);
  const one = (name: string): string => {
    const host = pick(NAMES);
    const url = pick([
      `tls://${host}:7000`,
      `tls://${host}:7000`,
      "tcp://127.0.0.1:7001",
      "tcp://in.internal:1",
    ] as const);
    const mutualTLS = { clientCAsRef: { name: "ca" } };
    const tlsTermination = { serverCertificateRef: { name: "cert" }, ...(random.chance(2) ? { mutualTLS } : {}) };
    const ends = url.startsWith("tls:") && random.chance(2) ? { tlsTermination } : {};
    switch (random.below(6)) {
      case 0:
        return cloud(name, url, { poolingEnabled: random.chance(2), ...named("forwards") }, day());
      case 1:
        return loadBalancer(name, {
          url,
          "pooling-enabled": "true",
          ...(random.chance(2) ? { "traffic-policy": "p" } : {}),
        });
      default:
        return agent(
          name,
          url,
          pick(["tcp://s:5432", "tls://s:5432", "tcp://10.0.0.9:1"]),
          { ...policies(), ...ends },
          day(),
        );
    }
  };
  const forwards = url(random.chance(2) ? "tcp" : "tls");
  return [
    ...["e0", "e1", "e2", "e3", "e4"].map(one),
    service("s"),
    slice("s-1", "s", { endpoints: [{ addresses: ["10.0.0.1"] }] }),
    backendTls("t", ["s"], { wellKnownCACertificates: "System" }),
    policy("BackendPolicy", "b", ["Service/s"], { balance: "random" }),
    trafficPolicy("p", phase(restricted)),
    trafficPolicy("forwards", phase(restricted, forwardTo(forwards))),
    ipPolicy("office", "allow 10.0.0.0/8", "deny 10.6.6.6/32"),
    tlsSecret("cert"),
    caSecret("ca"),
  ];
}

function url(scheme: "tcp" | "tls"): string {
  return `${scheme}://in.internal:1`;
}

/** The same with a mistake in it. */
function mistaken(document: string): string {
  const written = document.includes('"type":"LoadBalancer"')
    ? document.replace('"spec":{', '"spec":{"clusterIP":5,')
    : OTHERS.test(document)
      ? document.replace('"metadata":{', '"metadata":{"annotations":5,')
      : document.replace('"spec":{', '"spec":{"unknown":1,');
  expect(written).not.toBe(document);
  return written;
}

/** All that can become of the clients of a route: by itself, or of those that it hands them to, whose TLS is the door's. */
function outcomesOf(plan: Plan, name: string, door: readonly string[] = []): readonly string[] {
  const route = plan.routes.find((each) => each.name === name);
  if (route === undefined) return [];
  const { tls, members = [], pools, policy: rules } = route;
  const auth = tls?.mode === "terminate" ? [tls.clientAuth?.mode ?? "none"] : door;
  if (members.length > 0) return members.flatMap((member) => outcomesOf(plan, member, auth));
  const targets = pools.map(({ pool }) => {
    const found = plan.pools.find((each) => each.name === pool);
    return [found?.targets, found?.balance, found?.upstreamTls?.serverName];
  });
  const forwards = rules?.rules.some(({ actions }) => actions.some(({ type }) => type === "forward-internal")) === true;
  return [...(targets.length === 0 ? [] : [targets]), ...(forwards ? ["forwarded"] : [])].map((where) =>
    JSON.stringify([auth, where, rules]),
  );
}

/** Client → what can become of it. */
async function seenBy(text: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { plan } = (await translateManifests(text, { mayBreak: true })).compiled;
  const seen = new Map<string, ReadonlySet<string>>();
  for (const listener of plan.listeners) {
    for (const name of CLIENTS) {
      const routes =
        listener.hello === undefined
          ? listener.entries.map(({ route }) => route)
          : chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
      seen.set(`${listener.name} ${name}`, new Set(routes.slice(0, 1).flatMap((route) => outcomesOf(plan, route))));
    }
  }
  for (const { scheme, port, endpoints } of plan.internals ?? []) {
    seen.set(`${scheme}:${port}`, new Set(endpoints.flat().flatMap((name) => outcomesOf(plan, name))));
  }
  return seen;
}

test("a document with mistakes sends nobody elsewhere and lets nobody in", async () => {
  const random = new Random(11);
  let served = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const documents = documentsOf(random);
    const good = await seenBy(documents.join(""));
    for (const outcomes of good.values()) served += outcomes.size;
    for (const [index, document] of documents.entries()) {
      const text = documents.with(index, mistaken(document)).join("");
      for (const [client, outcomes] of await seenBy(text)) {
        const news = [...outcomes].filter((outcome) => good.get(client)?.has(outcome) !== true);
        if (news.length > 0)
          throw new Error(
            `${client} gets ${news.join("\n")}, not ${[...(good.get(client) ?? [])].join("\n")}:\n${text}`,
          );
      }
    }
  }
  expect(served).toBeGreaterThan(ROUNDS);
}, 60_000);
