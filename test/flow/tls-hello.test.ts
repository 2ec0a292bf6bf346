// The first message of a TLS client, in whatever pieces it comes: read within bounds, and passed on as it was.

import { describe, expect, test } from "bun:test";
import { startBackend } from "../support/backend.ts";
import { Peer } from "../support/peer.ts";
import { recordedHello } from "../support/recorded-hello.ts";
import { passes, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";

describe("a first message", () => {
  test.each(["curl", "openssl-no-name", "java", "openssl-tls12"])(
    "of %s, byte by byte: reaches the backend as it was",
    async (name) => {
      const hello = recordedHello(name);
      await using backend = await startBackend();
      await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
      await using client = await Peer.connect(await flow.port("db"));
      client.socket.setNoDelay(true);
      for (const byte of hello) await client.send(Uint8Array.of(byte));
      const server = await backend.peer();
      await server.until(() => server.received === hello.length);
      expect(server.bytes.equals(hello)).toBe(true);
    },
  );

  test("in several records, each in several pieces: the name is found, and all of it goes on", async () => {
    const hello = recordedHello("curl");
    const body = hello.subarray(5);
    const records: Buffer[] = [];
    for (let from = 0; from < body.length; from += 40) {
      const piece = body.subarray(from, from + 40);
      records.push(Buffer.from([22, 3, 1, 0, piece.length]), piece);
    }
    const all = Buffer.concat([...records, Buffer.from("and more")]);
    await using backend = await startBackend();
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
    await using client = await Peer.connect(await flow.port("db"));
    client.socket.setNoDelay(true);
    for (let from = 0; from < all.length; from += 7) await client.send(all.subarray(from, from + 7));
    const server = await backend.peer();
    await server.until(() => server.received === all.length);
    expect(server.bytes.equals(all)).toBe(true);
    client.reset();
    expect((await flow.log.record()).sni).toBeDefined();
  });

  test("followed by FIN reaches the backend with it", async () => {
    const hello = recordedHello("curl");
    await using backend = await startBackend();
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
    await using client = await Peer.connect(await flow.port("db"));
    client.socket.end(hello);
    const server = await backend.peer();
    expect(await server.end()).toBe("fin");
    expect(server.bytes.equals(hello)).toBe(true);
    server.finish();
    expect(await client.end()).toBe("fin");
    expect((await flow.log.record()).reason).toBe("done");
  });

  const PIECES: readonly [what: string, bytes: Uint8Array, reason: string][] = [
    ["that is no hello", Buffer.from([22, 3, 1, 0, 5, 2, 0, 0, 1, 0]), "hello-malformed"],
    [
      "that never ends",
      Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]), Buffer.alloc(0x4000 - 4)]),
      "hello-too-large",
    ],
  ];
  test.each(PIECES)("%s: is refused for that, and no backend hears of it", async (_, bytes, reason) => {
    await using backend = await startBackend();
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send(bytes);
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason, route: "", bytesIn: 0 });
    expect(backend.peers).toEqual([]);
    await untilNobodyIsThere(flow);
  });

  test("that ends in the middle is malformed, and a client that goes without a word is nobody's fault", async () => {
    await using backend = await startBackend();
    await using flow = await startTlsFlow({ db: routeAt(0, backend, passes("*")) });
    const port = await flow.port("db");
    await using half = await Peer.connect(port);
    half.socket.end(recordedHello("curl").subarray(0, 50));
    await half.end();
    expect((await flow.log.record()).reason).toBe("hello-malformed");
    await using silent = await Peer.connect(port);
    silent.finish();
    await silent.end();
    expect((await flow.log.record(1)).reason).toBe("done");
    expect(backend.peers).toEqual([]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["half of it", recordedHello("curl").subarray(0, 50)],
  ])("of which %s comes: is waited for as long as the route says", async (_, bytes) => {
    await using backend = await startBackend();
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...passes("*"), timeouts: { hello: "100ms" } }),
    });
    await using client = await Peer.connect(await flow.port("db"));
    if (bytes.length > 0) await client.send(bytes);
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("hello-timeout");
    expect(backend.peers).toEqual([]);
  });
});
