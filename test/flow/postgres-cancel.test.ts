// Requests to cancel: they go to the server that has the session, whatever limits say, and nowhere else.

import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { message } from "../support/postgres-packet.ts";
import { type PlayedPostgres, startPlayedPostgres } from "../support/played-postgres.ts";
import { ask, askForTls, begin, cancel, cancelRequest, SSL_REQUEST, startup } from "../support/postgres-client.ts";
import { TLS_FIXTURES } from "../support/tls-front.ts";
import { beginTls } from "../support/tls-peer.ts";

const LISTEN = "127.0.0.1:0";
const KEY = "0000002a00c0ffee";
const OTHER = "0000002b0badcafe";
const UNKNOWN = "It wants to cancel a session that is not here";

type Route = Readonly<Record<string, unknown>>;

function route(backends: readonly PlayedPostgres[], more: Route = {}): Route {
  return { listen: LISTEN, protocol: "postgres", backends: backends.map(({ address }) => address), ...more };
}

const TERMINATE = {
  mode: "terminate",
  hostnames: ["one.example"],
  certificate: TLS_FIXTURES.at("one.pem"),
  key: TLS_FIXTURES.at("one.key"),
};
const PASSTHROUGH = { mode: "passthrough", hostnames: ["one.example"] };

/** What a server was asked to cancel. */
function cancelled({ starts }: PlayedPostgres): readonly string[] {
  return starts.filter(({ kind }) => kind === "cancel").map(({ what }) => what);
}

/** A session in the clear that is ready. */
async function session(port: number, user = "alice"): Promise<Peer> {
  const peer = await Peer.connect(port);
  await begin(peer, startup(user));
  return peer;
}

function header(host: string): Uint8Array {
  return new TextEncoder().encode(`PROXY TCP4 ${host} 192.0.2.2 1000 5432\r\n`);
}

async function live(flow: FlowGateway): Promise<number> {
  return (await flow.view.connections({}, undefined, 100)).length;
}

async function refusals(flow: FlowGateway): Promise<readonly (string | undefined)[]> {
  return flow.log.records.filter(({ reason }) => reason === "no-route").map(({ detail }) => detail);
}

