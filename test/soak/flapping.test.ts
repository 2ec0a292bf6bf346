// Backends that die and return at random under everything that keeps a route up: checks, ejection, limits, queue, kills.
// Whatever becomes of the clients, each of them is told, and nothing of them is left behind.

import { expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { FlappingBackend } from "../support/flapping-backend.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { MEGABYTE } from "../support/payload.ts";
import { Peer } from "../support/peer.ts";
import { Random } from "../support/random.ts";

const BACKENDS = 4;
const ROUNDS = 3;
const ROUND_MS = 3_500;
const CLIENTS = 120;
/** Clients come from so many addresses of this machine. */
const SOURCES = 6;
const PER_SOURCE = 15;
/** Of each backend: four have room for all that the route admits, and three have not. */
const MAX_CONNECTIONS = 25;
const RELOAD_MS = 200;
/** A client that hears nothing for so long hangs: longer than queue, dials and a shared processor can take together. */
const HANG_MS = 20_000;

/** A round is thousands of connections: what each of them left behind would show. Of garbage there is less. */
const GROWTH_BYTES = 32 * MEGABYTE;

const BASE: Readonly<Record<string, unknown>> = {
  balance: "least-connections",
  health: {
    check: "tcp",
    interval: "100ms",
    timeout: "100ms",
    rise: 1,
    fall: 1,
    onDown: "kill",
    passive: { failures: 2, earlyReset: "100ms", eject: "200ms", maxEject: "1s", ejectLast: true },
  },
  timeouts: { connect: "2s" },
  limits: { connections: SOURCES * PER_SOURCE, perSource: PER_SOURCE, queue: { size: 30, timeout: "1s" } },
};

const CHANGES: readonly Readonly<Record<string, unknown>>[] = [
  BASE,
  { ...BASE, balance: "round-robin", health: "off" },
  { ...BASE, balance: "random", limits: { perSource: { connections: PER_SOURCE, rate: "500/s" } } },
  { ...BASE, balance: "source-hash", limits: {}, health: { check: "tcp", interval: "150ms", slowStart: "1s" } },
  { ...BASE, limits: { connections: 60, queue: "off" } },
];

/** The address that client number `index` comes from. */
function sourceOf(index: number): string {
  return `127.0.0.${2 + (index % SOURCES)}`;
}

function routeText(backends: readonly FlappingBackend[], settings: Readonly<Record<string, unknown>>): string {
  const list = backends.map(({ address }) => ({ address, maxConnections: MAX_CONNECTIONS }));
  return JSON.stringify({ name: "db", listen: "127.0.0.1:0", backends: list, ...settings });
}

/** How one connection after the other ended. */
class Crowd {
  readonly faults: string[] = [];
  served = 0;
  refused = 0;
  readonly #port: number;
  readonly #random = new Random(3);
  #coming = false;

  constructor(port: number) {
    this.#port = port;
  }

  async run(): Promise<void> {
    this.#coming = true;
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => this.#comeAndGo(sourceOf(index))));
  }

  stop(): void {
    this.#coming = false;
  }

  async #comeAndGo(localAddress: string): Promise<void> {
    while (this.#coming) {
      // Most are short; some stay for seconds and see their backend die.
      const exchanges = this.#random.chance(5) ? 10 : 1;
      let hang: ReturnType<typeof setTimeout> | undefined;
      try {
        await using peer = await Peer.connect({ port: this.#port, host: "127.0.0.1", localAddress });
        hang = setTimeout(() => {
          this.faults.push(`A client with ${peer.received} bytes hangs`);
          peer.reset();
        }, HANG_MS);
        if (await this.#talk(peer, exchanges)) this.served++;
        else this.refused++;
      } catch {
        this.refused++; // Reset while it connected or wrote.
      } finally {
        clearTimeout(hang);
      }
      await Bun.sleep(this.#random.below(40));
    }
  }

  /** False when it was cut off, which is nobody's fault here. */
  async #talk(peer: Peer, exchanges: number): Promise<boolean> {
    let said = "";
    for (let at = 0; at < exchanges; at++) {
      said += `piece ${this.#random.below(1_000)}.`;
      await peer.send(said.slice(peer.received));
      const heard = await peer.read(said.length);
      if (!said.startsWith(heard)) this.faults.push(`Said "${said}", heard "${heard}"`);
      if (heard.length < said.length) return false;
      if (exchanges > 1) await Bun.sleep(this.#random.below(200));
    }
    peer.finish();
    return (await peer.end()) === "fin";
  }
}

/** Until `stop`: at random moments a random backend becomes something else. */
async function flap(backends: readonly FlappingBackend[], random: Random, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    await Bun.sleep(random.below(150));
    const state = (["echoing", "echoing", "dead", "resetting"] as const)[random.below(4)] ?? "dead";
    await backends[random.below(backends.length)]?.become(state);
  }
  for (const backend of backends) await backend.become("echoing");
}

async function reloads(
  gateway: GatewayProcess,
  backends: readonly FlappingBackend[],
  random: Random,
  stopped: () => boolean,
): Promise<void> {
  const write = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
    await gateway.writeRoutes("db.yaml", routeText(backends, settings));
    expect((await gateway.reload()).result).not.toBe("partial");
  };
  while (!stopped()) {
    await write(CHANGES[random.below(CHANGES.length)] ?? BASE);
    await Bun.sleep(RELOAD_MS);
  }
  await write(BASE);
}

/** Every sample of the metric is 0. */
async function nothingLeft(gateway: GatewayProcess, name: string): Promise<boolean> {
  return (await gateway.metric(name)).values().every((value) => value === 0);
}

test.each([
  ["as they are", false],
  ["and are changed all the time", true],
])(
  "backends flap while routes stay %p: no client hangs, nothing is left behind",
  async (_, changing) => {
    await using stack = new AsyncDisposableStack();
    const backends: FlappingBackend[] = [];
    while (backends.length < BACKENDS) backends.push(stack.use(await FlappingBackend.start()));
    await using gateway = await GatewayProcess.start({ "db.yaml": routeText(backends, BASE) });
    const port = (await gateway.ports()).get("db") ?? 0;
    const random = new Random(11);
    // What checks hold open comes and goes.
    let descriptors = Infinity;
    for (let look = 0; look < 50; look++) {
      descriptors = Math.min(descriptors, gateway.descriptors().length);
      await Bun.sleep(5);
    }

    const crowd = new Crowd(port);
    const resident: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let stopped = false;
      const over = Promise.all([
        flap(backends, random, () => stopped),
        ...(changing ? [reloads(gateway, backends, random, () => stopped)] : []),
      ]);
      const left = crowd.run();
      await Bun.sleep(ROUND_MS);
      stopped = true;
      await over;
      crowd.stop();
      await left;
      for (const metric of [
        "sallyport_connections_active",
        "sallyport_connections_queued",
        "sallyport_backend_connections_active",
      ]) {
        await eventually(() => nothingLeft(gateway, metric));
      }
      await eventually(() => gateway.descriptors().length <= descriptors);
      resident.push(await gateway.leastResidentBytes(20));
    }

    expect(crowd.faults).toEqual([]);
    expect(crowd.served).toBeGreaterThan(500);
    expect(crowd.refused).toBeGreaterThan(50);
    const reasons = [...(await gateway.metric("sallyport_connections_total")).keys()].join(" ");
    for (const reason of ["done", "killed", "denied-concurrency"]) expect(reasons).toContain(`reason="${reason}"`);

    // Each source gets every place that it may have, and together they have all of the route: no count of any was kept.
    const held: Peer[] = [];
    for (let source = 0; source < SOURCES * PER_SOURCE; source++) {
      const peer = await Peer.connect({ port, host: "127.0.0.1", localAddress: sourceOf(source) });
      await peer.send("x");
      expect(await peer.read(1)).toBe("x");
      held.push(peer);
    }
    // The reset may come before the connection is seen to be there.
    const beyond = await Peer.connect(port).catch(() => undefined);
    expect((await beyond?.end()) ?? "reset").toBe("reset");
    for (const peer of held) peer.reset();

    const [, first = 0, ...later] = resident;
    expect(Math.min(...later) - first).toBeLessThan(GROWTH_BYTES);
  },
  60_000,
);
