// PROXY headers from clients: who is believed, what is refused and how, and what the address in them is used for.

import { describe, expect, test } from "bun:test";
import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { buildHello, serverName } from "../support/hello-builder.ts";
import { Peer } from "../support/peer.ts";
import { tlv, v2 } from "../support/proxy-header.ts";
import { beginTls, clientIdentity } from "../support/tls-peer.ts";
import { deadPort, DEAD_HOST } from "../support/visit.ts";
import { TLS_FIXTURES } from "../support/tls-front.ts";

const LISTEN = "127.0.0.1:0";
const ACCEPT = { accept: { from: ["127.0.0.1"] } };
/** How long a slow client takes, and by how much clocks may differ, in milliseconds. */
const [WAIT_MS, ROUNDING_MS] = [150, 5];
const V1 = "PROXY TCP4 192.0.2.1 192.0.2.2 1000 5432\r\n";

interface Wishes {
  readonly backend: number;
  readonly more?: Readonly<Record<string, unknown>>;
}

function startAccepting({ backend, more = {} }: Wishes): Promise<FlowGateway> {
  return startFlow({
    "db.yaml": { listen: LISTEN, backends: [`127.0.0.1:${backend}`], proxyProtocol: ACCEPT, ...more },
  });
}

/** What a backend that echoes has to say to `bytes`, when a client from `localAddress` sends them. */
async function echoed(port: number, bytes: string | Uint8Array, wanted: string): Promise<string> {
  await using client = await Peer.connect(port);
  await client.send(bytes);
  return await client.read(wanted.length);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A header of version 1 that tells this address. */
function header(host: string, port = 1000): string {
  const [family, destination] = host.includes(":") ? ["TCP6", "2001:db8::2"] : ["TCP4", "192.0.2.2"];
  return `PROXY ${family} ${host} ${destination} ${port} 5432\r\n`;
}

async function greeting(flow: FlowGateway): Promise<number> {
  return (await flow.view.engine()).connectionsGreeting;
}

describe("a PROXY header", () => {
  for (const [name, header] of [
    ["version 1", latin1(V1)],
    ["version 2", v2()],
    ["version 2 with fields", v2({ fields: [tlv(0x02, "db.example"), tlv(0x05, "id"), tlv(0xe0, "own")] })],
  ] as const) {
    test(`${name}: is taken off, at whatever byte it is split, and nothing after it is lost`, async () => {
      await using backend = await startBackend(echo);
      await using flow = await startAccepting({ backend: backend.port });
      const port = await flow.port("db");
      const all = Buffer.concat([header, Buffer.from("hello")]);
      for (let at = 0; at <= all.length; at++) {
        await using client = await Peer.connect(port);
        client.socket.setNoDelay(true);
        await client.send(all.subarray(0, at));
        // Only so that the two do not meet in one read; either way is right.
        await new Promise((resolve) => setImmediate(resolve));
        await client.send(all.subarray(at));
        expect(await client.read(5)).toBe("hello");
      }
      expect(await greeting(flow)).toBe(0);
    });

    test(`${name}: may come byte by byte`, async () => {
      await using backend = await startBackend(echo);
      await using flow = await startAccepting({ backend: backend.port });
      await using client = await Peer.connect(await flow.port("db"));
      client.socket.setNoDelay(true);
      for (const byte of header) {
        await client.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.send("hello");
      expect(await client.read(5)).toBe("hello");
      client.finish();
      expect(await flow.log.record()).toMatchObject({
        client: "192.0.2.1:1000",
        proxySource: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        bytesIn: 5,
        reason: "done",
      });
    });
  }

  test("is followed by whatever the server says first, without a byte of the client's", async () => {
    await using backend = await startBackend(speaksFirst("5.7.0 MySQL"));
    await using flow = await startAccepting({ backend: backend.port });
    expect(await echoed(await flow.port("db"), V1, "5.7.0 MySQL")).toBe("5.7.0 MySQL");
  });

  test("may have a large payload in its own segment", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port });
    await using client = await Peer.connect(await flow.port("db"));
    const body = "0123456789abcdef".repeat(64 * 1024);
    const sent = client.send(V1 + body);
    expect(await client.read(body.length)).toBe(body);
    await sent;
  });

  test("of a source that is not listed is the client's own bytes", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port });
    await using client = await Peer.connect({
      port: await flow.port("db"),
      host: "127.0.0.1",
      localAddress: "127.0.0.7",
    });
    await client.send(V1);
    expect(await client.read(V1.length)).toBe(V1);
    client.finish();
    const record = await flow.log.record();
    expect(record.client).toStartWith("127.0.0.7:");
    expect(record.proxySource).toBeUndefined();
  });

  test("is not waited for from a source that is not listed: the server may speak first", async () => {
    await using backend = await startBackend(speaksFirst("hi"));
    await using flow = await startAccepting({ backend: backend.port });
    await using client = await Peer.connect({
      port: await flow.port("db"),
      host: "127.0.0.1",
      localAddress: "127.0.0.7",
    });
    expect(await client.read(2)).toBe("hi");
  });

  test("is taken off once: a second one goes to the backend", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port });
    expect(await echoed(await flow.port("db"), V1 + V1, V1)).toBe(V1);
  });
});