describe("a request to cancel", () => {
  test("goes to the server that has the session, among several of several routes on one port", async () => {
    await using one = await startPlayedPostgres({ key: KEY });
    await using two = await startPlayedPostgres({ key: OTHER });
    await using three = await startPlayedPostgres({ key: "0000002c00000001" });
    await using flow = await startFlow({ "clear.yaml": route([one, two]) });
    const port = await flow.port("clear");
    const listen = `127.0.0.1:${port}`;
    await flow.write("clear.yaml", JSON.stringify(route([one, two], { listen })));
    await flow.write("tls.yaml", JSON.stringify(route([three], { listen, tls: TERMINATE })));
    await flow.reload();
    await using _first = await session(port);
    await using _second = await session(port);
    await using third = await askForTls(port, "one.example");
    await begin(third);
    // It ends when the server has ended it: the client may rely on that.
    for (const key of [OTHER, KEY, "0000002c00000001", OTHER]) expect(await cancel(port, key)).toBe("fin");
    expect(cancelled(one)).toEqual([KEY]);
    expect(cancelled(two)).toEqual([OTHER, OTHER]);
    expect(cancelled(three)).toEqual(["0000002c00000001"]);
    await eventually(async () => (await live(flow)) === 3);
  });

  for (const [version, key] of [
    ["3.0", KEY],
    ["3.2", `0000002a${"5a".repeat(32)}`],
  ] as const) {
    test(`works with keys of protocol ${version}, and from within TLS`, async () => {
      await using server = await startPlayedPostgres({ key });
      await using flow = await startFlow({ "db.yaml": route([server], { tls: TERMINATE }) });
      const port = await flow.port("db");
      await using running = await askForTls(port, "one.example");
      await begin(running);
      await using request = await askForTls(port, "one.example");
      await request.send(cancelRequest(key));
      expect(await request.end()).toBe("fin");
      expect(await cancel(port, key)).toBe("fin");
      expect(cancelled(server)).toEqual([key, key]);
    });
  }

  test("reaches a server that is spoken to in TLS in TLS", async () => {
    await using server = await startPlayedPostgres();
    const upstreamTls = { ca: TLS_FIXTURES.at("ca.pem"), serverName: "one.example" };
    await using flow = await startFlow({ "db.yaml": route([server], { upstreamTls }) });
    const port = await flow.port("db");
    await using _running = await session(port);
    expect(await cancel(port, KEY)).toBe("fin");
    expect(server.starts[1]).toEqual({ kind: "cancel", sni: "one.example", what: KEY });
  });

  test("may be split anywhere", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server]) });
    const port = await flow.port("db");
    await using _running = await session(port);
    const packet = cancelRequest(KEY);
    for (let at = 1; at < packet.length; at++) {
      await using peer = await Peer.connect(port);
      peer.socket.setNoDelay(true);
      await peer.send(packet.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      await peer.send(packet.subarray(at));
      expect(await peer.end()).toBe("fin");
    }
    expect(cancelled(server)).toEqual(Array.from({ length: packet.length - 1 }, () => KEY));
  });

  test("with a key that nobody has, or a part of one, is refused", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server]) });
    const port = await flow.port("db");
    await using _running = await session(port);
    for (const key of ["0000002a00c0ffef", "0000002b00c0ffee", `${KEY}00`])
      expect(await cancel(port, key)).toBe("reset");
    expect(await refusals(flow)).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(cancelled(server)).toEqual([]);
  });

  test("of a session that has ended is refused, however it ended", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server]) });
    const port = await flow.port("db");
    for (const end of ["finish", "reset", "kill"] as const) {
      await using running = await session(port);
      if (end === "kill") await flow.view.killWhere({});
      else running[end]();
      await eventually(async () => (await live(flow)) === 0);
      expect(await cancel(port, KEY)).toBe("reset");
    }
    expect(cancelled(server)).toEqual([]);
  });

  test("still finds a session whose key another one had that has ended", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server]) });
    const port = await flow.port("db");
    await using older = await session(port);
    await using _younger = await session(port);
    older.reset();
    await eventually(async () => (await live(flow)) === 1);
    expect(await cancel(port, KEY)).toBe("fin");
  });

  test("finds a session of before a reload, whose server is no longer a backend", async () => {
    await using old = await startPlayedPostgres();
    await using fresh = await startPlayedPostgres({ key: OTHER });
    await using flow = await startFlow({ "db.yaml": route([old]) });
    const port = await flow.port("db");
    const listen = `127.0.0.1:${port}`;
    await flow.write("db.yaml", JSON.stringify(route([old], { listen })));
    await flow.reload();
    await using _running = await session(port);
    await flow.write("db.yaml", JSON.stringify(route([fresh], { listen })));
    await flow.reload();
    await using _later = await session(port);
    expect(await cancel(port, KEY)).toBe("fin");
    expect(cancelled(old)).toEqual([KEY]);
    expect(cancelled(fresh)).toEqual([]);
  });

  for (const tls of [undefined, TERMINATE]) {
    test(`gets through when all connections are taken, ${tls === undefined ? "in the clear" : "in TLS"}`, async () => {
      await using server = await startPlayedPostgres();
      const limits = { connections: 1, perSource: 1 };
      await using flow = await startFlow({
        "db.yaml": route([server], { limits, ...(tls === undefined ? {} : { tls }) }),
      });
      const port = await flow.port("db");
      const open = () => (tls === undefined ? Peer.connect(port) : askForTls(port, "one.example"));
      await using running = await open();
      await begin(running);
      await using full = await open();
      await begin(full);
      await eventually(() => flow.log.records.length === 1);
      expect(flow.log.records[0]).toMatchObject({ reason: "denied-concurrency", route: "db" });
      await using request = await open();
      await request.send(cancelRequest(KEY));
      expect(await request.end()).toBe("fin");
      expect(cancelled(server)).toEqual([KEY]);
      // It took nothing of the limit and gave nothing back.
      request.socket.destroy();
      running.socket.destroy();
      await eventually(async () => (await live(flow)) === 0);
      await using next = await open();
      expect(await begin(next)).toEndWith("I");
    });
  }

  test("gets through to a server that has all the connections it may have", async () => {
    await using server = await startPlayedPostgres();
    const backends = [{ address: server.address, maxConnections: 1 }];
    await using flow = await startFlow({ "db.yaml": { ...route([]), backends } });
    const port = await flow.port("db");
    await using _running = await session(port);
    expect(await cancel(port, KEY)).toBe("fin");
    expect(cancelled(server)).toEqual([KEY]);
  });

  test("from an address that the session's route denies is refused", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server], { deny: ["127.0.0.7"] }) });
    const port = await flow.port("db");
    await using _running = await session(port);
    expect(await cancel(port, KEY, "127.0.0.7")).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "denied-address", route: "db" });
    expect(cancelled(server)).toEqual([]);
  });

  test("when its server is gone ends the client", async () => {
    await using flow = await startFlow({});
    const server = await startPlayedPostgres();
    await flow.write("db.yaml", JSON.stringify(route([server])));
    await flow.reload();
    const port = await flow.port("db");
    await using running = await session(port);
    await server[Symbol.asyncDispose]();
    // The session is not over: its client has not gone.
    expect(await running.end()).toBe("fin");
    expect(await cancel(port, KEY)).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-refused", route: "db" });
  });
});

describe("the key of a session", () => {
  for (const piece of [1, 7]) {
    test(`is found when it comes in pieces of ${piece}`, async () => {
      await using server = await startPlayedPostgres({ piece });
      await using flow = await startFlow({ "db.yaml": route([server]) });
      const port = await flow.port("db");
      await using _running = await session(port);
      expect(await cancel(port, KEY)).toBe("fin");
      expect(cancelled(server)).toEqual([KEY]);
    });
  }

  test("is found after megabytes of notices, also under a bandwidth limit", async () => {
    const before = Array.from({ length: 400 }, () => message("N", `SNOTICE\0M${"x".repeat(10_000)}\0\0`));
    await using server = await startPlayedPostgres({ before, piece: 33_333 });
    for (const more of [{}, { limits: { bandwidth: "100MB/s" } }]) {
      await using flow = await startFlow({ "db.yaml": route([server], more) });
      const port = await flow.port("db");
      await using _running = await session(port);
      expect(await cancel(port, KEY)).toBe("fin");
    }
    expect(cancelled(server)).toEqual([KEY, KEY]);
  });
});

