// PostgreSQL clients through the gateway: how they ask for TLS, and which backend they get.

import { describe, expect, test } from "bun:test";
import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { alpn, buildHello, serverName } from "../support/hello-builder.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";
import { type PlayedPostgres, startPlayedPostgres } from "../support/played-postgres.ts";
import { ask, askForTls, begin, GSS_REQUEST, SSL_REQUEST, STARTUP, startup } from "../support/postgres-client.ts";
import { TLS_FIXTURES } from "../support/tls-front.ts";
import { beginTls, clientIdentity } from "../support/tls-peer.ts";

const LISTEN = "127.0.0.1:0";
const READY = "Z\0\0\0\x05I";
const CA = TLS_FIXTURES.at("ca.pem");

type Route = Readonly<Record<string, unknown>>;

function plain(backend: PlayedPostgres, more: Route = {}): Route {
  return { listen: LISTEN, protocol: "postgres", backends: [backend.address], ...more };
}

function passthrough(backend: PlayedPostgres, name = "one.example", more: Route = {}): Route {
  return plain(backend, { tls: { mode: "passthrough", hostnames: [name] }, ...more });
}

function terminate(backend: PlayedPostgres, more: Route = {}): Route {
  return plain(backend, { tls: identity("one"), ...more });
}

function identity(name: string): Route {
  const [certificate, key] = [TLS_FIXTURES.at(`${name}.pem`), TLS_FIXTURES.at(`${name}.key`)];
  return { mode: "terminate", hostnames: [`${name}.example`], certificate, key };
}

/** Fields of an error response by their letters. */
function errorOf(bytes: Buffer): Readonly<Record<string, string>> {
  expect(bytes.toString("latin1", 0, 1)).toBe("E");
  expect(bytes.readUInt32BE(1)).toBe(bytes.length - 1);
  const fields = bytes.toString("utf8", 5, bytes.length - 2).split("\0");
  return Object.fromEntries(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

describe("a request for encryption", () => {
  test("is granted for TLS and refused for GSSAPI, in this order", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    await using below = await Peer.connect(await flow.port("db"));
    expect(await ask(below, GSS_REQUEST)).toBe("N");
    expect(await ask(below, SSL_REQUEST)).toBe("S");
    await using client = await beginTls(below, "one.example");
    expect(await begin(client)).toEndWith(READY);
  });

  test("is refused for both where no route speaks TLS, in either order, and the client goes on in the clear", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": plain(server) });
    const port = await flow.port("db");
    for (const packets of [[SSL_REQUEST], [GSS_REQUEST], [SSL_REQUEST, GSS_REQUEST], [GSS_REQUEST, SSL_REQUEST]]) {
      await using client = await Peer.connect(port);
      for (const packet of packets) expect(await ask(client, packet)).toBe("N");
      const text = await begin(client);
      expect(text.slice(packets.length)).toStartWith("R");
      expect(text).toEndWith(READY);
    }
    // The backend hears nothing of what was asked here.
    expect(new Set(server.firsts)).toEqual(new Set([Buffer.from(STARTUP).toString("hex")]));
  });

  test("may be split anywhere", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": plain(server) });
    const port = await flow.port("db");
    for (let at = 1; at < SSL_REQUEST.length; at++) {
      await using client = await Peer.connect(port);
      client.socket.setNoDelay(true);
      await client.send(SSL_REQUEST.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      expect(await ask(client, SSL_REQUEST.subarray(at))).toBe("N");
      expect(await begin(client)).toEndWith(READY);
    }
  });

  for (const [what, packets] of [
    ["TLS", [SSL_REQUEST, SSL_REQUEST]],
    ["GSSAPI", [GSS_REQUEST, GSS_REQUEST]],
    ["GSSAPI, TLS, GSSAPI", [GSS_REQUEST, SSL_REQUEST, GSS_REQUEST]],
  ] as const) {
    test(`cannot be repeated: ${what}`, async () => {
      await using server = await startPlayedPostgres();
      await using flow = await startFlow({ "db.yaml": plain(server) });
      await using client = await Peer.connect(await flow.port("db"));
      for (const packet of packets.slice(0, -1)) expect(await ask(client, packet)).toBe("N");
      expect(await ask(client, packets.at(-1) ?? SSL_REQUEST)).toBe("reset");
      expect(await flow.log.record()).toMatchObject({
        reason: "hello-malformed",
        detail: "A request for encryption out of place",
      });
    });
  }

  test("cannot be made within TLS", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    for (const packet of [SSL_REQUEST, GSS_REQUEST]) {
      await using client = await askForTls(await flow.port("db"), "one.example");
      await client.send(packet);
      await client.until(() => client.closed || client.ending !== undefined);
    }
    await flow.log.record(1);
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["hello-malformed", "hello-malformed"]);
    expect(server.starts).toHaveLength(0);
  });

  test("with more bytes after it is refused: they would pass as encrypted", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await ask(client, Buffer.concat([SSL_REQUEST, STARTUP]))).toBe("reset");
    expect(await flow.log.record()).toMatchObject({
      reason: "hello-malformed",
      detail: "Bytes in the clear after the request for TLS",
    });
    expect(server.firsts).toHaveLength(0);
  });

  test("that is granted must be followed by TLS", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await ask(client, SSL_REQUEST)).toBe("S");
    expect(await ask(client, STARTUP)).toBe("reset");
    expect(await flow.log.record()).toMatchObject({
      reason: "hello-malformed",
      detail: "Not TLS, although TLS was asked for",
    });
  });

  test("must come from a PostgreSQL client", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": plain(server) });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await ask(client, Buffer.from("GET / HTTP/1.1\r\n"))).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "hello-malformed", detail: "Not a PostgreSQL client" });
  });
});