describe("what is no good PROXY header", () => {
  const cases: readonly (readonly [
    what: string,
    bytes: string | Uint8Array,
    reason: string,
    detail: string | undefined,
    versions?: "v1" | "v2",
  ])[] = [
    ["none at all", "hello", "proxy-header-missing", undefined],
    ["a TLS hello", Uint8Array.of(22, 3, 1, 0, 5), "proxy-header-missing", undefined],
    ["an address that is none", "PROXY TCP4 192.0.2.256 ", "proxy-header-malformed", "IPv4 address"],
    ["a line without an end", `PROXY UNKNOWN ${"x".repeat(200)}`, "proxy-header-malformed", "No CRLF within 107 bytes"],
    ["version 2 where version 1 is wanted", v2(), "proxy-header-malformed", "expected version 1", "v1"],
    ["version 1 where version 2 is wanted", V1, "proxy-header-malformed", "expected version 2", "v2"],
    ["a version that there is not", v2({ command: "31" }), "proxy-header-malformed", "Expected version 2"],
    ["datagrams", v2({ family: "12" }), "proxy-header-malformed", "datagrams"],
    ["a block that is too large", v2({ length: 65_535 }), "proxy-header-malformed", "more than 4096 bytes"],
    ["a wrong checksum", v2({ fields: [tlv(3, { hex: "00000001" })] }), "proxy-header-malformed", "checksum is wrong"],
    ["a field that ends early", v2({ fields: ["0200ff41"] }), "proxy-header-malformed", ""],
  ];
  for (const [what, bytes, reason, detail, versions] of cases) {
    test(`${what}: the client is reset, and that is told`, async () => {
      await using backend = await startBackend(echo);
      const proxyProtocol = { accept: { ...ACCEPT.accept, ...(versions === undefined ? {} : { versions }) } };
      await using flow = await startAccepting({ backend: backend.port, more: { proxyProtocol } });
      await using client = await Peer.connect(await flow.port("db"));
      await client.send(bytes);
      expect(await client.end()).toBe("reset");
      const record = await flow.log.record();
      expect(record).toMatchObject({ reason, route: "", bytesIn: 0 });
      if (detail !== undefined) expect(record.detail).toContain(detail);
      expect(record.client).toStartWith("127.0.0.1:");
      const engine = await flow.view.engine();
      expect(engine.connectionsUnrouted).toEqual({ [reason]: 1 });
      expect(engine.connectionsGreeting).toBe(0);
      expect(backend.peers).toHaveLength(0);
    });
  }

  test("a client that stops within a header is ended by its time, and so is one that says nothing", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port, more: { timeouts: { hello: "100ms" } } });
    const port = await flow.port("db");
    await using silent = await Peer.connect(port);
    await using slow = await Peer.connect(port);
    await slow.send(V1.slice(0, -1));
    expect([await silent.end(), await slow.end()]).toEqual(["reset", "reset"]);
    await flow.log.record(1);
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["hello-timeout", "hello-timeout"]);
  });

  test("a client that ends within a header is told of as such, and one that only looked is not", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port });
    const port = await flow.port("db");
    await using half = await Peer.connect(port);
    await half.send("PROXY TCP4 ");
    half.finish();
    expect(await half.end()).toBe("reset");
    await using looked = await Peer.connect(port);
    looked.finish();
    await looked.end();
    await flow.log.record(1);
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["proxy-header-malformed", "done"]);
    expect(await greeting(flow)).toBe(0);
  });
});

