// Checks over real sockets of loopback; what servers say is judged in test/wire/check/.

import { describe, expect, spyOn, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { type AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import { type CheckOutcome, type CheckOwner, runCheck } from "../../../src/engine/health/check.ts";
import type { CheckSpec } from "../../../src/resource/health.ts";
import type { SocketAddress } from "../../../src/runtime/runtime.ts";
import { startBackend } from "../../support/backend.ts";
import { openSockets } from "../../support/descriptors.ts";
import { latin1 } from "../../support/dialogue.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { startStalledServer } from "../../support/stalled-server.ts";

const ENOUGH = { descriptorsExhausted: () => false };
/** Long: no test waits for it but those that want to see it pass. */
const LONG_MS = 60_000;
/** Much longer than loopback takes on a busy machine. */
const BRIEF_MS = 300;
const TLS_FILES = join(import.meta.dir, "../../fixtures/tls");

/** Every kind, as a server may be asked; all of them have to be bad where there is no server. */
const KINDS: readonly CheckSpec[] = [
  { kind: "tcp" },
  { kind: "tls" },
  { kind: "postgres", user: "sallyport" },
  { kind: "redis" },
  { kind: "mysql" },
  { kind: "nats" },
  { kind: "exchange", send: latin1("HELLO\r\n"), expect: latin1("READY") },
];
const TALKING = KINDS.filter(({ kind }) => kind !== "tcp");
/** Those that speak first. */
const ASKING = TALKING.filter(({ kind }) => kind !== "mysql" && kind !== "nats");

/** An owner to which only the outcome matters. */
function heardBy(judged: CheckOwner["judged"]): CheckOwner {
  return { judged, gone() {} };
}

function check(to: number | SocketAddress, spec: CheckSpec, timeoutMs = LONG_MS, runtime = ENOUGH) {
  const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
  runCheck(typeof to === "number" ? { host: "127.0.0.1", port: to } : to, spec, timeoutMs, runtime, heardBy(resolve));
  return promise;
}

/** Until it is disposed, every connect fails with `code`. */
function failingConnects(code: string): Disposable {
  return spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket) {
    queueMicrotask(() => this.destroy(Object.assign(new Error("It was played"), { code })));
    return this;
  });
}

interface TlsBackend extends AsyncDisposable {
  readonly port: number;
  readonly sockets: readonly TLSSocket[];
}

async function startTls(options: TlsOptions = {}, path?: string): Promise<TlsBackend> {
  const [cert, key] = await Promise.all(["crt", "key"].map((end) => readFile(join(TLS_FILES, `self-signed.${end}`))));
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert, key, ca: cert, ...options }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket.resume());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  if (path === undefined) server.listen(0, "127.0.0.1", resolve);
  else server.listen(path, resolve);
  await promise;
  const address: AddressInfo | string | null = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