describe("a PROXY header before PostgreSQL", () => {
  const HEADER = Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 1000 5432\r\n");
  const accept = { proxyProtocol: { accept: { from: ["127.0.0.1"] } } };

  test("may be in one segment with a request for TLS, or with a session in the clear", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server, accept) });
    await using below = await Peer.connect(await flow.port("db"));
    expect(await ask(below, Buffer.concat([HEADER, SSL_REQUEST]))).toBe("S");
    await using client = await beginTls(below, "one.example");
    expect(await begin(client)).toEndWith(READY);
    expect((await flow.view.connections({}, undefined, 1))[0]).toMatchObject({ client: "192.0.2.1:1000" });

    await using other = await startFlow({ "db.yaml": plain(server, accept) });
    await using open = await Peer.connect(await other.port("db"));
    expect(await begin(open, Buffer.concat([HEADER, STARTUP]))).toEndWith(READY);
    expect(server.firsts).toHaveLength(2);
  });

  test("does not make more bytes after a request for TLS any better", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server, accept) });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await ask(client, Buffer.concat([HEADER, SSL_REQUEST, STARTUP]))).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "hello-malformed", client: "192.0.2.1:1000" });
  });
});

describe("TLS from the first byte on", () => {
  test("is for clients that say by ALPN that they speak PostgreSQL", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    await using below = await Peer.connect(await flow.port("db"));
    await using client = await beginTls(below, "one.example", { ALPNProtocols: ["postgresql"] });
    expect(await begin(client)).toEndWith(READY);
  });

  for (const protocols of [[], ["http/1.1", "h2"]]) {
    test(`is refused to others, such as ${protocols.join(" ") || "those that say nothing"}`, async () => {
      await using server = await startPlayedPostgres();
      await using flow = await startFlow({ "db.yaml": passthrough(server) });
      await using client = await Peer.connect(await flow.port("db"));
      const extensions = [serverName("one.example"), ...(protocols.length === 0 ? [] : [alpn(...protocols)])];
      await client.send(buildHello({ extensions }));
      expect(await client.end()).toBe("reset");
      expect(await flow.log.record()).toMatchObject({
        reason: "hello-malformed",
        detail: 'TLS from the first byte on without the protocol "postgresql"',
      });
      expect(server.firsts).toHaveLength(0);
    });
  }

  test("goes through to a backend that is asked for TLS before it", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": passthrough(server) });
    await using below = await Peer.connect(await flow.port("db"));
    await using client = await beginTls(below, "one.example", { ALPNProtocols: ["postgresql"] });
    expect(await begin(client)).toEndWith(READY);
    expect(server.firsts).toEqual([Buffer.from(SSL_REQUEST).toString("hex")]);
  });
});

