// Whatever clients say first, and however it is cut up: nothing throws, nobody is kept for ever, and nothing is left behind.

import { expect, test } from "bun:test";
import type { ProxyAcceptSpec } from "../../../src/resource/proxy.ts";
import type { MemorySocket } from "../../support/memory-socket.ts";
import { alpn, buildHello, serverName, zeros } from "../../support/hello-builder.ts";
import { cancelRequest, GSS_REQUEST, SSL_REQUEST, STARTUP } from "../../support/postgres-client.ts";
import { message } from "../../support/postgres-packet.ts";
import { mutate } from "../../support/prefixes.ts";
import { tlv, v2 } from "../../support/proxy-header.ts";
import { Random } from "../../support/random.ts";
import { ReceptionScene } from "../../support/reception-scene.ts";
import { cidr, passthrough, TlsScene } from "../../support/tls-routes.ts";

const ROUNDS = 2500;
/** More than a hello, a header or a first packet may have. */
const TOO_MANY_BYTES = 70_000;
const FROM_ALL: ProxyAcceptSpec = { from: [cidr("192.0.2.0/24")], versions: "any" };
const ONE = { connections: 1, queue: { size: 0, timeoutMs: 0 } };
const SESSION = Buffer.concat([
  message("R", Uint8Array.of(0, 0, 0, 0)),
  message("K", Uint8Array.of(0, 0, 0, 42, 1, 2, 3, 4)),
  message("Z", "I"),
]);

const HELLOS = ["a.example", "b.example", "c.example"].flatMap((name) => [
  buildHello({ extensions: [serverName(name)] }),
  buildHello({ extensions: [serverName(name), alpn("postgresql")] }),
]);
const PIECES: readonly Uint8Array[] = [
  new TextEncoder().encode("PROXY TCP4 192.0.2.77 192.0.2.2 1000 5432\r\n"),
  new TextEncoder().encode("PROXY UNKNOWN\r\n"),
  v2(),
  v2({ fields: [tlv(2, "a.example"), tlv(5, "id"), tlv(0xe0, "own")] }),
  v2({ command: "20", family: "00", addresses: "" }),
  SSL_REQUEST,
  GSS_REQUEST,
  STARTUP,
  cancelRequest("0000002a01020304"),
  cancelRequest(`0000002a${"5a".repeat(32)}`),
  ...HELLOS,
  buildHello({ extensions: [serverName("a.example"), [0, 21, 0x20, 0, ...zeros(0x2000)]] }),
  new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
];

/** Listeners of every kind: with and without headers, TLS that goes through, ends here, both, and PostgreSQL. */
function everyKind() {
  const scene = new TlsScene();
  const routes = [];
  const ports: number[] = [];
  let port = 1000;
  for (const protocol of ["tcp", "postgres"] as const) {
    for (const headers of [{}, { proxyAccept: FROM_ALL }, { proxyAccept: FROM_ALL, proxySend: 2 } as const]) {
      for (const kinds of ["clear", "through", "ends", "clear through", "clear ends", "through ends clear"]) {
        port++;
        ports.push(port);
        const shared = { listen: `192.0.2.2:${port}`, backend: "192.0.2.9:5432", protocol, limits: ONE, ...headers };
        for (const kind of kinds.split(" ")) {
          const tls = kind === "through" ? passthrough("a.example") : scene.terminate(["b.example"]);
          routes.push(scene.route(`${kind}-${port}`, { ...shared, ...(kind === "clear" ? {} : { tls }) }));
        }
      }
    }
  }
  const { plan, errors } = scene.compile(routes);
  expect(errors).toEqual([]);
  return { plan, ports };
}

/** Pieces in the order in which a client would send them, some left out; or any, in any order. */
function piecesOf(random: Random): readonly Uint8Array[] {
  const any = (pieces: readonly Uint8Array[]) => pieces.slice(random.below(pieces.length)).slice(0, 1);
  if (random.chance(4)) return Array.from({ length: 1 + random.below(4) }, () => any(PIECES)).flat();
  const [headers, requests, wishes] = [PIECES.slice(0, 5), PIECES.slice(5, 7), PIECES.slice(7, 10)];
  return [headers, requests, HELLOS, wishes].flatMap((pieces) => (random.chance(3) ? [] : any(pieces)));
}

