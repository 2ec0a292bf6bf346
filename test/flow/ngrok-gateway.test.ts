// Gateways with ngrok's annotations over real sockets: a traffic policy decides about the clients of all their routes.

import { expect, test } from "bun:test";
import { agent, forwardTo, phase, restrictTo, trafficPolicy } from "../support/endpoint-documents.ts";
import { apply, startEndpoints, upstreamAt, withdraw } from "../support/endpoints-flow.ts";
import { freePort } from "../support/free-port.ts";
import { gateway, service, slice, tcp, tcpRoute } from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";
import { lettered, visit } from "../support/visit.ts";

test("a policy of a Gateway decides about its clients, may send them elsewhere, and closes the Gateway when it is gone", async () => {
  await using backend = await lettered("a");
  await using other = await lettered("o");
  const port = freePort();
  const front = gateway("front", [tcp("pg", port)], { addresses: [{ value: "127.0.0.1" }] }).replace(
    '"name":"front"',
    '"name":"front","annotations":{"ngrok.com/traffic-policy":"p"}',
  );
  const place = slice("db-1", "db", { endpoints: [{ addresses: ["127.0.0.1"] }], ports: [{ port: backend.port }] });
  await using flow = await startEndpoints({
    front: front + tcpRoute("r", ["front"]) + service("db") + place,
    p: trafficPolicy("p", phase(restrictTo({ allow: ["127.0.0.1/32"] }))),
    o: agent("o", "tcp://o.internal:1", upstreamAt(other)),
  });
  expect([await visit(port, "127.0.0.1"), await visit(port, "127.0.0.2")]).toEqual(["a", "reset"]);
  await using client = await Peer.connect(port);
  expect(await client.read(1)).toBe("a");
  await apply(flow, "p", trafficPolicy("p", phase(forwardTo("tcp://o.internal:1"))));
  expect(await visit(port, "127.0.0.2")).toBe("o");
  await withdraw(flow, "p");
  expect((await flow.view.engine()).listeners).toEqual([]);
  await client.send("still");
  expect(await client.read(6)).toBe("astill");
});