describe("several databases on one port", () => {
  test("are told apart by name where TLS goes through: each backend is asked for TLS and shakes hands itself", async () => {
    await using one = await startPlayedPostgres();
    await using two = await startPlayedPostgres({ identity: "two" });
    await using flow = await startFlow({ "one.yaml": passthrough(one) });
    const port = await flow.port("one");
    const listen = `127.0.0.1:${port}`;
    await flow.write("one.yaml", JSON.stringify(passthrough(one, "one.example", { listen })));
    await flow.write("two.yaml", JSON.stringify(passthrough(two, "two.example", { listen })));
    await flow.reload();
    await using first = await askForTls(port, "one.example");
    await using second = await askForTls(port, "two.example");
    expect(await begin(first, startup("alice"))).toEndWith(READY);
    expect(await begin(second, startup("bob"))).toEndWith(READY);
    expect(one.starts).toEqual([{ kind: "session", sni: "one.example", what: "alice" }]);
    expect(two.starts).toEqual([{ kind: "session", sni: "two.example", what: "bob" }]);
    await using none = await Peer.connect(port);
    expect(await ask(none, SSL_REQUEST)).toBe("S");
    await none.send(buildHello({ extensions: [serverName("three.example")] }));
    expect(await none.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "no-route", sni: "three.example" });
  });

  test("may be in the clear for one and in TLS for the others", async () => {
    await using clear = await startPlayedPostgres();
    await using secret = await startPlayedPostgres();
    await using flow = await startFlow({ "clear.yaml": plain(clear) });
    const port = await flow.port("clear");
    const listen = `127.0.0.1:${port}`;
    await flow.write("clear.yaml", JSON.stringify(plain(clear, { listen })));
    await flow.write("secret.yaml", JSON.stringify(terminate(secret, { listen })));
    await flow.reload();
    await using open = await Peer.connect(port);
    expect(await begin(open)).toEndWith(READY);
    await using closed = await askForTls(port, "one.example");
    expect(await begin(closed)).toEndWith(READY);
    expect([clear.starts.length, secret.starts.length]).toEqual([1, 1]);
  });
});

