// Two thousand clients connect, exchange and leave for a minute and a half while the route files around them change 140 times.
// Three of five routes have a traffic policy, so that some 20,000 connections go through one. Equal rounds, each from no connection to no connection, so that what a round leaves behind can be compared.

import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import {
  CLEAN_WAYS,
  type Exchange,
  ExchangeBackend,
  HEADER_BYTES,
  playClient,
  randomExchange,
  RESET_WAYS,
  type Way,
} from "../support/exchange.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { MEGABYTE } from "../support/payload.ts";
import { Peer } from "../support/peer.ts";
import { Random } from "../support/random.ts";

const ROUNDS = 7;
const ROUND_MS = 7_000;
const RELOADS_PER_ROUND = 20;
/** Each of the five routes has a listener and a backend of its own: fewer clients than an accept queue holds (512). */
const CLIENTS_PER_ROUTE = 400;
/**
 * A client stays connected up to this long before it says anything. It paces them, to 800 connections a second: at twice as
 * many, this process, which is both ends of each, has no time left on a slow machine, and a reload that it waits for takes
 * seconds instead of 150 ms.
 */
const HOLD_MS = 5_000;
/** One exchange in so many moves a megabyte each way. */
const LARGE_ONE_IN = 100;

/**
 * What the second half of the rounds may end with above the first, resident. The ends of rounds lie up to 20 MB apart, by
 * when garbage was collected last, but do not drift. Three rounds are 22,000 connections: a connection that is kept costs
 * 3 KB, so one in two that is kept shows.
 */
const GROWTH_BYTES = 32 * MEGABYTE;

/** The clients of one route, and what they counted. */
class Crowd {
  /** What was not as it must be. */
  readonly faults: string[] = [];
  /** Close reason → connections. */
  readonly ends = new Map<string, number>();
  /** To and from the backend; mean nothing on a route with resets. */
  bytesIn = 0;
  bytesOut = 0;
  readonly #route: string;
  readonly #port: number;
  readonly #ways: readonly Way[];
  readonly #random: Random;
  #coming = false;

  constructor(route: string, port: number, seed: number) {
    this.#route = route;
    this.#port = port;
    this.#ways = route.startsWith("reset") ? RESET_WAYS : CLEAN_WAYS;
    this.#random = new Random(seed);
  }

