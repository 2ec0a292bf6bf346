// Clients of Gateways that wait when a reload comes: none gets what the new manifests would not give it, and nobody is touched by
// a change that is about others.

import { expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { freePort } from "../support/free-port.ts";
import {
  backendTls,
  gateway,
  grant,
  manifest,
  policy,
  secret,
  service,
  tcp,
  tcpRoute,
  terminating,
  tlsRoute,
} from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";
import { tlsPem } from "../support/tls-client.ts";
import { beginTls } from "../support/tls-peer.ts";
import { lettered } from "../support/visit.ts";

const QUEUE = { limits: { queue: { size: 10, timeout: "20s" } } };
const HERE = { addresses: [{ value: "127.0.0.1" }] };

/** A Service, `NAMESPACE/NAME` or a name, and where it is. */
function endpoints(of: string, { port }: { readonly port: number }): string {
  const [name = ""] = of.split("/").toReversed();
  const body = { addressType: "IPv4", ports: [{ port }], endpoints: [{ addresses: ["127.0.0.1"] }] };
  const labels = { "kubernetes.io/service-name": name };
  return service(of) + manifest("discovery.k8s.io/v1", "EndpointSlice", `${of}-1`, body, { labels });
}

/** A Gateway whose only backend takes one client at a time; the others wait. */
function crowded(port: number, backend: { readonly port: number }, ofService = "db"): Record<string, string> {
  const [name = "", namespace = "default"] = ofService.split("/").toReversed();
  const one = policy("BackendPolicy", `${namespace}/one`, [`Service/${name}`], { maxConnections: 1 });
  return {
    "gateway.yaml": gateway("front", [tcp("pg", port)], HERE) + tcpRoute("r", ["front"], [ofService]),
    "db.yaml": endpoints(ofService, backend) + one,
    "policy.yaml": policy("ListenerPolicy", "queue", ["Gateway/front"], QUEUE),
  };
}

/** One client that is served, and one that waits. */
async function crowd(flow: FlowGateway, port: number): Promise<readonly [Peer, Peer]> {
  const first = await Peer.connect(port);
  expect(await first.read(1)).toBe("o");
  const waiting = await Peer.connect(port);
  await waiting.send("password");
  await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsQueued === 1);
  return [first, waiting];
}

test.each<[string, Record<string, string>]>([
  [
    "a list that excludes it",
    { "policy.yaml": policy("ListenerPolicy", "queue", ["Gateway/front"], { ...QUEUE, deny: ["127.0.0.0/8"] }) },
  ],
  [
    "a policy with mistakes",
    { "more.yaml": policy("ListenerPolicy", "bad", ["Gateway/front#pg"], { deny: ["nobody"] }) },
  ],
  [
    "a policy that is no YAML",
    { "more.yaml": `${policy("ListenerPolicy", "bad", ["Gateway/front#pg"], {}).trimEnd()} [` },
  ],
  [
    "a policy that does not fit",
    { "more.yaml": policy("ListenerPolicy", "bad", ["Gateway/front#pg"], { clientAuth: { ca: "gone.pem" } }) },
  ],
  [
    "TLS to its backend that cannot be had",
    { "more.yaml": backendTls("tls", ["db"], { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "gone" }] }) },
  ],
  ["TLS to its backend", { "more.yaml": backendTls("tls", ["db"], { wellKnownCACertificates: "System" }) }],
])("a client that waits for a backend is not served past %s", async (_what, files) => {
  await using backend = await lettered("o");
  const port = freePort();
  await using flow = await startFlow(crowded(port, backend));
  const [first, waiting] = await crowd(flow, port);
  await using _first = first;
  await using _waiting = waiting;
  for (const [file, text] of Object.entries(files)) await flow.write(file, text);
  await flow.reload();
  await first.send("x");
  expect(await first.read(2)).toBe("ox");
  first.reset();
  expect(await waiting.end()).toBe("reset");
  expect(backend.peers.map(({ text }) => text).join("")).not.toContain("password");
});