describe("a backend that is asked for TLS", () => {
  for (const [what, answer, detail] of [
    ["refuses it", "N", "The server does not offer TLS"],
    ["answers with an error", "E\0\0\0\x0dMsorry\0\0", 'The server refuses to begin TLS: "Msorry"'],
    ["answers with something else", "HTTP/1.1 400", 'Not a PostgreSQL server: "HTTP/1.1 400"'],
    ["goes on in the clear after it has agreed", "SZ\0\0\0\x05I", "bytes in the clear"],
  ] as const) {
    test(`and ${what} has failed, and the next one is tried`, async () => {
      await using wrong = await startPlayedPostgres({ answer });
      await using right = await startPlayedPostgres();
      const backends = [wrong.address, { address: right.address, backup: true }];
      await using flow = await startFlow({ "db.yaml": passthrough(right, "one.example", { backends }) });
      await using client = await askForTls(await flow.port("db"), "one.example");
      expect(await begin(client)).toEndWith(READY);
      expect([wrong.firsts.length, right.starts.length]).toEqual([1, 1]);
      const line = await flow.log.line("dial-failed");
      expect(line).toMatchObject({ level: "warn", fields: { reason: "dial-failed" } });
      expect(line.message).toContain(detail);
    });
  }

  test("and is the only one ends the client with the reason", async () => {
    await using wrong = await startPlayedPostgres({ answer: "N" });
    await using flow = await startFlow({ "db.yaml": passthrough(wrong) });
    await expect(askForTls(await flow.port("db"), "one.example")).rejects.toThrow();
    expect(await flow.log.record()).toMatchObject({ reason: "dial-failed", sni: "one.example" });
  });

  test("and says nothing runs into the connect timeout", async () => {
    await using silent = await startBackend();
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        protocol: "postgres",
        tls: { mode: "passthrough", hostnames: ["one.example"] },
        backends: [`127.0.0.1:${silent.port}`],
        timeouts: { connect: "200ms" },
      },
    });
    await expect(askForTls(await flow.port("db"), "one.example")).rejects.toThrow();
    expect(await flow.log.record()).toMatchObject({ reason: "dial-timeout" });
    const peer = await silent.peer();
    expect(await peer.end()).toBe("reset");
  });

  test("hears a PROXY header before, again with each one that is tried", async () => {
    await using wrong = await startBackend((peer) => {
      void peer.until(() => peer.text.includes("\x04\xd2\x16\x2f")).then(() => peer.socket.write("N"));
    });
    await using right = await startBackend();
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        protocol: "postgres",
        tls: { mode: "passthrough", hostnames: ["one.example"] },
        proxyProtocol: { send: 1 },
        backends: [`127.0.0.1:${wrong.port}`, { address: `127.0.0.1:${right.port}`, backup: true }],
      },
    });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await ask(client, SSL_REQUEST)).toBe("S");
    await client.send(buildHello({ extensions: [serverName("one.example")] }));
    const first = await wrong.peer();
    await first.end();
    const second = await right.peer();
    await second.until(() => second.text.includes("\x2f"));
    const [line, request] = first.text.split("\r\n");
    expect(line).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/);
    expect(request).toBe(Buffer.from(SSL_REQUEST).toString("latin1"));
    expect(second.text).toBe(first.text);
  });
});