  /** Clients come and go until `stop`; resolves when the last one has left. */
  async run(): Promise<void> {
    this.#coming = true;
    await Promise.all(Array.from({ length: CLIENTS_PER_ROUTE }, () => this.#comeAndGo()));
  }

  stop(): void {
    this.#coming = false;
  }

  async #comeAndGo(): Promise<void> {
    while (this.#coming) {
      const exchange = randomExchange(this.#random, this.#ways, LARGE_ONE_IN);
      try {
        await using peer = await Peer.connect(this.#port);
        await Bun.sleep(this.#random.below(HOLD_MS));
        await playClient(peer, exchange);
        this.#count(exchange);
      } catch (error) {
        this.faults.push(`${this.#route}, ${exchange.way}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  #count(exchange: Exchange): void {
    const { way } = exchange;
    const reason = CLEAN_WAYS.includes(way) ? "done" : way.startsWith("client") ? "client-reset" : "backend-reset";
    this.ends.set(reason, (this.ends.get(reason) ?? 0) + 1);
    this.bytesIn += HEADER_BYTES + exchange.length;
    this.bytesOut += exchange.length;
  }
}

function steadyRoute(name: string, backend: string, more = ""): string {
  return `name: ${name}\nlisten: "127.0.0.1:0"\nbackends: ["${backend}"]\n${more}`;
}

/** Lets everybody in, and makes something of each client on the way. */
const POLICY = `policy: ${JSON.stringify({
  on_tcp_connect: [
    { expressions: ["inCidrRange(conn.client_ip, '203.0.113.0/24')"], actions: [{ type: "deny" }] },
    { actions: [{ type: "restrict-ips", config: { allow: ["10.0.0.0/8", "127.0.0.0/8"] } }] },
    { actions: [{ type: "set-vars", config: { vars: [{ who: "${conn.client_ip}:${conn.client_port}" }] } }] },
    { actions: [{ type: "log", config: { metadata: { who: "${vars.who}", at: "${endpoint.url}" } } }] },
    { expressions: ["vars.who.startsWith('203.')"], actions: [{ type: "close-connection" }] },
    {
      actions: [
        {
          type: "rate-limit",
          config: { name: "each", capacity: 2_000_000_000, rate: "60s", bucket_key: ["conn.client_ip"] },
        },
      ],
    },
  ],
})}\n`;

/** A route that nobody uses. */
function passingRoute(name: string, weight: number): string {
  return `name: ${name}\nlisten: "127.0.0.1:0"\nbackends: [{address: "127.0.0.1:9", weight: ${weight}}]\n`;
}

/** Changes the files in ways that leave the steady routes as they are: each is one reload, by the file watcher. */
class Changes {
  readonly #gateway: GatewayProcess;
  readonly #steady: string;
  readonly #firstGeneration: number;
  #made = 0;

  constructor(gateway: GatewayProcess, steady: string, generation: number) {
    this.#gateway = gateway;
    this.#steady = steady;
    this.#firstGeneration = generation;
  }

  /** Makes the next change and waits until it is running. */
  async next(): Promise<void> {
    this.#made += 1;
    const step = this.#made % 4;
    if (step === 0) await this.#gateway.writeRoutes("steady.yaml", steadyFile(this.#steady, this.#made));
    else if (step === 3) await this.#gateway.removeRoutes("passing.yaml");
    else await this.#gateway.writeRoutes("passing.yaml", passingRoute(`passing-${this.#made - step}`, step));
    while ((await this.#gateway.generation()) < this.#firstGeneration + this.#made) await Bun.sleep(20);
  }
}

/** The steady routes, and one in the same file that changes. */
function steadyFile(steady: string, change: number): string {
  return `${steady}---\n${passingRoute("neighbour", 1 + (change % 100))}`;
}

test("connections come and go while routes change: no wrong byte, no reset, nothing left behind", async () => {
  await using first = await ExchangeBackend.start();
  await using second = await ExchangeBackend.start();
  await using third = await ExchangeBackend.start();
  await using fourth = await ExchangeBackend.start();
  const path = join(tmpdir(), `sallyport-churn-${process.pid}.sock`);
  await using local = await ExchangeBackend.start({ path });
  const backends = [first, second, third, fourth, local];
  const steady = [
    steadyRoute("clean-tcp", `127.0.0.1:${first.port}`, POLICY),
    steadyRoute("clean-name", `localhost:${second.port}`, POLICY),
    // A unix socket knows no reset, so there is no such route for the others.
    steadyRoute("clean-unix", `unix:${path}`),
    steadyRoute("reset-tcp", `127.0.0.1:${third.port}`, POLICY),
    steadyRoute("reset-name", `localhost:${fourth.port}`),
  ].join("---\n");

  await using gateway = await GatewayProcess.start({ "steady.yaml": steadyFile(steady, 0) });
  const ports = await gateway.ports();
  ports.delete("neighbour");
  expect(ports.size).toBe(backends.length);
  const crowds = new Map(Array.from(ports, ([route, port], index) => [route, new Crowd(route, port, index)]));
  const listening = gateway.listening(ports.values());
  const descriptors = gateway.descriptors().length;
  const generation = await gateway.generation();
  const changes = new Changes(gateway, steady, generation);

  const resident: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    const over = Promise.all(crowds.values().map((crowd) => crowd.run()));
    await eventually(async () => (await gateway.connectionsActive()) > 0.9 * CLIENTS_PER_ROUTE * crowds.size);
    for (let change = 0; change < RELOADS_PER_ROUND; change++) await changes.next();
    await Bun.sleep(Math.max(0, ROUND_MS - (performance.now() - startedMs)));
    for (const crowd of crowds.values()) crowd.stop();
    await over;
    await eventually(async () => (await gateway.connectionsActive()) === 0);
    // After 20 changes the passing route is gone: there is exactly what there was at first.
    await eventually(() => gateway.descriptors().length === descriptors);
    resident.push(await gateway.leastResidentBytes(40));
  }

  expect(Array.from(crowds.values(), ({ faults }) => faults).flat()).toEqual([]);
  expect(backends.flatMap(({ faults }) => faults)).toEqual([]);
  expect(backends.map(({ open }) => open)).toEqual(backends.map(() => 0));
  expect(await gateway.generation()).toBe(generation + ROUNDS * RELOADS_PER_ROUND);
  expect(gateway.listening(ports.values())).toEqual(listening);
  expect(listening.values().toArray()).not.toContain(undefined);

  const ended = await gateway.metric("sallyport_connections_total");
  const moved = await gateway.metric("sallyport_bytes_total");
  for (const [route, { ends, bytesIn, bytesOut }] of crowds) {
    const counted = ended.entries().filter(([series]) => series.includes(`route="${route}"`));
    const expected = ends
      .entries()
      .map(([reason, count]): [string, number] => [
        `sallyport_connections_total{route="${route}",reason="${reason}"}`,
        count,
      ]);
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
    if (!route.startsWith("clean")) continue;
    expect(moved.get(`sallyport_bytes_total{route="${route}",direction="in"}`)).toBe(bytesIn);
    expect(moved.get(`sallyport_bytes_total{route="${route}",direction="out"}`)).toBe(bytesOut);
  }

  // The first round is left out: it loads code and grows the heap to what this needs.
  const half = (1 + ROUNDS) / 2;
  const growth = Math.min(...resident.slice(half)) - Math.min(...resident.slice(1, half));
  expect(growth).toBeLessThan(GROWTH_BYTES);
}, 240_000);
