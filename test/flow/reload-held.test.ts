// Clients that are not connected yet when a reload comes: still to say their hello, or waiting for a backend. None of them
// gets what the new routes would not give it.

import { expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";
import { wants } from "../support/certificate-visits.ts";
import { tlsPath } from "../support/tls-client.ts";
import { ends, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

/** A client whose hello the gateway waits for. */
async function heldAt(port: number, flow: Awaited<ReturnType<typeof startTlsFlow>>): Promise<Peer> {
  const peer = await Peer.connect(port);
  await eventually(async () => (await flow.view.engine()).connectionsGreeting === 1);
  return peer;
}

test("a silent client does not reach the backend of a route that has come to want a certificate", async () => {
  await using old = await lettered("o");
  await using secret = await lettered("s");
  await using other = await lettered("t");
  const port = freePort();
  const beside = routeAt(port, other, ends("one", { hostnames: ["two.example"] }));
  await using flow = await startTlsFlow({ db: routeAt(port, old), beside });
  await using held = await heldAt(port, flow);
  await flow.write("db.yaml", JSON.stringify(routeAt(port, secret, wants({}, { hostnames: ["one.example"] }))));
  await flow.reload();
  await held.send("hello in the clear");
  expect(await held.end()).toBe("reset");
  expect((await flow.log.record()).reason).toBe("no-route");
  await untilNobodyIsThere(flow);
  expect(secret.peers).toEqual([]);
});

test("a silent client does not reach a backend that its address has come to be excluded from", async () => {
  await using old = await lettered("o");
  await using secret = await lettered("s");
  const port = freePort();
  const beside = routeAt(port, old, ends("one", { hostnames: ["two.example"] }));
  await using flow = await startTlsFlow({ db: routeAt(port, old), beside });
  await using held = await heldAt(port, flow);
  await flow.write("db.yaml", JSON.stringify(routeAt(port, secret, { match: { sources: ["10.0.0.0/8"] } })));
  await flow.reload();
  await held.send("x");
  expect(await held.end()).toBe("reset");
  expect(secret.peers).toEqual([]);
});

test("a silent client of a route that did not change gets it as ever", async () => {
  await using backend = await lettered("b");
  const port = freePort();
  const beside = (hostname: string) => routeAt(port, backend, ends("one", { hostnames: [hostname] }));
  await using flow = await startTlsFlow({ db: routeAt(port, backend), beside: beside("two.example") });
  await using held = await heldAt(port, flow);
  await flow.write("beside.yaml", JSON.stringify(beside("three.example")));
  await flow.reload();
  await held.send("x");
  expect(await held.read(2)).toBe("bx");
});

/** A route whose only backend has a client already, and lets others wait. */
function crowded(port: number, backend: { readonly port: number }, more: Readonly<Record<string, unknown>> = {}) {
  const backends = [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }];
  return { listen: `127.0.0.1:${port}`, backends, limits: { queue: { size: 10, timeout: "20s" } }, ...more };
}

test("a client that waits for a backend says nothing in the clear to one that has come to be spoken to in TLS", async () => {
  await using old = await lettered("o");
  await using secret = await lettered("s");
  const port = freePort();
  await using flow = await startTlsFlow({ db: crowded(port, old) });
  await using first = await Peer.connect(port);
  await first.read(1);
  await using waiting = await Peer.connect(port);
  await waiting.send("password");
  await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsQueued === 1);
  const upstreamTls = { ca: tlsPath("ca.pem"), serverName: "one.example" };
  await flow.write("db.yaml", JSON.stringify(crowded(port, secret, { upstreamTls })));
  await flow.reload();
  expect(await waiting.end()).toBe("reset");
  expect(secret.peers.map(({ text }) => text).join("")).not.toContain("password");
});

test("a client that waits for a backend is not served by a route that has come to deny it", async () => {
  await using backend = await lettered("b");
  const port = freePort();
  await using flow = await startTlsFlow({ db: crowded(port, backend) });
  await using first = await Peer.connect(port);
  await first.read(1);
  await using waiting = await Peer.connect(port);
  await waiting.send("x");
  await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsQueued === 1);
  await flow.write("db.yaml", JSON.stringify(crowded(port, backend, { deny: ["127.0.0.0/8"] })));
  await flow.reload();
  first.reset();
  expect(await waiting.end()).toBe("reset");
  expect(backend.peers).toHaveLength(1);
});
