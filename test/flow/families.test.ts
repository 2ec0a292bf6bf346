// Names with addresses of both families, one of which may lead nowhere: clients must not wait for it.

import { expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { DialOwner } from "../../src/socket/socket.ts";
import { startDnsServer } from "../support/dns-server.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { lettered, visit } from "../support/visit.ts";

/** The first in order of what the name stands for: it is dialled first. */
const IPV6 = "2001:db8::1";
const IPV4 = "203.0.113.1";
/** Longer than a test may take: who waited for it would not see the end. */
const CONNECT = "60s";

interface Network extends AsyncDisposable {
  readonly flow: FlowGateway;
  readonly port: number;
  /** Dials to the IPv6 address so far. */
  readonly dials: { ipv6: number };
  /** Those that got no answer. */
  readonly silent: DialOwner[];
  /** Lets them open. */
  answer(): void;
}

/** A gateway to a name of both families, whose addresses are two backends; `ipv6` says whether that one answers. */
async function start(
  ipv6: "silent" | "answers",
  backends: { readonly v4: number; readonly v6: number },
): Promise<Network> {
  const dns = await startDnsServer({ "db.test": { a: [IPV4], aaaa: [IPV6] } });
  const real = bunRuntime();
  const silent: DialOwner[] = [];
  const dials = { ipv6: 0 };
  const runtime: Runtime = {
    ...real,
    connect(address, owner) {
      const host = "host" in address ? address.host : "";
      if (host === IPV6) dials.ipv6++;
      if (host === IPV6 && ipv6 === "silent") silent.push(owner);
      else real.connect({ host: "127.0.0.1", port: host === IPV6 ? backends.v6 : backends.v4 }, owner);
    },
  };
  const flow = await startFlow(
    { "db.yaml": { listen: "127.0.0.1:0", backends: ["db.test:5432"], timeouts: { connect: CONNECT } } },
    { dns: [dns.address], runtime },
  );
  return {
    flow,
    port: await flow.port("db"),
    dials,
    silent,
    answer() {
      for (const owner of silent.splice(0)) real.connect({ host: "127.0.0.1", port: backends.v6 }, owner);
    },
    async [Symbol.asyncDispose]() {
      await flow[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
    },
  };
}

test("a silent IPv6 address is passed by, and when it answers late that connection is aborted", async () => {
  await using v4 = await lettered("4");
  await using v6 = await lettered("6");
  await using network = await start("silent", { v4: v4.port, v6: v6.port });
  await using client = await Peer.connect(network.port);
  await client.send("hello");
  expect(await client.read(6)).toBe("4hello");
  expect(network.dials.ipv6).toBe(1);
  const before = await network.flow.view.engine();
  expect(before.routes[0]?.retries).toBe(1);
  expect(before.backends[0]).toMatchObject({ connectionsActive: 1, connectionsTotal: 1 });

  network.answer();
  const late = await v6.peer();
  expect(await late.end()).toBe("reset");
  expect(late.received).toBe(0);
  await client.send("!");
  expect(await client.read(7)).toBe("4hello!");
  expect(v4.peers).toHaveLength(1);
  expect((await network.flow.view.engine()).backends[0]).toMatchObject({ connectionsActive: 1, connectionsTotal: 1 });
});

test("an IPv6 address that answers is used as the other is, and nothing is dialled beside it", async () => {
  await using v4 = await lettered("4");
  await using v6 = await lettered("6");
  await using network = await start("answers", { v4: v4.port, v6: v6.port });
  const answers: string[] = [];
  for (let round = 0; round < 4; round++) answers.push(await visit(network.port));
  expect(answers).toEqual(["6", "4", "6", "4"]);
  expect(v4.peers).toHaveLength(2);
  expect((await network.flow.view.engine()).routes[0]?.retries).toBe(0);
});

test("of a family that was silent the other one comes first for a while, and neither is blamed", async () => {
  await using v4 = await lettered("4");
  await using v6 = await lettered("6");
  await using network = await start("silent", { v4: v4.port, v6: v6.port });
  for (let round = 0; round < 6; round++) expect(await visit(network.port)).toBe("4");
  // One client met the silence, the others were sent to the family that had answered.
  expect(network.dials.ipv6).toBe(1);
  const { backends } = await network.flow.view.engine();
  expect(backends[0]).toMatchObject({ state: "up", ejections: 0, dialFailures: 0 });
  expect(backends[0]?.targets.map(({ state }) => state)).toEqual(["up", "up"]);
});
