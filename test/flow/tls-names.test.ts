// One port, many names: who gets which route, in TLS and in the clear, and what becomes of those whom none wants.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";
import { recordedHello } from "../support/recorded-hello.ts";
import { startTlsBackend } from "../support/tls-backend.ts";
import { tlsConnect, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

const NO_VERIFY = { rejectUnauthorized: false };

describe("one port", () => {
  test("exact before wildcard before catch-all, one label below a star, and no name gets the catch-all", async () => {
    await using exact = await startTlsBackend("e");
    await using wild = await startTlsBackend("w");
    await using rest = await startTlsBackend("r");
    const port = freePort();
    await using flow = await startTlsFlow({
      exact: routeAt(port, exact, passes("db.example.com")),
      wild: routeAt(port, wild, passes("*.example.com")),
      rest: routeAt(port, rest, passes("*")),
    });
    const visitAs = (servername: string) => tlsVisit(port, { servername, ...NO_VERIFY });
    expect(await visitAs("db.example.com")).toBe("e");
    expect(await visitAs("DB.Example.COM")).toBe("e");
    expect(await visitAs("web.example.com")).toBe("w");
    expect(await visitAs("a.web.example.com")).toBe("r");
    expect(await visitAs("example.com")).toBe("r");
    expect(await tlsVisit(port, NO_VERIFY)).toBe("r");
    await eventually(() => flow.log.records.length === 6);
    expect(flow.log.records.map(({ sni }) => sni)).toEqual([
      "db.example.com",
      "db.example.com",
      "web.example.com",
      "a.web.example.com",
      "example.com",
      undefined,
    ]);
  });

  test("passes one name through, ends the TLS of two others, each with its own certificate, and serves plain clients", async () => {
    await using secret = await startTlsBackend("s", ["self-signed.crt", "self-signed.key"]);
    await using one = await lettered("1");
    await using two = await lettered("2");
    await using plain = await lettered("p");
    const port = freePort();
    await using flow = await startTlsFlow({
      secret: routeAt(port, secret, passes("checked.example")),
      one: routeAt(port, one, ends("one", { hostnames: ["one.example"] })),
      two: routeAt(port, two, ends("two", { hostnames: ["two.example"] })),
      plain: routeAt(port, plain),
    });
    expect(await tlsVisit(port, { servername: "checked.example", ...NO_VERIFY })).toBe("s");
    expect(await tlsVisit(port, { servername: "one.example" })).toBe("1");
    expect(await tlsVisit(port, { servername: "two.example" })).toBe("2");
    await using client = await Peer.connect(port);
    await client.send("GET / HTTP/1.0\r\n\r\n");
    expect(await client.read(1)).toStartWith("p");
    client.finish();
    await client.end();
    expect(client.text).toBe("pGET / HTTP/1.0\r\n\r\n");
    await flow.log.record(3);
    expect(flow.log.records.map(({ route, tls }) => [route, tls])).toEqual([
      ["secret", undefined],
      ["one", "TLSv1.3"],
      ["two", "TLSv1.3"],
      ["plain", undefined],
    ]);
    await untilNobodyIsThere(flow);
  });

  test("what a client offers by ALPN is a match, and what it got is agreed to", async () => {
    await using web = await lettered("w");
    await using database = await lettered("d");
    await using rest = await lettered("r");
    const port = freePort();
    await using _flow = await startTlsFlow({
      web: routeAt(port, web, { match: { alpn: ["h2", "http/1.1"] }, ...ends("one", { hostnames: ["one.example"] }) }),
      database: routeAt(port, database, {
        match: { alpn: ["postgresql"] },
        ...ends("one", { hostnames: ["one.example"], alpn: ["postgresql"] }),
      }),
      rest: routeAt(port, rest, ends("one", { hostnames: ["one.example"] })),
    });
    const servername = "one.example";
    expect(await tlsVisit(port, { servername, ALPNProtocols: ["http/1.1"] })).toBe("w");
    await using client = await tlsConnect(port, { servername, ALPNProtocols: ["x", "postgresql"] });
    expect(await client.read(1)).toBe("d");
    expect(client.socket.alpnProtocol).toBe("postgresql");
    expect(await tlsVisit(port, { servername, ALPNProtocols: ["x"] })).toBe("r");
    expect(await tlsVisit(port, { servername })).toBe("r");
  });

  test("a wrong protocol fails the handshake of a route that agrees to some, and is told as that", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends("one", { alpn: ["postgresql"] })) });
    const port = await flow.port("db");
    expect(await tlsVisit(port, { servername: "one.example", ALPNProtocols: ["h2"] })).not.toBe("b");
    expect(await flow.log.record()).toMatchObject({ reason: "tls-failed", route: "db", sni: "one.example" });
    expect(backend.peers).toEqual([]);
  });
});

