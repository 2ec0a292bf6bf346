// TLS to backends: whom the gateway believes, what it says before it does (nothing), and what becomes of its clients.

import { describe, expect, test } from "bun:test";
import { startBackend } from "../support/backend.ts";
import { openSockets } from "../support/descriptors.ts";
import { eventually } from "../support/eventually.ts";
import { startRelay } from "../support/holding-relay.ts";
import { Peer } from "../support/peer.ts";
import { MEGABYTE, payload } from "../support/payload.ts";
import { startTlsBackend } from "../support/tls-backend.ts";
import { tlsConnect, tlsPath, tlsPem } from "../support/tls-client.ts";
import { ends, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { startTlsFront, type TlsFrontOptions } from "../support/tls-front.ts";

const CA = tlsPath("ca.pem");
/** For moving all that, both ends and the gateway on one thread of a machine that may be busy. */
const MOVING_MS = 30_000;
const LOAD = Buffer.concat(Array.from({ length: 30 }, (_, number) => payload(number, MEGABYTE)));

/** Verified by our authority; `more` says what else `upstreamTls` has. */
function trusts(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { upstreamTls: { ca: CA, serverName: "one.example", ...more } };
}

describe("a backend in TLS", () => {
  test("is asked for by name, verified, and gets what a plain client says", async () => {
    await using server = await startTlsFront({ answer: "answer" });
    await using flow = await startTlsFlow({ db: routeAt(0, server, trusts()) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("secret question");
    expect(await client.read(6)).toBe("answer");
    client.finish();
    expect(await client.end()).toBe("fin");
    expect(server.secured).toEqual([{ serverName: "one.example", text: "secret question", ended: true }]);
    expect(server.wire.toString("latin1")).toStartWith("\x16\x03");
    expect(server.wire.toString("latin1")).not.toContain("secret");
    expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: 15, bytesOut: 6 });
    await eventually(() => server.connections === 0);
  });

  test("is believed by its address where that is what is dialled, and then no name is sent", async () => {
    await using server = await startTlsFront({ identity: ["ip.pem", "one.key"], answer: "answer" });
    await using flow = await startTlsFlow({ db: routeAt(0, server, { upstreamTls: { ca: CA } }) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("question");
    expect(await client.read(6)).toBe("answer");
    expect(server.secured[0]?.serverName).toBeNull();
  });

  test("is believed by its IPv6 address, however that is written", async () => {
    await using server = await startTlsFront({ identity: ["ip.pem", "one.key"], answer: "answer" });
    await using relay = await startRelay(server.port, "::1");
    const backends = [`[0:0:0::0:1]:${relay.port}`];
    await using flow = await startTlsFlow({ db: { listen: "127.0.0.1:0", backends, upstreamTls: { ca: CA } } });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("question");
    expect(await client.read(6)).toBe("answer");
    expect(server.secured[0]?.serverName).toBeNull();
  });

  test(
    "sees the gateway's certificate, and TLS on both sides carries megabytes",
    async () => {
      await using backend = await startTlsBackend("b", "one", {
        requestCert: true,
        rejectUnauthorized: true,
        ca: tlsPem("ca.pem"),
      });
      const identity = { certificate: tlsPath("client.pem"), key: tlsPath("client.key") };
      await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...ends("two"), ...trusts(identity) }) });
      await using client = await tlsConnect(await flow.port("db"), { servername: "two.example" });
      await client.send(LOAD);
      client.finish();
      expect(await client.end()).toBe("fin");
      expect(client.bytes.equals(Buffer.concat([Buffer.from("b"), LOAD]))).toBe(true);
      expect(backend.shown).toEqual(["billing"]);
      expect((await flow.log.record()).reason).toBe("done");
    },
    MOVING_MS,
  );

  test(
    "half-closes both ways",
    async () => {
      await using backend = await startTlsBackend("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, trusts()) });
      await using client = await Peer.connect(await flow.port("db"));
      await client.read(1);
      const [server] = backend.secured;
      if (server === undefined) throw new Error("There is no connection");
      server.unpipe();
      const got: Buffer[] = [];
      server.on("data", (bytes: Buffer) => got.push(bytes));
      server.resume();
      server.end("last words");
      expect(await client.end()).toBe("fin");
      expect(client.text).toBe("blast words");
      await client.send(LOAD);
      client.finish();
      await eventually(() => server.readableEnded);
      expect(Buffer.concat(got).equals(LOAD)).toBe(true);
      expect((await flow.log.record()).reason).toBe("done");
    },
    MOVING_MS,
  );

  test("that resets is a reset, and one whose client resets is reset", async () => {
    await using backend = await startTlsBackend("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, trusts()) });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await first.read(1);
    backend.secured[0]?.resetAndDestroy();
    expect(await first.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("backend-reset");
    await using second = await Peer.connect(port);
    await second.read(1);
    second.reset();
    expect((await flow.log.record(1)).reason).toBe("client-reset");
    await eventually(() => backend.secured[1]?.destroyed === true);
  });
});

/** What is wrong with a backend, and how that is told. */
const WRONG: readonly {
  readonly why: string;
  readonly server?: TlsFrontOptions;
  readonly upstream?: Readonly<Record<string, unknown>>;
  readonly told: string;
}[] = [
  { why: "is for another name", upstream: { serverName: "two.example" }, told: "ERR_TLS_CERT_ALTNAME_INVALID" },
  { why: "has expired", server: { identity: ["expired.pem", "one.key"] }, told: "CERT_HAS_EXPIRED" },
  {
    why: "is by an unknown authority",
    upstream: { ca: tlsPath("stranger.pem") },
    told: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  },
  {
    why: "is signed by itself",
    server: { identity: ["self-signed.crt", "self-signed.key"] },
    told: "DEPTH_ZERO_SELF_SIGNED_CERT",
  },
];

describe("a backend that cannot be believed", () => {
  test.each(WRONG)(
    "because its certificate $why: gets nothing of the client's",
    async ({ server: options, upstream, told }) => {
      await using server = await startTlsFront(options);
      await using flow = await startTlsFlow({ db: routeAt(0, server, trusts(upstream)) });
      await using client = await Peer.connect(await flow.port("db"));
      await client.send("secret question");
      expect(await client.end()).toBe("reset");
      expect(await flow.log.record()).toMatchObject({ reason: "dial-failed", route: "db", bytesIn: 0, bytesOut: 0 });
      const warning = await flow.log.line("dial-failed");
      expect(warning.level).toBe("warn");
      expect(warning.message).toStartWith(`Cannot reach backend "127.0.0.1:${server.port}": TLS`);
      expect(warning.message).toContain(told);
      await eventually(() => server.connections === 0);
      expect(server.secured.map(({ text }) => text).join("")).toBe("");
      expect(server.wire.toString("latin1")).not.toContain("secret");
      await untilNobodyIsThere(flow);
    },
  );

  test("because its certificate is not for the address that is dialled: gets nothing of the client's", async () => {
    await using server = await startTlsFront();
    await using flow = await startTlsFlow({ db: routeAt(0, server, { upstreamTls: { ca: CA } }) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("secret question");
    expect(await client.end()).toBe("reset");
    expect((await flow.log.line("dial-failed")).message).toContain('is not for "127.0.0.1"');
    expect(server.secured.map(({ text }) => text).join("")).toBe("");
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "because it wants a certificate that we do not have: is a failure of its own, %s",
    async (version) => {
      const only = { minVersion: version, maxVersion: version };
      await using server = await startTlsFront({
        tls: { requestCert: true, rejectUnauthorized: true, ca: tlsPem("ca.pem"), ...only },
      });
      await using flow = await startTlsFlow({ db: routeAt(0, server, trusts()) });
      await using client = await Peer.connect(await flow.port("db"));
      await client.send("question");
      expect(await client.end()).toBe("reset");
      // In TLS 1.3 a server says no when the handshake is over for the other side.
      expect(["dial-failed", "backend-reset"]).toContain((await flow.log.record()).reason);
      expect(flow.log.lines.filter(({ level }) => level === "error")).toEqual([]);
      expect(server.secured).toEqual([]);
    },
  );

  test("insecure, is taken as it is", async () => {
    await using server = await startTlsFront({ identity: ["expired.pem", "one.key"], answer: "answer" });
    await using flow = await startTlsFlow({ db: routeAt(0, server, { upstreamTls: { insecure: true } }) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("question");
    expect(await client.read(6)).toBe("answer");
    const codes = (await flow.view.diagnostics()).map(({ severity, code }) => `${severity} ${code}`);
    expect(codes).toEqual(["warning route/insecure-upstream"]);
  });

  test("is passed over, and the next one gets everything", async () => {
    await using wrong = await startTlsFront({ identity: ["expired.pem", "one.key"] });
    await using right = await startTlsFront({ answer: "answer" });
    await using flow = await startTlsFlow({ db: routeAt(0, [wrong, right], trusts()) });
    const port = await flow.port("db");
    for (let round = 0; round < 4; round++) {
      await using client = await Peer.connect(port);
      await client.send("question");
      expect(await client.read(6)).toBe("answer");
      client.finish();
      expect(await client.end()).toBe("fin");
    }
    await flow.log.record(3);
    expect(new Set(flow.log.records.map(({ reason }) => reason))).toEqual(new Set(["done"]));
    expect(wrong.secured.map(({ text }) => text).join("")).toBe("");
    expect(right.secured.map(({ text }) => text)).toEqual(["question", "question", "question", "question"]);
  });

  test.each([
    ["speaks in the clear", "SSH-2.0-x\r\n"],
    ["says nothing and ends", ""],
  ])("because it %s: gets nothing of the client's", async (_, text) => {
    await using backend = await startBackend((peer) => peer.socket.end(text));
    await using flow = await startTlsFlow({ db: routeAt(0, backend, trusts()) });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("secret question");
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-failed", bytesIn: 0, bytesOut: 0 });
    expect((await flow.log.line("dial-failed")).message).toMatch(/^Cannot reach backend "127.0.0.1:\d+": (?:TLS|It)/);
    expect((await backend.peer()).text).not.toContain("secret");
    await untilNobodyIsThere(flow);
  });

  test("because it never answers: is given up in time, at once with its socket", async () => {
    await using backend = await startBackend();
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...trusts(), timeouts: { connect: "1s" } }),
    });
    const port = await flow.port("db");
    const before = openSockets();
    await using client = await Peer.connect(port);
    await client.send("secret question");
    const server = await backend.peer();
    await server.until(() => server.received > 0);
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-timeout", bytesIn: 0 });
    await server.end();
    expect(server.text).not.toContain("secret");
    await using another = await Peer.connect(port);
    await backend.peer(1);
    another.reset();
    // A client that goes takes a handshake for it along.
    await (await backend.peer(1)).end();
    await flow.log.record(1);
    client.socket.destroy();
    server.socket.destroy();
    backend.peers[1]?.socket.destroy();
    await eventually(() => openSockets() <= before);
  });

  test("because the gateway's own certificate cannot be used: nobody is dialled", async () => {
    await using server = await startTlsFront();
    await using flow = await startTlsFlow(
      { db: routeAt(0, server, trusts()) },
      { runtime: { ...bunRuntime(), tls: null } },
    );
    await using client = await Peer.connect(await flow.port("db"));
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-failed", detail: "TLS to backends cannot be used" });
    expect((await flow.log.line("tls-unusable")).level).toBe("warn");
    expect(server.wire).toHaveLength(0);
  });
});
