// Clients speak TLS in every way, good and bad, while certificates are exchanged under them: whoever is let in gets every
// byte back, whoever is not never reaches the backend, and nothing of either is left behind.

import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { MEGABYTE } from "../support/payload.ts";
import { Random } from "../support/random.ts";

const ROUNDS = 5;
const CLIENTS_PER_ROUND = 1_000;
/**
 * Bun gives a few handshakes a turn of its loop, the newest first: with more at once the clients of this process would
 * starve each other, whatever the gateway does.
 */
const AT_ONCE = 12;
/** Two rounds are two thousand handshakes: one in two that kept its 30 KB would show. */
const GROWTH_BYTES = 32 * MEGABYTE;

const FIXTURES = join(import.meta.dir, "../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FIXTURES, name), "utf8");
const [ca, one, oneKey, client, clientKey, stranger, strangerKey] = await Promise.all(
  ["ca.pem", "one.pem", "one.key", "client.pem", "client.key", "stranger.pem", "stranger.key"].map(pem),
);

/** The route to be reloaded: what its certificate file says differs from one `change` to the next. */
function routes(backend: number, change: number): string {
  const clientAuth = { ca };
  const certificate = `${one}\n${change % 2 === 0 ? "" : one}`;
  // Asks for all that is kept of a client until it has its backend.
  const shown =
    "conn.tls.server.subject.common_name == '' || (has(conn.tls.client) && conn.tls.client.serial_number == '')";
  const expressions = [`conn.tls.ja4_fingerprint == '' || conn.tls.cipher_suite == '' || ${shown}`];
  const policy = { on_tcp_connect: [{ expressions, actions: [{ type: "deny" }] }] };
  return [
    { name: "gated", tls: { mode: "terminate", certificate, key: oneKey, hostnames: ["one.example"], clientAuth } },
    { name: "open", tls: { mode: "terminate", certificate, key: oneKey, hostnames: ["open.example"] } },
  ]
    .map((route) => JSON.stringify({ ...route, policy, listen: "127.0.0.1:PORT", backends: [`127.0.0.1:${backend}`] }))
    .join("\n---\n");
}

/** Ways of a client, and whether it is served. */
const SERVED = {
  gated: { cert: client, key: clientKey, servername: "one.example" },
  open: { servername: "open.example" },
};
const REFUSED = {
  nobody: { servername: "one.example" },
  stranger: { servername: "one.example", cert: stranger, key: strangerKey },
  nameless: { servername: "three.example" },
};
const RAW = ["silent", "half", "garbage", "reset"] as const;

interface Exchanged {
  readonly text: string;
  readonly error: string;
}

/** Sends a message through and back; what came back, and how it ended otherwise. */
function exchange(port: number, options: ConnectionOptions, message: string): Promise<Exchanged> {
  const { promise, resolve } = Promise.withResolvers<Exchanged>();
  let text = "";
  let error = "";
  const socket = connect({ host: "127.0.0.1", port, ca, checkServerIdentity: () => undefined, ...options });
  socket.on("secureConnect", () => socket.write(message));
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    if (text.length >= message.length) socket.end();
  });
  socket.on("error", (cause) => (error = cause.message));
  socket.on("close", () => resolve({ text, error }));
  return promise;
}

function misbehave(port: number, way: (typeof RAW)[number], random: Random): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connectTcp({ host: "127.0.0.1", port }, () => {
    if (way === "half")
      socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...random.bytes(random.below(200))));
    else if (way === "garbage") socket.write(random.bytes(1 + random.below(2_000)));
    if (way === "reset") socket.resetAndDestroy();
    else setTimeout(() => socket.destroy(), random.below(60));
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  return promise;
}

async function playRound(port: number, random: Random, faults: string[]): Promise<number> {
  let left = CLIENTS_PER_ROUND;
  let served = 0;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const message = "x".repeat(random.chance(20) ? 200_000 : 1 + random.below(500));
      const dice = random.below(10);
      if (dice < 3) await misbehave(port, RAW[random.below(RAW.length)] ?? "silent", random);
      else if (dice < 6) {
        const [way, options] = Object.entries(REFUSED)[random.below(3)] ?? ["", {}];
        const { text } = await exchange(port, options, message);
        if (text !== "") faults.push(`${way} got ${text.length} bytes`);
      } else {
        const [way, options] = Object.entries(SERVED)[random.below(2)] ?? ["", {}];
        const { text, error } = await exchange(port, options, message);
        served++;
        if (text !== message) faults.push(`${way} got ${text.length} of ${message.length} bytes: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return served;
}

test("TLS clients of every kind come and go while certificates change: no wrong byte, nobody gets in, nothing stays", async () => {
  await using backend = await startBackend(echo);
  const port = freePort();
  const file = (change: number): string => routes(backend.port, change).replaceAll("PORT", String(port));
  await using gateway = await GatewayProcess.start({ "tls.yaml": file(0) });
  const descriptors = gateway.descriptors().length;
  const random = new Random(7);
  const faults: string[] = [];
  const resident: number[] = [];
  let served = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const playing = playRound(port, random, faults);
    for (let change = 1; change <= 4; change++) {
      await gateway.writeRoutes("tls.yaml", file(change));
      await gateway.reload();
    }
    served += await playing;
    await eventually(async () => (await gateway.connectionsActive()) === 0);
    await eventually(async () =>
      (await gateway.metric("sallyport_connections_greeting")).values().every((count) => count === 0),
    );
    await eventually(() => gateway.descriptors().length <= descriptors);
    resident.push(await gateway.leastResidentBytes(40));
  }
  expect(faults).toEqual([]);
  expect(backend.peers.length).toBe(served);
  const half = (1 + ROUNDS) / 2;
  expect(Math.min(...resident.slice(half)) - Math.min(...resident.slice(1, half))).toBeLessThan(GROWTH_BYTES);
}, 120_000);