describe("a check", () => {
  test.each(KINDS)("$kind: is bad where nothing listens, and says why", async (spec) => {
    expect(await check(freePort(), spec)).toEqual({ bad: "Cannot connect: ECONNREFUSED" });
    const unix = join(tmpdir(), `sallyport-nothing-${process.pid}.sock`);
    expect(await check({ unix }, spec)).toEqual({ bad: "Cannot connect: ENOENT" });
  });

  test.each(KINDS)("$kind: says nothing about the backend when this process has no descriptor left", async (spec) => {
    const exhausted = { descriptorsExhausted: () => true };
    expect(await check(freePort(), spec, LONG_MS, exhausted)).toBe("shortage");
  });

  test.each(["EADDRNOTAVAIL", "ENOBUFS", "ENOMEM", "EMFILE", "ENFILE"])(
    "says nothing about the backend when it cannot connect for %s",
    async (code) => {
      using _failing = failingConnects(code);
      expect(await check(freePort(), { kind: "tcp" })).toBe("shortage");
      expect(await check(freePort(), { kind: "exchange", expect: latin1("READY") })).toBe("shortage");
    },
  );

  test("is bad when the way there is missing: that is not a shortage", async () => {
    using _failing = failingConnects("EHOSTUNREACH");
    expect(await check(freePort(), { kind: "tcp" })).toEqual({ bad: "Cannot connect: EHOSTUNREACH" });
  });

  test("holds its socket until the backend has said goodbye, and says so once", async () => {
    await using backend = await startBackend();
    const heard: string[] = [];
    const owner: CheckOwner = { judged: (said) => heard.push(String(said)), gone: () => heard.push("gone") };
    runCheck({ host: "127.0.0.1", port: backend.port }, { kind: "tcp" }, LONG_MS, ENOUGH, owner);
    const peer = await backend.peer();
    expect(await peer.end()).toBe("fin");
    expect(heard).toEqual(["good"]);
    peer.finish();
    await eventually(() => heard.length > 1);
    runCheck({ host: "127.0.0.1", port: freePort() }, { kind: "tcp" }, LONG_MS, ENOUGH, owner);
    await eventually(() => heard.length > 3);
    expect(heard).toEqual(["good", "gone", "gone", "[object Object]"]);
  });

  test("is bad, later, at an address that no socket can have", async () => {
    let outcome: CheckOutcome | undefined;
    runCheck(
      { host: "127.0.0.1", port: 70_000 },
      { kind: "tcp" },
      LONG_MS,
      ENOUGH,
      heardBy((said) => (outcome = said)),
    );
    expect(outcome).toBeUndefined();
    await eventually(() => outcome !== undefined);
    expect(outcome).toEqual({ bad: "Cannot connect: ERR_SOCKET_BAD_PORT" });
  });

  test("is bad when the backend is silent for too long, and leaves no descriptor", async () => {
    await using backend = await startBackend();
    const before = openSockets();
    const outcomes = await Promise.all(TALKING.map((spec) => check(backend.port, spec, BRIEF_MS)));
    const what = TALKING.map(({ kind }) => (kind === "tls" ? "No TLS handshake" : "No answer"));
    expect(outcomes).toEqual(what.map((missing) => ({ bad: `${missing} within 300ms` })));
    for (const peer of backend.peers) {
      await peer.until(() => peer.ending !== undefined || peer.closed);
      peer.socket.destroy();
    }
    await eventually(() => openSockets() <= before);
  });

  test.each(TALKING)("$kind: is bad when the backend closes without a word", async (spec) => {
    await using backend = await startBackend((peer) => peer.finish());
    const outcome = await check(backend.port, spec);
    const why = spec.kind === "tls" ? /^TLS handshake failed: \w+$/ : /^Connection closed before an answer$/;
    expect(outcome).toEqual({ bad: expect.stringMatching(why) });
  });

  test.each(ASKING)("$kind: is bad when the backend resets, whatever this process has left", async (spec) => {
    await using backend = await startBackend();
    const outcome = check(backend.port, spec, LONG_MS, { descriptorsExhausted: () => true });
    const peer = await backend.peer();
    await peer.read(1);
    peer.reset();
    const why = spec.kind === "tls" ? "TLS handshake failed" : "Connection lost before an answer";
    expect(await outcome).toEqual({ bad: `${why}: ECONNRESET` });
  });

  test.each(TALKING)("$kind: is bad when another protocol answers, and quotes it where it can", async (spec) => {
    await using backend = await startBackend((peer) => {
      peer.socket.write("220 mail.example ESMTP\x1b[2J\r\n");
      peer.finish();
    });
    const outcome = await check(backend.port, spec);
    if (spec.kind === "tls") expect(outcome).toEqual({ bad: expect.stringMatching(/^TLS handshake failed: ERR_SSL_/) });
    else expect(outcome).toEqual({ bad: expect.stringContaining('"220 mail.example ESMTP [2J"') });
  });

  test("is bad when nobody answers the connect, and takes the connect back", async () => {
    await using server = await startStalledServer();
    const before = openSockets();
    const outcomes = await Promise.all(KINDS.map((spec) => check(server.port, spec, BRIEF_MS)));
    expect(outcomes).toEqual(KINDS.map(() => ({ bad: "No connection within 300ms" })));
    expect(openSockets()).toBeLessThanOrEqual(before);
  });

  test("quotes what came when there was no verdict in time", async () => {
    await using backend = await startBackend((peer) => peer.socket.write("STARTING\r\n"));
    const spec: CheckSpec = { kind: "exchange", expect: latin1("READY") };
    const outcome = await check(backend.port, spec, BRIEF_MS);
    expect(outcome).toEqual({ bad: 'No verdict within 300ms: "STARTING"' });
  });

  test("sends what it has to, and hears an answer in pieces", async () => {
    await using backend = await startBackend();
    const outcome = check(backend.port, { kind: "exchange", send: latin1("HELLO\r\n"), expect: latin1("READY") });
    const peer = await backend.peer();
    expect(await peer.read(7)).toBe("HELLO\r\n");
    for (const piece of ["220 RE", "AD", "Y\r\n"]) await peer.send(piece);
    expect(await outcome).toBe("good");
    // A clean end: servers log a reset as an error of the client.
    expect(await peer.end()).toBe("fin");
    peer.finish();
    await peer.until(() => peer.closed);
  });

  test("tcp: leaves a backend that accepts with FIN", async () => {
    await using backend = await startBackend();
    expect(await check(backend.port, { kind: "tcp" })).toBe("good");
    expect(await (await backend.peer()).end()).toBe("fin");
  });

  test("leaves a backend that goes on talking after the verdict", async () => {
    await using backend = await startBackend((peer) => {
      peer.socket.write(`INFO {}\r\n${"x".repeat(1 << 20)}`);
    });
    expect(await check(backend.port, { kind: "nats" })).toBe("good");
    const peer = await backend.peer();
    await peer.until(() => peer.ending !== undefined || peer.closed);
  });

  test("cancelled, it tells nothing and leaves no descriptor", async () => {
    await using backend = await startBackend();
    for (const spec of TALKING) {
      const before = openSockets();
      let told = false;
      let gone = 0;
      const owner: CheckOwner = { judged: () => (told = true), gone: () => void gone++ };
      const running = runCheck({ host: "127.0.0.1", port: backend.port }, spec, LONG_MS, ENOUGH, owner);
      const peer = await backend.peer(backend.peers.length);
      expect(gone).toBe(0);
      running.cancel();
      running.cancel();
      expect(gone).toBe(1);
      await peer.until(() => peer.ending !== undefined || peer.closed);
      peer.socket.destroy();
      await eventually(() => openSockets() <= before);
      expect(told).toBe(false);
      expect(gone).toBe(1);
    }
  });

  test("cancelled while it connects, it leaves no descriptor either", async () => {
    await using backend = await startBackend();
    const before = openSockets();
    for (const spec of KINDS) {
      const owner = heardBy(() => {
        throw new Error("It was cancelled");
      });
      runCheck({ host: "127.0.0.1", port: backend.port }, spec, LONG_MS, ENOUGH, owner).cancel();
    }
    expect(openSockets()).toBeLessThanOrEqual(before);
  });
});

describe("a TLS check", () => {
  test("is good at any certificate, sends a name only when there is one, and leaves no descriptor", async () => {
    await using backend = await startTls();
    const before = openSockets();
    expect(await check(backend.port, { kind: "tls" })).toBe("good");
    expect(await check(backend.port, { kind: "tls", serverName: "db.example" })).toBe("good");
    expect(await check(backend.port, { kind: "tls", serverName: "127.0.0.1" })).toBe("good");
    await eventually(() => backend.sockets.length === 3 && backend.sockets.every(({ destroyed }) => destroyed));
    expect(backend.sockets.map(({ servername }) => servername || null)).toEqual([null, "db.example", null]);
    await eventually(() => openSockets() <= before);
  });

  test("reaches a unix socket", async () => {
    const path = join(tmpdir(), `sallyport-check-${process.pid}.sock`);
    await using backend = await startTls({}, path);
    expect(await check({ unix: path }, { kind: "tls", serverName: "db.example" })).toBe("good");
    await eventually(() => backend.sockets.length === 1);
  });

  test("is good at a server that wants a client certificate and says so after the handshake", async () => {
    await using backend = await startTls({ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" });
    expect(await check(backend.port, { kind: "tls" })).toBe("good");
  });
});