describe("a request to cancel in the clear, of a client whose TLS goes through", () => {
  test("goes to each server that its sessions are with, once, and ends when all have ended", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    await using one = await startPlayedPostgres();
    await using two = await startPlayedPostgres({ cancelling: () => held });
    await using unused = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([one, two, unused], { tls: PASSTHROUGH }) });
    const port = await flow.port("db");
    await using sessions = new AsyncDisposableStack();
    for (let at = 0; at < 5; at++) {
      const peer = sessions.use(await askForTls(port, "one.example"));
      await begin(peer);
    }
    // The third one has sessions of somebody else only.
    expect(unused.starts).toHaveLength(1);
    await flow.view.killWhere({ backend: unused.address });
    await eventually(async () => (await live(flow)) === 4);
    await using request = await Peer.connect(port);
    await request.send(cancelRequest(KEY));
    await eventually(() => cancelled(one).length === 1);
    await eventually(() => flow.log.records.some(({ reason }) => reason === "done"));
    expect(request.ending).toBeUndefined();
    release();
    expect(await request.end()).toBe("fin");
    expect([cancelled(one), cancelled(two), cancelled(unused)]).toEqual([[KEY], [KEY], []]);
    request.finish();
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 0);
    expect(await live(flow)).toBe(4);
    const ids = flow.log.records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("ends with the client that made it, whatever the servers do", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    await using one = await startPlayedPostgres({ cancelling: () => held });
    await using two = await startPlayedPostgres({ cancelling: () => held });
    await using flow = await startFlow({ "db.yaml": route([one, two], { tls: PASSTHROUGH }) });
    const port = await flow.port("db");
    await using sessions = new AsyncDisposableStack();
    for (let at = 0; at < 2; at++) await begin(sessions.use(await askForTls(port, "one.example")));
    await using request = await Peer.connect(port);
    // What follows a request is nobody's business.
    await request.send(Buffer.concat([cancelRequest(KEY), Buffer.from("more")]));
    await eventually(async () => (await live(flow)) === 4);
    request.reset();
    await eventually(async () => (await live(flow)) === 2);
    release();
    await eventually(() => cancelled(one).length + cancelled(two).length === 2);
    expect([cancelled(one), cancelled(two)]).toEqual([[KEY], [KEY]]);
  });

  test("counts by the address in a PROXY header, where there is one", async () => {
    await using server = await startPlayedPostgres();
    const proxyProtocol = { accept: { from: ["127.0.0.1"] } };
    await using flow = await startFlow({ "db.yaml": route([server], { tls: PASSTHROUGH, proxyProtocol }) });
    const port = await flow.port("db");
    await using below = await Peer.connect(port);
    expect(await ask(below, Buffer.concat([header("192.0.2.1"), SSL_REQUEST]))).toBe("S");
    await using running = await beginTls(below, "one.example");
    await begin(running);
    for (const [host, ending] of [
      ["192.0.2.9", "reset"],
      ["192.0.2.1", "fin"],
    ] as const) {
      await using request = await Peer.connect(port);
      await request.send(Buffer.concat([header(host), cancelRequest(KEY)]));
      expect(await request.end()).toBe(ending);
    }
    expect(cancelled(server)).toEqual([KEY]);
  });

  test("is refused to everybody who has no session, and after the last one has ended", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([server], { tls: PASSTHROUGH }) });
    const port = await flow.port("db");
    expect(await cancel(port, KEY)).toBe("reset");
    await using running = await askForTls(port, "one.example");
    await begin(running);
    expect(await cancel(port, KEY, "127.0.0.7")).toBe("reset");
    expect(await cancel(port, KEY)).toBe("fin");
    running.socket.destroy();
    await eventually(async () => (await live(flow)) === 0);
    expect(await cancel(port, KEY)).toBe("reset");
    expect(await refusals(flow)).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(cancelled(server)).toEqual([KEY]);
  });

  test("ends although one of the servers cannot be reached any more", async () => {
    await using one = await startPlayedPostgres();
    await using two = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": route([one, two], { tls: PASSTHROUGH }) });
    const port = await flow.port("db");
    await using first = await askForTls(port, "one.example");
    await using second = await askForTls(port, "one.example");
    await Promise.all([begin(first), begin(second)]);
    await using request = await Peer.connect(port);
    // Both ends of this happen at once: one server goes while it is asked.
    await Promise.all([request.send(cancelRequest(KEY)), two[Symbol.asyncDispose]()]);
    await request.end();
    request.socket.destroy();
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 0);
  });
});
