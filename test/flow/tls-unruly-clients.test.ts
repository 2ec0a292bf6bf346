// Clients that do not keep to TLS where it ends at the gateway: refused or cut off, counted, and forgotten.

import { describe, expect, test } from "bun:test";
import { startRelay } from "../support/holding-relay.ts";
import { Peer } from "../support/peer.ts";
import { Random } from "../support/random.ts";
import { recordedHello } from "../support/recorded-hello.ts";
import { tlsConnect, tlsVisit } from "../support/tls-client.ts";
import { ends, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

const ONE = { servername: "one.example" };

describe("a client that does not keep to TLS", () => {
  test.each([
    ["ends in the middle of a handshake", "fin"],
    ["resets in the middle of a handshake", "rst"],
  ])("and %s: is told as a handshake that failed", async (_, how) => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(recordedHello("curl"));
    // The server has said its part.
    await client.read(1);
    if (how === "fin") client.finish();
    else client.reset();
    expect(await flow.log.record()).toMatchObject({ reason: "tls-failed", route: "db", sni: expect.any(String) });
    await untilNobodyIsThere(flow);
    expect(backend.peers).toEqual([]);
  });

  test("and says anything at all: is refused, which is never a bug of ours, and nothing is left of it", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...ends(), limits: { perSource: 1_000 }, timeouts: { hello: "300ms" } }),
    });
    const port = await flow.port("db");
    const hellos = ["curl", "java", "openssl-tls12", "openssl-resumed"].map(recordedHello);
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const bytes = Buffer.from(hellos[seed % hellos.length] ?? "");
      // What the gateway can still read, and the TLS library may not like.
      for (let change = random.below(4); change >= 0; change--) bytes[random.below(bytes.length)] = random.below(256);
      await using client = await Peer.connect(port);
      await client.send(bytes.subarray(0, random.chance(5) ? random.below(bytes.length) : bytes.length));
      if (random.chance(2)) await client.send(random.bytes(random.below(200))).catch(() => undefined);
      if (random.chance(2)) client.finish();
      else client.reset();
    }
    await untilNobodyIsThere(flow);
    expect(flow.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    const allowed = [
      "hello-malformed",
      "hello-timeout",
      "hello-too-large",
      "no-route",
      "tls-failed",
      "client-reset",
      "done",
    ];
    expect(
      [...new Set(flow.log.records.map(({ reason }) => reason))].filter((each) => !allowed.includes(each)),
    ).toEqual([]);
    expect(backend.peers).toEqual([]);
    expect((await flow.view.engine()).connectionsTotal).toBe(flow.log.records.length);
    expect(await tlsVisit(port, ONE)).toBe("b");
  });

  test("and stalls in the middle of a handshake: is given up in time", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...ends(), timeouts: { hello: "200ms" } }) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(recordedHello("curl"));
    await client.end();
    expect(await flow.log.record()).toMatchObject({ reason: "hello-timeout", route: "db" });
    await untilNobodyIsThere(flow);
    expect(backend.peers).toEqual([]);
  });

  test("and sends garbage after it: is cut off, which is no bug of ours", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends()) });
    await using relay = await startRelay(await flow.port("db"));
    await using client = await tlsConnect(relay.port, ONE);
    await client.read(1);
    relay.say(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 7)]));
    expect((await flow.log.record()).reason).toBe("client-reset");
    expect(await (await backend.peer()).end()).toBe("reset");
    expect(flow.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    await client.end();
  });
});