describe("whom no route wants", () => {
  test.each([
    ["a name that is nobody's", { servername: "other.example" }, "other.example"],
    ["no name", {}, undefined],
  ] as const)("%s: is reset before a handshake", async (_, options, sni) => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, ends("one", { hostnames: ["one.example"] })),
    });
    const port = await flow.port("db");
    expect(await tlsVisit(port, options)).toBe("reset");
    const record = await flow.log.record();
    expect(record).toMatchObject({
      reason: "no-route",
      route: "",
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    expect(record.sni).toBe(sni);
    expect((await flow.view.engine()).connectionsUnrouted).toEqual({ "no-route": 1 });
    expect(backend.peers).toEqual([]);
    await untilNobodyIsThere(flow);
  });

  test("a plain client of a port that only speaks TLS is reset, and what it said goes nowhere", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, ends("one")) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("GET / HTTP/1.0\r\n\r\n");
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("no-route");
    expect(backend.peers).toEqual([]);
  });

  test("a TLS client of a plain port goes through, unread", async () => {
    await using backend = await startTlsBackend("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend) });
    expect(await tlsVisit(await flow.port("db"), { servername: "one.example" })).toBe("b");
    expect((await flow.log.record()).sni).toBeUndefined();
  });
});

describe("a flood of silent clients", () => {
  test("does not lock out those who mean to connect, and holds half of the descriptors at most", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow(
      { db: routeAt(0, backend, { ...ends("one"), timeouts: { hello: "5m" } }) },
      { runtime: { ...bunRuntime(), descriptorLimit: () => 512 } },
    );
    const port = await flow.port("db");
    const { connectionLimit } = await flow.view.engine();
    expect(connectionLimit).toBeLessThan(256);
    const silent = await Promise.all(Array.from({ length: connectionLimit }, () => Peer.connect(port)));
    const most = Math.ceil(connectionLimit / 2);
    await eventually(async () => (await flow.view.engine()).connectionsTotal === connectionLimit);
    expect((await flow.view.engine()).connectionsGreeting).toBe(most);
    expect(await tlsVisit(port, { servername: "one.example" })).toBe("b");
    // Those went that had been at it longest.
    const left = silent.filter(({ closed, ending }) => !closed && ending === undefined);
    expect(left.length).toBeLessThan(most);
    expect(silent.indexOf(left[0] as Peer)).toBeGreaterThan(connectionLimit - most);
    const refused = flow.log.records.filter(({ reason }) => reason !== "done");
    expect(new Set(refused.map(({ reason, limit }) => `${reason} ${limit}`))).toEqual(
      new Set(["denied-concurrency gateway"]),
    );
    for (const { socket } of silent) socket.destroy();
    await untilNobodyIsThere(flow);
  });
});

describe("a drain", () => {
  test("lets a client finish that is being read", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
    await using client = await Peer.connect(await flow.port("db"));
    const hello = recordedHello("curl");
    await client.send(hello.subarray(0, 20));
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 1);
    const drained = flow.gateway.drain();
    await client.send(hello.subarray(20));
    expect(await client.read(1)).toStartWith("b");
    client.finish();
    expect(await client.end()).toBe("fin");
    await drained;
    expect((await flow.log.record()).reason).toBe("done");
  });

  test("cuts it at its limit", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) }, { drainTimeoutMs: 100 });
    await using client = await Peer.connect(await flow.port("db"));
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 1);
    await flow.gateway.drain();
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("drained");
  });
});
