// A route's `policy`, as it is written in a file: behind TLS, behind a proxy, and while clients wait.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { buildHello, serverName } from "../support/hello-builder.ts";
import { Peer } from "../support/peer.ts";
import { tlsConnect } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow } from "../support/tls-flow.ts";

/** Denies clients for whom all of these hold. */
function denies(...expressions: readonly string[]) {
  return { policy: { on_tcp_connect: [{ name: "no", expressions, actions: [{ type: "deny" }] }] } };
}

const GREETING = "hello";

/** The first word of the backend, or how it ended. */
async function greeting(client: Peer): Promise<string> {
  await client.until(() => client.received > 0 || client.ending !== undefined);
  return client.received > 0 ? client.text.slice(0, GREETING.length) : (client.ending ?? "nothing");
}

describe("a policy of a route", () => {
  test("knows the name that clients ask for whose TLS goes through", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...passes("*.example"), ...denies("conn.tls.sni == 'no.example'") }),
    });
    const port = await flow.port("db");
    for (const [name, expected] of [
      ["yes.example", "hello"],
      ["no.example", "reset"],
    ] as const) {
      await using client = await Peer.connect(port);
      await client.send(buildHello({ extensions: [serverName(name)] }));
      expect(await greeting(client)).toBe(expected);
    }
    expect(backend.peers).toHaveLength(1);
  });

  test("knows version and protocol of clients whose TLS ends here", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, {
        ...ends("one", { alpn: ["pg", "h2"] }),
        ...denies("conn.tls.version == '1.2' || conn.tls.negotiated_alpn == 'h2'"),
      }),
    });
    const port = await flow.port("db");
    const see = async (options: object): Promise<string> => {
      try {
        await using client = await tlsConnect(port, { servername: "one.example", ...options });
        return await greeting(client);
      } catch (cause) {
        // It may be over before the client has finished its part of the handshake.
        return Error.isError(cause) && "code" in cause && cause.code === "ECONNRESET" ? "reset" : String(cause);
      }
    };
    expect(await see({ ALPNProtocols: ["pg"] })).toBe("hello");
    expect(await see({ ALPNProtocols: ["h2"] })).toBe("reset");
    expect(await see({ maxVersion: "TLSv1.2" })).toBe("reset");
    expect(backend.peers).toHaveLength(1);
  });

  test("judges the client that a proxy tells of, and not the proxy", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    const proxyProtocol = { accept: { from: ["127.0.0.1"] } };
    await using flow = await startFlow({
      "db.yaml": routeAt(0, backend, {
        proxyProtocol,
        ...denies("conn.client_ip == '192.0.2.7'", "conn.server_port == 25"),
      }),
    });
    const port = await flow.port("db");
    for (const [header, expected] of [
      ["PROXY TCP4 192.0.2.8 198.51.100.1 1000 25\r\n", "hello"],
      ["PROXY TCP4 192.0.2.7 198.51.100.1 1000 25\r\n", "reset"],
    ] as const) {
      await using client = await Peer.connect(port);
      await client.send(header);
      expect(await greeting(client)).toBe(expected);
    }
  });

  test("knows IPv4 clients by their own addresses on a port of both families", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    const metadata = {
      from: "${conn.client_ip}",
      at: "${conn.server_ip}",
      url: "${endpoint.url}",
      id: "${endpoint.id}",
    };
    const policy = { on_tcp_connect: [{ actions: [{ type: "log", config: { metadata } }] }] };
    await using flow = await startFlow({ "db.yaml": { ...routeAt(0, backend), listen: "[::]:0", policy } });
    const port = await flow.port("db");
    {
      await using client = await Peer.connect(port);
      expect(await greeting(client)).toBe("hello");
    }
    expect((await flow.log.record()).policy?.logs).toEqual([
      { from: "127.0.0.1", at: "127.0.0.1", url: `tcp://127.0.0.1:${port}`, id: "db" },
    ]);
  });

  test("knows when the connection began", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    const metadata = { begin: "${conn.ts.start}", same: "${conn.ts.start == conn.ts.start}" };
    const late = denies("conn.ts.start > timestamp(time.now) || timestamp(time.now) - conn.ts.start > duration('60s')");
    const log = { actions: [{ type: "log", config: { metadata } }] };
    const policy = { on_tcp_connect: [...late.policy.on_tcp_connect, log] };
    await using flow = await startFlow({ "db.yaml": routeAt(0, backend, { policy }) });
    const beforeMs = Date.now() - 1;
    {
      await using client = await Peer.connect(await flow.port("db"));
      expect(await greeting(client)).toBe("hello");
    }
    const [told] = (await flow.log.record()).policy?.logs ?? [];
    expect(told?.["same"]).toBe(true);
    const beganMs = Date.parse(String(told?.["begin"]));
    expect(beganMs).toBeGreaterThanOrEqual(beforeMs);
    expect(beganMs).toBeLessThanOrEqual(Date.now());
  });

  test("comes after the route's own lists and limits, and gives back what was taken", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    await using flow = await startFlow({
      "db.yaml": routeAt(0, backend, {
        deny: ["127.0.0.3"],
        limits: { connections: 1 },
        ...denies("conn.client_ip == '127.0.0.2'"),
      }),
    });
    const port = await flow.port("db");
    const seen: string[] = [];
    for (const localAddress of ["127.0.0.3", "127.0.0.2", "127.0.0.2", "127.0.0.1"]) {
      await using client = await Peer.connect({ host: "127.0.0.1", port, localAddress });
      seen.push(await greeting(client));
    }
    expect(seen).toEqual(["reset", "reset", "reset", "hello"]);
    await eventually(() => flow.log.records.length === 4);
    const reasons = flow.log.records.map(({ reason }) => reason);
    expect(reasons.slice(0, 3)).toEqual(["denied-address", "denied-policy", "denied-policy"]);
  });

  test("that comes while a client waits keeps the client out: nobody has asked it", async () => {
    await using backend = await startBackend(echo);
    const written = { listen: "127.0.0.1:0", backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }] };
    await using flow = await startFlow({ "db.yaml": written });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await first.send("1");
    await first.until(() => first.text === "1");
    await using second = await Peer.connect(port);
    await second.send("2");
    await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsQueued === 1);
    await flow.write("db.yaml", JSON.stringify({ ...written, ...denies("true") }));
    await flow.reload();
    first.reset();
    expect(await greeting(second)).toBe("reset");
    expect(backend.peers).toHaveLength(1);
  });

  test("that stays as it is lets clients go on that waited through a reload", async () => {
    await using backend = await startBackend(echo);
    const policy = denies("conn.client_ip == '127.0.0.2'");
    const written = {
      listen: "127.0.0.1:0",
      backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }],
      ...policy,
    };
    await using flow = await startFlow({ "db.yaml": written });
    await using first = await Peer.connect(await flow.port("db"));
    await first.send("1");
    await first.until(() => first.text === "1");
    await using second = await Peer.connect(await flow.port("db"));
    await second.send("2");
    await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsQueued === 1);
    await flow.write("db.yaml", JSON.stringify({ ...written, timeouts: { idle: "2h" } }));
    await flow.reload();
    first.reset();
    expect(await greeting(second)).toBe("2");
  });

  test("with a mistake keeps the file's last good version in force", async () => {
    await using backend = await startBackend(speaksFirst(GREETING));
    await using flow = await startFlow({ "db.yaml": routeAt(0, backend, denies("conn.client_ip == '127.0.0.2'")) });
    const port = await flow.port("db");
    await flow.write("db.yaml", JSON.stringify(routeAt(0, backend, denies("conn.clientip == '127.0.0.2'"))));
    const { diagnostics } = await flow.reload();
    expect(diagnostics.map(({ code, hint }) => [code, hint])).toEqual([
      ["policy/bad-expression", 'Did you mean "conn.client_ip"?'],
    ]);
    for (const [localAddress, expected] of [
      ["127.0.0.1", "hello"],
      ["127.0.0.2", "reset"],
    ] as const) {
      await using client = await Peer.connect({ host: "127.0.0.1", port, localAddress });
      expect(await greeting(client)).toBe(expected);
    }
  });
});
