// PROXY headers to backends: what they say, and that they come before everything else.

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProxyHeader } from "../../src/wire/proxy-header.ts";
import { readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { buildHello, serverName } from "../support/hello-builder.ts";
import { Peer } from "../support/peer.ts";
import { SIGNATURE, tlv, v2 } from "../support/proxy-header.ts";
import { TLS_FIXTURES } from "../support/tls-front.ts";
import { beginTls, clientIdentity } from "../support/tls-peer.ts";
import { deadPort, DEAD_HOST } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

interface Heard {
  readonly header: ProxyHeader;
  /** The header as it was sent. */
  readonly bytes: Buffer;
  readonly rest: Buffer;
}

/** What a backend heard: a header, and at least `length` bytes after it. */
async function heard(backend: Backend, length: number, index = 0): Promise<Heard> {
  const peer = await backend.peer(index);
  for (let wanted = 1; ; wanted++) {
    await peer.read(wanted);
    const verdict = readProxyHeader(peer.bytes, "any");
    if (verdict === "more") continue;
    if (verdict.kind !== "header") throw new Error(Bun.inspect(verdict));
    await peer.read(verdict.length + length);
    const all = peer.bytes;
    return { header: verdict.header, bytes: all.subarray(0, verdict.length), rest: all.subarray(verdict.length) };
  }
}

function route(backends: readonly (Backend | string)[], more: Readonly<Record<string, unknown>> = {}) {
  const addresses = backends.map((each) => (typeof each === "string" ? each : `127.0.0.1:${each.port}`));
  return { listen: LISTEN, backends: addresses, proxyProtocol: { send: 2 }, ...more };
}

const TERMINATE = {
  mode: "terminate",
  hostnames: ["one.example"],
  certificate: TLS_FIXTURES.at("one.pem"),
  key: TLS_FIXTURES.at("one.key"),
  alpn: ["own/1"],
  clientAuth: { mode: "request", ca: TLS_FIXTURES.at("ca.pem") },
};

describe("a backend of a route that sends PROXY headers", () => {
  test("hears version 1 first, then the client", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], { proxyProtocol: { send: 1 } }) });
    const port = await flow.port("db");
    await using client = await Peer.connect(port);
    await client.send("hello");
    const peer = await backend.peer();
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${port}\r\n`;
    expect(await peer.read(line.length + 5)).toBe(`${line}hello`);
    client.finish();
    peer.finish();
    // The header is none of the client's bytes.
    expect(await flow.log.record()).toMatchObject({ bytesIn: 5, reason: "done" });
  });

  test("hears it before the client said anything", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend]) });
    await using client = await Peer.connect(await flow.port("db"));
    const { header } = await heard(backend, 0);
    expect(header.source).toEqual({ host: "127.0.0.1", port: client.socket.localPort ?? 0 });
  });

  test("hears version 2 by the byte: signature, command, family, addresses, and a checksum that is right", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend]) });
    const port = await flow.port("db");
    await using client = await Peer.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.7" });
    await client.send("hello");
    const { header, bytes, rest } = await heard(backend, 5);
    expect(rest.toString()).toBe("hello");
    expect(bytes.subarray(0, 14).toString("hex")).toBe(`${SIGNATURE}2111`);
    expect(bytes.readUInt16BE(14)).toBe(bytes.length - 16);
    expect([...bytes.subarray(16, 24)]).toEqual([127, 0, 0, 7, 127, 0, 0, 1]);
    expect(bytes.readUInt16BE(24)).toBe(client.socket.localPort ?? 0);
    expect(bytes.readUInt16BE(26)).toBe(port);
    // The last field is the checksum, over the header with zeros in its place.
    expect(bytes.subarray(-7, -4).toString("hex")).toBe("030004");
    const zeroed = Buffer.from(bytes);
    zeroed.writeUInt32BE(0, zeroed.length - 4);
    expect(bytes.readUInt32BE(bytes.length - 4)).toBe(castagnoli(zeroed));
    expect(header.tlvs.crc32cVerified).toBe(true);
    expect(header.tlvs.ssl).toBeUndefined();
  });

  test("hears of IPv6 clients", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], { listen: "[::1]:0" }) });
    const port = await flow.port("db");
    await using client = await Peer.connect({ port, host: "::1" });
    const { header, bytes } = await heard(backend, 0);
    expect(bytes[13]).toBe(0x21);
    expect(header).toMatchObject({
      source: { host: "::1", port: client.socket.localPort },
      destination: { host: "::1", port },
    });
  });

  test("hears of IPv4 clients of a listener for both families as IPv4", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], { listen: 0 }) });
    const port = await flow.port("db");
    await using client = await Peer.connect(port);
    const { header, bytes } = await heard(backend, 0);
    expect(bytes[13]).toBe(0x11);
    expect(header).toMatchObject({
      source: { host: "127.0.0.1", port: client.socket.localPort },
      destination: { host: "127.0.0.1", port },
    });
  });

  test("may be behind a unix socket", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sallyport-out-"));
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => rm(directory, { recursive: true }));
    const path = join(directory, "backend.sock");
    await using backend = await startBackend(undefined, { path });
    await using flow = await startFlow({ "db.yaml": route([`unix:${path}`]) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("hello");
    const { header, rest } = await heard(backend, 5);
    expect(rest.toString()).toBe("hello");
    expect(header.source).toEqual({ host: "127.0.0.1", port: client.socket.localPort ?? 0 });
  });

  test("hears it again when another one failed before", async () => {
    await using backend = await startBackend();
    const backends = [`${DEAD_HOST}:${await deadPort()}`, { address: `127.0.0.1:${backend.port}`, backup: true }];
    await using flow = await startFlow({ "db.yaml": { ...route([]), backends } });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("hello");
    const { header, rest } = await heard(backend, 5);
    expect(rest.toString()).toBe("hello");
    expect(header.tlvs.crc32cVerified).toBe(true);
    expect((await flow.view.engine()).routes[0]?.retries).toBe(1);
  });
});

describe("the unique id of a PROXY header", () => {
  test("is another one for every connection and after every start, and ends with the connection's number", async () => {
    await using backend = await startBackend();
    const ids = new Set<string>();
    for (let start = 0; start < 2; start++) {
      await using flow = await startFlow({ "db.yaml": route([backend]) });
      const port = await flow.port("db");
      for (let visit = 0; visit < 2; visit++) {
        await using _client = await Peer.connect(port);
        const { uniqueId = new Uint8Array() } = (await heard(backend, 0, ids.size)).header.tlvs;
        const [connection] = await flow.view.connections({}, undefined, 1);
        const id = Buffer.from(uniqueId).toString("latin1");
        expect(id).toMatch(/^[\w-]{8,100}$/);
        expect(id).toEndWith(`-${connection?.id}`);
        ids.add(id);
        _client.reset();
        await flow.log.record(visit);
      }
    }
    expect(ids.size).toBe(4);
  });
});

describe("what a PROXY header says of TLS", () => {
  test("is the name, the protocol, the version and the verified certificate, where TLS ends here", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], { tls: TERMINATE }) });
    await using below = await Peer.connect(await flow.port("db"));
    const options = { ...(await clientIdentity()), ALPNProtocols: ["own/1"] };
    await using client = await beginTls(below, "one.example", options);
    await client.send("hello");
    const { header, rest } = await heard(backend, 5);
    expect(rest.toString()).toBe("hello");
    expect(header.tlvs).toMatchObject({
      authority: "one.example",
      alpn: "own/1",
      ssl: { client: true, verified: true, version: "TLSv1.3", commonName: "billing" },
      crc32cVerified: true,
    });
  });

  test("is that nothing was verified, when the client showed no certificate", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], { tls: TERMINATE }) });
    await using below = await Peer.connect(await flow.port("db"));
    await using _client = await beginTls(below, "one.example");
    const { tlvs } = (await heard(backend, 0)).header;
    expect(tlvs.ssl).toEqual({ client: true, verified: false, version: "TLSv1.3" });
    expect(tlvs.alpn).toBeUndefined();
  });

  test("is the name alone where TLS goes through, and the client's hello comes next", async () => {
    await using backend = await startBackend();
    const tls = { mode: "passthrough", hostnames: ["one.example"] };
    await using flow = await startFlow({ "db.yaml": route([backend], { tls }) });
    await using client = await Peer.connect(await flow.port("db"));
    const hello = Buffer.from(buildHello({ extensions: [serverName("one.example")] }));
    await client.send(hello);
    const { header, rest } = await heard(backend, hello.length);
    expect(rest).toEqual(hello);
    expect(header.tlvs.authority).toBe("one.example");
    expect(header.tlvs.ssl).toBeUndefined();
  });

  test("comes before TLS with the backend", async () => {
    await using backend = await startBackend();
    const upstreamTls = { ca: TLS_FIXTURES.at("ca.pem"), serverName: "one.example" };
    await using flow = await startFlow({ "db.yaml": route([backend], { upstreamTls }) });
    await using _client = await Peer.connect(await flow.port("db"));
    const { rest } = await heard(backend, 6);
    // A handshake record with a ClientHello.
    expect([rest[0], rest[1], rest[5]]).toEqual([22, 3, 1]);
  });
});

describe("what came by a PROXY header", () => {
  const BOTH = { proxyProtocol: { accept: { from: ["127.0.0.1"] }, send: 2 } };

  test("goes out again: source, destination and unique id", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], BOTH) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(v2({ fields: [tlv(5, "from-the-proxy"), tlv(2, "spoofed.example")] }));
    await client.send("hello");
    const { header, rest } = await heard(backend, 5);
    expect(rest.toString()).toBe("hello");
    expect(header).toMatchObject({
      source: { host: "192.0.2.1", port: 1000 },
      destination: { host: "192.0.2.2", port: 5432 },
    });
    expect(Buffer.from(header.tlvs.uniqueId ?? []).toString()).toBe("from-the-proxy");
    expect(header.tlvs.authority).toBeUndefined();
  });

  test("goes out as version 1 where that is wanted, IPv6 included", async () => {
    await using backend = await startBackend();
    const proxyProtocol = { ...BOTH.proxyProtocol, send: 1 };
    await using flow = await startFlow({ "db.yaml": route([backend], { proxyProtocol }) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("PROXY TCP6 2001:db8:0::1 2001:db8::2 1 2\r\nhello");
    const line = "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\nhello";
    expect(await (await backend.peer()).read(line.length)).toBe(line);
  });

  test("is the real addresses when the header told none", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({ "db.yaml": route([backend], BOTH) });
    const port = await flow.port("db");
    await using client = await Peer.connect(port);
    await client.send("PROXY UNKNOWN\r\n");
    expect((await heard(backend, 0)).header).toMatchObject({
      source: { host: "127.0.0.1", port: client.socket.localPort },
      destination: { host: "127.0.0.1", port },
    });
  });
});

/** CRC-32C bit by bit. */
function castagnoli(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