describe("a PROXY header that tells no address", () => {
  const LOCAL = v2({ command: "20", family: "00", addresses: "" });
  const UNIX = v2({ family: "31", addresses: "2f".padEnd(2 * 216, "0") });
  for (const [what, header] of [
    ["LOCAL", LOCAL],
    ["LOCAL with an address", v2({ command: "20" })],
    ["UNKNOWN", latin1("PROXY UNKNOWN\r\n")],
    ["UNKNOWN with an address", latin1("PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n")],
    ["an unspecified family", v2({ family: "00", addresses: "" })],
    ["a unix socket", UNIX],
  ] as const) {
    test(`${what}: the real one counts`, async () => {
      await using backend = await startBackend(echo);
      await using flow = await startAccepting({ backend: backend.port, more: { allow: ["127.0.0.1"] } });
      await using client = await Peer.connect(await flow.port("db"));
      await client.send(Buffer.concat([header, Buffer.from("hello")]));
      expect(await client.read(5)).toBe("hello");
      const [connection] = await flow.view.connections({}, undefined, 10);
      const port = client.socket.localPort;
      expect(connection).toMatchObject({ client: `127.0.0.1:${port}`, proxySource: `127.0.0.1:${port}` });
    });
  }
});

describe("the address in a PROXY header", () => {
  test("is what allow and deny are about, not the proxy's", async () => {
    await using backend = await startBackend(echo);
    const more = { allow: ["192.0.2.0/24", "2001:db8::/32"], deny: ["192.0.2.66"] };
    await using flow = await startAccepting({ backend: backend.port, more });
    const port = await flow.port("db");
    for (const host of ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.5"]) {
      expect(await echoed(port, `${header(host)}hello`, "hello")).toBe("hello");
    }
    await flow.log.record(2);
    for (const host of ["192.0.2.66", "198.51.100.1", "::ffff:192.0.2.66", "2001:db9::1"]) {
      expect(await echoed(port, `${header(host)}hello`, "hello")).toBe("");
    }
    await flow.log.record(6);
    expect(flow.log.records.map(({ client, reason }) => `${client} ${reason}`).slice(3)).toEqual([
      "192.0.2.66:1000 denied-address",
      "198.51.100.1:1000 denied-address",
      "192.0.2.66:1000 denied-address",
      "[2001:db9::1]:1000 denied-address",
    ]);
    expect(await greeting(flow)).toBe(0);
  });

  test("is what match.sources is about", async () => {
    await using near = await startBackend(speaksFirst("near"));
    await using far = await startBackend(speaksFirst("far!"));
    await using flow = await startFlow({
      "near.yaml": {
        listen: "127.0.0.1:0",
        match: { sources: ["192.0.2.0/24"] },
        backends: [`127.0.0.1:${near.port}`],
        proxyProtocol: ACCEPT,
      },
    });
    const port = await flow.port("near");
    await flow.write(
      "far.yaml",
      JSON.stringify({ listen: `127.0.0.1:${port}`, backends: [`127.0.0.1:${far.port}`], proxyProtocol: ACCEPT }),
    );
    await flow.write(
      "near.yaml",
      JSON.stringify({
        listen: `127.0.0.1:${port}`,
        match: { sources: ["192.0.2.0/24"] },
        backends: [`127.0.0.1:${near.port}`],
        proxyProtocol: ACCEPT,
      }),
    );
    await flow.reload();
    expect(await echoed(port, header("192.0.2.1"), "near")).toBe("near");
    expect(await echoed(port, header("198.51.100.1"), "far!")).toBe("far!");
  });

  test("is what a limit per source counts, which gives back what was refused", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port, more: { limits: { perSource: 1 } } });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await first.send(`${header("192.0.2.1")}hello`);
    expect(await first.read(5)).toBe("hello");
    expect(await echoed(port, `${header("192.0.2.1")}hello`, "hello")).toBe("");
    expect(await echoed(port, `${header("192.0.2.2")}hello`, "hello")).toBe("hello");
    first.finish();
    await first.end();
    await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsActive === 0);
    expect(await echoed(port, `${header("192.0.2.1")}hello`, "hello")).toBe("hello");
    expect((await flow.view.engine()).routes[0]?.limited).toEqual({ "perSource.connections": 1 });
  });

  test("is what source-hash goes by", async () => {
    await using one = await startBackend(speaksFirst("1"));
    await using two = await startBackend(speaksFirst("2"));
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${one.port}`, `127.0.0.1:${two.port}`],
        balance: "source-hash",
        proxyProtocol: ACCEPT,
      },
    });
    const port = await flow.port("db");
    const answers = new Set<string>();
    for (let host = 1; host <= 32; host++) {
      const first = await echoed(port, header(`192.0.2.${host}`, 1), "1");
      expect(await echoed(port, header(`192.0.2.${host}`, 2), "1")).toBe(first);
      answers.add(first);
    }
    expect(answers).toEqual(new Set(["1", "2"]));
  });

  test("is what connections are listed and killed by", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port });
    const port = await flow.port("db");
    await using v4 = await Peer.connect(port);
    await v4.send(`${header("192.0.2.1")}a`);
    await using v6 = await Peer.connect(port);
    await v6.send(`${header("2001:db8::1")}a`);
    await Promise.all([v4.read(1), v6.read(1)]);
    const listed = await flow.view.connections({}, undefined, 10);
    expect(listed.map(({ client }) => client)).toEqual(["192.0.2.1:1000", "[2001:db8::1]:1000"]);
    expect(listed.map(({ proxySource }) => proxySource)).toEqual([
      `127.0.0.1:${v4.socket.localPort}`,
      `127.0.0.1:${v6.socket.localPort}`,
    ]);
    expect(await flow.view.killWhere({ source: "127.0.0.1" })).toBe(0);
    expect(await flow.view.killWhere({ source: "2001:db8::/32" })).toBe(1);
    expect(await v6.end()).toBe("reset");
    expect(v4.ending).toBeUndefined();
  });

  test("comes from a proxy that is IPv4 although the listener is for both families", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startAccepting({ backend: backend.port, more: { listen: 0 } });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(`${header("192.0.2.1")}hello`);
    expect(await client.read(5)).toBe("hello");
    client.finish();
    expect(await flow.log.record()).toMatchObject({
      client: "192.0.2.1:1000",
      proxySource: `127.0.0.1:${client.socket.localPort}`,
    });
  });
});

test("the time that a client takes for its header is not the backend's", async () => {
  await using backend = await startBackend(echo);
  await using flow = await startAccepting({ backend: backend.port });
  await using client = await Peer.connect(await flow.port("db"));
  await Bun.sleep(WAIT_MS);
  await client.send(`${V1}hello`);
  await client.read(5);
  client.finish();
  const { durationMs, connectMs = Number.POSITIVE_INFINITY } = await flow.log.record();
  expect(durationMs - connectMs).toBeGreaterThanOrEqual(WAIT_MS - ROUNDING_MS);
});

test("limits have back what they gave to a client that gets no backend", async () => {
  const more = { backends: [`${DEAD_HOST}:${await deadPort()}`], limits: { connections: 1, perSource: 1 } };
  await using flow = await startAccepting({ backend: 0, more });
  const port = await flow.port("db");
  for (let round = 0; round < 3; round++) expect(await echoed(port, `${V1}hello`, "hello")).toBe("");
  await flow.log.record(2);
  expect(flow.log.records.map(({ reason }) => reason)).toEqual(["dial-refused", "dial-refused", "dial-refused"]);
});

test("a client whose route is removed while it is being received is ended, and nothing breaks", async () => {
  await using backend = await startBackend(echo);
  await using flow = await startAccepting({ backend: backend.port });
  await using client = await Peer.connect(await flow.port("db"));
  await client.send("PROXY ");
  await eventually(async () => (await greeting(flow)) === 1);
  await flow.remove("db.yaml");
  await flow.reload();
  await client.send(`${V1.slice("PROXY ".length)}hello`);
  await client.end();
  await flow.log.record();
  expect(flow.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(await greeting(flow)).toBe(0);
});

describe("TLS behind a PROXY header", () => {
  const HEADER = Buffer.from(V1);

  test("that shows no certificate gives back what limits gave it before the handshake", async () => {
    await using backend = await startBackend(echo);
    const tls = {
      mode: "terminate",
      certificate: TLS_FIXTURES.at("one.pem"),
      key: TLS_FIXTURES.at("one.key"),
      clientAuth: { mode: "require", ca: TLS_FIXTURES.at("ca.pem") },
    };
    const more = { tls, limits: { connections: 1, perSource: 1 } };
    await using flow = await startAccepting({ backend: backend.port, more });
    const port = await flow.port("db");
    for (let round = 0; round < 2; round++) {
      await using below = await Peer.connect(port);
      await below.send(HEADER);
      await beginTls(below, "one.example").catch(() => undefined);
      await flow.log.record(round);
    }
    await using below = await Peer.connect(port);
    await below.send(HEADER);
    await using client = await beginTls(below, "one.example", await clientIdentity());
    await client.send("hello");
    expect(await client.read(5)).toBe("hello");
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["client-cert-invalid", "client-cert-invalid"]);
  });

  test("is chosen by its name and ended here, with what the header says of the client", async () => {
    await using backend = await startBackend(echo);
    const tls = {
      mode: "terminate",
      hostnames: ["one.example"],
      certificate: TLS_FIXTURES.at("one.pem"),
      key: TLS_FIXTURES.at("one.key"),
      clientAuth: { mode: "require", ca: TLS_FIXTURES.at("ca.pem") },
    };
    await using flow = await startAccepting({ backend: backend.port, more: { tls, allow: ["192.0.2.1"] } });
    await using below = await Peer.connect(await flow.port("db"));
    await below.send(HEADER);
    await using client = await beginTls(below, "one.example", await clientIdentity());
    await client.send("hello");
    expect(await client.read(5)).toBe("hello");
    const [connection] = await flow.view.connections({}, undefined, 10);
    expect(connection).toMatchObject({
      client: "192.0.2.1:1000",
      proxySource: `127.0.0.1:${below.socket.localPort}`,
      sni: "one.example",
      clientCert: "billing",
    });
  });

  test("goes through by its name when it is not ended here; a denied address never gets that far", async () => {
    await using backend = await startBackend();
    const tls = { mode: "passthrough", hostnames: ["one.example"] };
    await using flow = await startAccepting({ backend: backend.port, more: { tls, deny: ["198.51.100.0/24"] } });
    const port = await flow.port("db");
    const hello = Buffer.from(buildHello({ extensions: [serverName("one.example")] }));
    await using client = await Peer.connect(port);
    await client.send(Buffer.concat([HEADER, hello]));
    const peer = await backend.peer();
    await peer.read(hello.length);
    expect(peer.bytes).toEqual(hello);
    await using denied = await Peer.connect(port);
    await denied.send("PROXY TCP4 198.51.100.1 192.0.2.2 1000 5432\r\n");
    await denied.send(hello);
    expect(await denied.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({
      client: "198.51.100.1:1000",
      reason: "denied-address",
      sni: "one.example",
    });
    expect(backend.peers).toHaveLength(1);
  });
});