describe("TLS that ends here", () => {
  test("leaves the backend a session in the clear, which nobody asked for TLS", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": terminate(server) });
    await using client = await askForTls(await flow.port("db"), "one.example");
    const text = await begin(client);
    expect(text).toEndWith(READY);
    await client.send("a query");
    expect(await client.read(text.length + 7)).toEndWith("a query");
    expect(server.firsts).toEqual([Buffer.from(STARTUP).toString("hex")]);
    expect(server.starts).toEqual([{ kind: "session", sni: null, what: "alice" }]);
  });

  test("begins anew with upstreamTls, which is asked for", async () => {
    await using server = await startPlayedPostgres();
    const upstreamTls = { ca: CA, serverName: "one.example" };
    await using flow = await startFlow({ "db.yaml": terminate(server, { upstreamTls }) });
    await using client = await askForTls(await flow.port("db"), "one.example");
    expect(await begin(client)).toEndWith(READY);
    expect(server.firsts).toEqual([Buffer.from(SSL_REQUEST).toString("hex")]);
    expect(server.starts).toEqual([{ kind: "session", sni: "one.example", what: "alice" }]);
  });

  test("tells a client inside of TLS that its certificate is not wanted", async () => {
    await using server = await startPlayedPostgres();
    const tls = { ...identity("one"), clientAuth: { mode: "require", ca: CA } };
    await using flow = await startFlow({ "db.yaml": terminate(server, { tls }) });
    const port = await flow.port("db");
    await using none = await askForTls(port, "one.example");
    expect(await none.end()).toBe("fin");
    expect(errorOf(none.bytes)).toEqual({
      S: "FATAL",
      V: "FATAL",
      C: "28000",
      M: "the client certificate is not accepted: No certificate",
    });
    await using stranger = await askForTls(port, "one.example", await clientIdentity("stranger"));
    expect(await stranger.end()).toBe("fin");
    expect(errorOf(stranger.bytes)["M"]).toStartWith("the client certificate is not accepted: ");
    await flow.log.record(1);
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["client-cert-invalid", "client-cert-invalid"]);
    expect(server.firsts).toHaveLength(0);
    await using good = await askForTls(port, "one.example", await clientIdentity());
    expect(await begin(good)).toEndWith(READY);
  });

  test("tells a client inside of TLS that the route is not for it", async () => {
    await using server = await startPlayedPostgres();
    const clientAuth = { mode: "require", ca: CA, allow: { dnsNames: ["reporting.apps.example.com"] } };
    await using flow = await startFlow({ "db.yaml": terminate(server, { tls: { ...identity("one"), clientAuth } }) });
    await using client = await askForTls(await flow.port("db"), "one.example", await clientIdentity());
    expect(await client.end()).toBe("fin");
    expect(errorOf(client.bytes)).toMatchObject({ C: "28000", M: "the client certificate is not allowed here" });
    expect(await flow.log.record()).toMatchObject({ reason: "denied-certificate", route: "db", clientCert: "billing" });
  });

  test("is refused by the route that has mistakes and would take its certificate, not let into the other", async () => {
    await using server = await startPlayedPostgres();
    const tls = { ...identity("one"), clientAuth: { mode: "require", ca: CA } };
    const port = freePort();
    const listen = `127.0.0.1:${port}`;
    const match = { clientCert: { commonNames: ["billing"] } };
    await using flow = await startFlow({
      "db.yaml": terminate(server, { tls, listen }),
      "billing.yaml": terminate(server, { tls: { ...tls, certificate: "/nowhere.pem" }, listen, match }),
    });
    await using client = await askForTls(port, "one.example", await clientIdentity());
    await client.end();
    const detail = "The route has mistakes: see its diagnostics";
    expect(await flow.log.record()).toMatchObject({ reason: "denied-certificate", route: "billing", detail });
    expect(server.firsts).toHaveLength(0);
  });
});

describe("a session in the clear", () => {
  test("goes to a backend with upstreamTls in TLS", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({
      "db.yaml": plain(server, { upstreamTls: { ca: CA, serverName: "one.example" } }),
    });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await begin(client)).toEndWith(READY);
    expect(server.starts).toEqual([{ kind: "session", sni: "one.example", what: "alice" }]);
  });

  test("is told that the port wants TLS where all routes do, and can read that", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({ "db.yaml": passthrough(server) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(STARTUP);
    expect(await client.end()).toBe("fin");
    expect(errorOf(client.bytes)).toEqual({
      S: "FATAL",
      V: "FATAL",
      C: "08004",
      M: "this port wants TLS: connect with sslmode=require or stronger",
    });
    expect((await flow.view.engine()).connectionsGreeting).toBe(1);
    client.finish();
    await client.until(() => client.closed);
    expect(await flow.log.record()).toMatchObject({ reason: "no-route", detail: "No TLS", route: "" });
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 0);
    expect((await flow.view.engine()).connectionsUnrouted).toEqual({ "no-route": 1 });
    expect(flow.log.records).toHaveLength(1);
  });

  test("that was refused and does not go away is ended by its time", async () => {
    await using server = await startPlayedPostgres();
    await using flow = await startFlow({
      "db.yaml": passthrough(server, "one.example", { timeouts: { hello: "100ms" } }),
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(STARTUP);
    await client.end();
    await client.until(() => client.closed);
    await eventually(async () => (await flow.view.engine()).connectionsGreeting === 0);
    expect(flow.log.records).toHaveLength(1);
  });
});