/** What a client sends, right or a little wrong, as one or more chunks each. */
function chunksOf(random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (const piece of piecesOf(random)) {
    let bytes = random.chance(3) ? mutate(piece, random) : random.chance(12) ? random.bytes(random.below(200)) : piece;
    while (bytes.length > 0) {
      const size = random.chance(2) ? bytes.length : 1 + random.below(bytes.length);
      chunks.push(Uint8Array.from(bytes.subarray(0, size)));
      bytes = bytes.subarray(size);
    }
  }
  // Without pauses between them, too.
  return random.chance(4) ? [Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))] : chunks;
}

function answer(backend: MemorySocket, random: Random): void {
  const answers = [Uint8Array.of(0x53), Uint8Array.of(0x4e), SESSION, random.bytes(9)];
  backend.feed(answers[random.below(answers.length)] ?? SESSION);
  while (backend.deliver());
}

/** Both sides go. */
function goAway(scene: ReceptionScene, client: MemorySocket, random: Random): void {
  for (const socket of [client, ...scene.backends.splice(0)]) {
    if (!socket.open) continue;
    if (random.chance(2)) socket.reset();
    else socket.finish();
    while (socket.deliver());
    if (socket.open) socket.reset();
  }
}

test("whatever a client says, to whatever kind of listener, leaves nothing behind", async () => {
  const { plan, ports } = everyKind();
  await using scene = new ReceptionScene();
  await scene.apply(plan);
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = new Random(seed);
    const port = ports[random.below(ports.length)] ?? 0;
    const client = scene.connect(port);
    for (const chunk of chunksOf(random)) {
      if (!client.open) break;
      client.feed(chunk);
      while (client.deliver());
      scene.settleDials(random.chance(6) ? "refused" : "open");
      for (const backend of scene.backends) if (backend.open && random.chance(2)) answer(backend, random);
    }
    scene.settleDials("open");
    goAway(scene, client, random);
    scene.settleDials("refused");
    await Promise.resolve();
    for (const backend of scene.backends.splice(0)) if (backend.open) backend.reset();

    const { connectionsGreeting, connectionsActive, routes } = scene.engine.snapshot();
    expect(client.open, `seed ${seed}`).toBe(false);
    expect([connectionsGreeting, connectionsActive], `seed ${seed}`).toEqual([0, 0]);
    expect(
      scene.log.lines.filter(({ level }) => level === "error"),
      `seed ${seed}`,
    ).toEqual([]);
    if (seed === ROUNDS) expect(routes.every((route) => route.connectionsActive === 0)).toBe(true);
  }
  // One record each: some requests to cancel are passed on to several servers, never here.
  expect(scene.log.records).toHaveLength(ROUNDS);
  const reasons = new Set(scene.log.records.map(({ reason }) => reason));
  for (const reason of ["hello-malformed", "proxy-header-missing", "proxy-header-malformed", "no-route"] as const) {
    expect(reasons).toContain(reason);
  }
  for (const reason of ["client-reset", "dial-refused", "dial-failed"] as const) expect(reasons).toContain(reason);
  expect(reasons).not.toContain("internal");
  // Every route has the one ticket of its limit back each time.
  expect(reasons).not.toContain("denied-concurrency");
});

test("whoever goes on talking is ended or served, and never only listened to", async () => {
  const { plan, ports } = everyKind();
  await using scene = new ReceptionScene();
  await scene.apply(plan);
  for (const port of ports) {
    for (const start of [
      Uint8Array.of(22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff),
      Uint8Array.of(22, 3, 1, 0, 1, 1),
      new TextEncoder().encode("PROXY UNKNOWN "),
      v2({ length: 4096 }).subarray(0, 16),
      Uint8Array.of(0, 0, 0x27),
      STARTUP.subarray(0, 8),
    ]) {
      const client = scene.connect(port);
      let sent = 0;
      client.feed(start);
      while (client.deliver() && client.open && sent < TOO_MANY_BYTES) {
        const chunk = new Uint8Array(1000).fill(1 + (sent % 7));
        sent += chunk.length;
        client.feed(chunk);
      }
      const { connectionsGreeting, connectionsActive } = scene.engine.snapshot();
      expect(connectionsGreeting, `port ${port}, ${[...start.subarray(0, 9)].join(" ")}`).toBe(0);
      expect(connectionsActive).toBe(client.open ? 1 : 0);
      scene.settleDials("open");
      if (client.open) client.reset();
      for (const backend of scene.backends.splice(0)) if (backend.open) backend.reset();
    }
  }
  expect(scene.log.lines.filter(({ level }) => level === "error")).toEqual([]);
});