test("nor while a new listener is still to be bound", async () => {
  await using backend = await lettered("o");
  const [port, slow] = [freePort(), freePort()];
  const bound = Promise.withResolvers<void>();
  const real = bunRuntime();
  const listen: Runtime["listen"] = async (address, owner) => {
    if ("port" in address && address.port === slow) await bound.promise;
    return real.listen(address, owner);
  };
  await using flow = await startFlow(crowded(port, backend), { runtime: { ...real, listen } });
  const [first, waiting] = await crowd(flow, port);
  await using _first = first;
  await using _waiting = waiting;
  await flow.write("more.yaml", policy("ListenerPolicy", "bad", ["Gateway/front#pg"], { deny: ["nobody"] }));
  await flow.write("slow.yaml", gateway("slow", [tcp("pg", slow)], HERE));
  const reload = flow.reload();
  await eventually(async () => (await flow.view.engine()).listeners.length === 2);
  first.reset();
  expect(await waiting.end()).toBe("reset");
  bound.resolve();
  await reload;
  expect(backend.peers).toHaveLength(1);
});

test("a client that waits for a backend of another namespace is not served without its grant", async () => {
  await using backend = await lettered("o");
  const port = freePort();
  const files = crowded(port, backend, "shop/db");
  await using flow = await startFlow({ ...files, "grant.yaml": grant("shop", "TCPRoute/default", "Service") });
  const [first, waiting] = await crowd(flow, port);
  await using _first = first;
  await using _waiting = waiting;
  await flow.remove("grant.yaml");
  await flow.reload();
  first.reset();
  expect(await waiting.end()).toBe("reset");
  expect(backend.peers).toHaveLength(1);
});

test("changes that are about others touch neither the client that is served nor the one that waits", async () => {
  await using backend = await lettered("o");
  await using other = await lettered("t");
  const [port, otherPort] = [freePort(), freePort()];
  await using flow = await startFlow(crowded(port, backend));
  const [first, waiting] = await crowd(flow, port);
  await using _first = first;
  await using _waiting = waiting;
  const beside = gateway("beside", [tcp("pg", otherPort)], HERE) + tcpRoute("s", ["beside"], ["other"]);
  const changes: readonly (readonly [string, string])[] = [
    ["beside.yaml", beside + endpoints("other", other)],
    [
      "beside.yaml",
      beside +
        endpoints("other", { port: other.port }) +
        policy("BackendPolicy", "p", ["Service/other"], { balance: "random" }),
    ],
    ["late.yaml", tcpRoute("late", ["front"], ["other"])],
    ["grant.yaml", grant("shop", "TCPRoute/default", "Service")],
    ["bad.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: other\n"],
    ["beside.yaml", endpoints("other", other)],
  ];
  for (const [file, text] of changes) {
    await flow.write(file, text);
    const { changed, removed } = await flow.reload();
    expect([...changed, ...removed].filter((name) => name.includes("/r@"))).toEqual([]);
  }
  await first.send("x");
  expect(await first.read(2)).toBe("ox");
  first.reset();
  expect(await waiting.read("opassword".length)).toBe("opassword");
});

test("a silent client of a listener that has come to want certificates has to show one", async () => {
  await using backend = await lettered("o");
  const port = freePort();
  const certificate = secret("cert", { "tls.crt": tlsPem("one.pem"), "tls.key": tlsPem("one.key") });
  const front = gateway("front", [terminating("pg", port, "one.example", "cert")], HERE);
  const files = { "gateway.yaml": front + certificate + tlsRoute("r", ["front"], ["one.example"]) };
  await using flow = await startFlow({ ...files, "db.yaml": endpoints("db", backend) });
  await using silent = await Peer.connect(port);
  await eventually(async () => (await flow.view.engine()).connectionsGreeting === 1);
  await flow.write("ca.pem", tlsPem("ca.pem"));
  await flow.write(
    "policy.yaml",
    policy("ListenerPolicy", "auth", ["Gateway/front"], { clientAuth: { ca: "ca.pem" } }),
  );
  await flow.reload();
  const client = await beginTls(silent, "one.example", { ca: tlsPem("ca.pem") }).catch(() => undefined);
  if (client !== undefined) expect(await client.end()).toBe("reset");
  expect((await flow.log.record()).reason).toBe("client-cert-invalid");
  expect(backend.peers).toEqual([]);
});
