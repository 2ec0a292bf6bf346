// What a pool must agree with at every moment, worked out from what was played with it: where a dial may go, what the counts
// are, who may wait. Says what does not agree; changes nothing.

import type { TimerWheel } from "../../src/base/timer-wheel.ts";
import { addressText } from "../../src/engine/health/probe-loop.ts";
import type { Target } from "../../src/engine/pool/target.ts";
import type { Services } from "../../src/engine/services.ts";
import type { SocketAddress } from "../../src/runtime/runtime.ts";
import type { DialOwner } from "../../src/socket/socket.ts";
import type { PoolClient } from "./pool-client.ts";
import type { WatchedPool } from "./watched-pool.ts";

/** A dial that has not settled. */
export interface PendingDial {
  readonly client: PoolClient;
  readonly target: Target;
  readonly owner: DialOwner;
}

/** A pool, and all that has been played with it. */
export interface PlayedPool {
  readonly pool: WatchedPool;
  readonly wheel: TimerWheel;
  readonly counters: Services["counters"];
  /** Also those that have left. */
  readonly clients: readonly PoolClient[];
  readonly dials: ReadonlySet<PendingDial>;
  /** Also those that have gone. */
  readonly targets: ReadonlySet<Target>;
}

/** What is wrong with a dial that the pool begins; it is not among the dials yet. */
export function dialFaults(played: PlayedPool, { client, target }: PendingDial, address: SocketAddress): string[] {
  const faults: string[] = [];
  const { nowMs } = played.wheel;
  const fault = (text: string): void => void faults.push(`Client ${client.id} at ${target.address}: ${text}`);
  // The tier of what is dialled may have changed meanwhile; what is dialled beside it follows it.
  const beside = played.dials.values().some((dial) => dial.client === client && target.isOtherFamilyOf(dial.target));
  if (client.attempts > client.allowed) fault("more attempts than allowed");
  if (client.over || client.target !== null) fault("a dial for nobody");
  if (!present(played).includes(target)) fault("not a target of the pool");
  if (addressText(address) !== target.address) fault(`dialled as ${addressText(address)}`);
  // It is entered already; whether it was full is seen by the count.
  const state = stateOf(target, nowMs);
  const others = openTo(played, client).filter((other) => other !== target);
  // The last one is used although it is ejected.
  const lastResort = state === "ejected" && others.length === 0 && played.pool.plan.passive?.ejectLast !== true;
  if (state !== "usable" && !lastResort) fault(`it is ${state}`);
  const { maxConnections } = target.backend.plan;
  if (maxConnections !== 0 && target.connectionsActive > maxConnections) fault("above maxConnections");
  if (beside) return faults;
  for (const other of others) if (other.tier < target.tier) fault(`${other.address} comes first`);
  return faults;
}

/** What of the pool does not agree with what was played. */
export function poolFaults(played: PlayedPool): string[] {
  return [...countFaults(played), ...clientFaults(played)];
}

/** Connections and given up dials, of each target and each backend. */
function countFaults(played: PlayedPool): string[] {
  const faults: string[] = [];
  const fault = (wrong: boolean, text: string): void => void (wrong && faults.push(text));
  const there = present(played);
  const pending = [...played.dials];
  const counted = played.counters.abandonedDials;
  const abandoned = played.targets.values().reduce((sum, target) => sum + target.abandonedDials, 0);
  fault(abandoned !== counted, `${counted} abandoned dials, not ${abandoned}`);

  const byBackend = new Map<Target["backend"], number>();
  for (const target of played.targets) {
    const live = played.clients.filter((client) => !client.over && client.target === target).length;
    const dialled = pending.filter((dial) => dial.target === target);
    const forNobody = dialled.filter(({ client }) => client.over || client.target !== null).length;
    const { abandonedDials, address, connectionsActive, backend } = target;
    fault(abandonedDials < forNobody || abandonedDials > dialled.length, `${address}: ${abandonedDials} abandoned`);
    const expected = live + dialled.length - abandonedDials;
    fault(connectionsActive !== expected, `${address}: ${connectionsActive} active, not ${expected}`);
    byBackend.set(backend, (byBackend.get(backend) ?? 0) + connectionsActive);
    fault(target.health !== null && !there.includes(target), `${address} is gone and checked`);
  }
  for (const [{ connectionsActive, plan }, sum] of byBackend) {
    fault(connectionsActive !== sum, `Backend ${plan.address}: ${connectionsActive} active, not ${sum}`);
  }
  return faults;
}

/** What becomes of each client, who waits, and who dials. */
function clientFaults(played: PlayedPool): string[] {
  const faults: string[] = [];
  const fault = (wrong: boolean, text: string): void => void (wrong && faults.push(text));
  const { pool, counters } = played;
  const pending = [...played.dials];
  let dialling = 0;
  let inLine = 0;
  for (const client of played.clients) {
    const { dialler, outcomes, id, over, target } = client;
    const waits = pool.waiters.has(dialler);
    const searching = !over && target === null;
    fault(outcomes.length > 1, `Client ${id} ended with ${outcomes.join()}`);
    fault(waits && !searching, `Client ${id} waits for nothing`);
    fault(searching && client.nextEntry === null, `Client ${id} has no deadline`);
    fault(!searching && client.nextEntry !== null, `Client ${id} has a deadline for nothing`);
    if (!searching) continue;
    if (!waits) {
      dialling++;
      fault(!pending.some((dial) => dial.client === client), `Client ${id} neither waits nor dials`);
      continue;
    }
    inLine++;
    const open = openTo(played, client);
    const tier = Math.min(...open.map((each) => each.tier));
    const free = open.find((each) => each.tier === tier && hasRoom(each));
    fault(free !== undefined, `Client ${id} waits although ${free?.address} has room`);
  }
  fault(pool.waiters.size !== inLine, `${pool.waiters.size} wait, not ${inLine}`);
  const queued = pool.awaitsNames ? pool.queued <= inLine : pool.queued === inLine;
  fault(!queued || pool.queued < 0, `${pool.queued} are queued of ${inLine}`);
  const wanted = pending.length - counters.abandonedDials;
  fault(wanted < dialling || wanted > 2 * dialling, `${wanted} dials for ${dialling} clients`);
  fault(counters.besideDials !== wanted - dialling, `${counters.besideDials} dials beside others`);
  return faults;
}

function present({ pool }: PlayedPool): Target[] {
  return pool.backends.flatMap(({ targets }) => targets);
}

/** The targets that the client has not tried and that nothing but how many are connected keeps it from. */
function openTo(played: PlayedPool, { dialler }: PoolClient): Target[] {
  const { nowMs } = played.wheel;
  return present(played).filter((each) => dialler.tried?.has(each) !== true && stateOf(each, nowMs) === "usable");
}

function hasRoom({ backend, connectionsActive, abandonedDials }: Target): boolean {
  const { maxConnections } = backend.plan;
  return maxConnections === 0 || connectionsActive + abandonedDials < maxConnections;
}

/** Whether anything but how many are connected keeps new connections from it; told from what was played, not by the pool. */
function stateOf(target: Target, nowMs: number): string {
  const { override, plan } = target.backend;
  if (override?.state === "down" || override?.state === "drain") return override.state;
  if ((override?.weight ?? plan.weight) === 0) return "without weight";
  if (override?.state === "up") return "usable";
  const status = target.health?.state.status;
  if (status === "down" || (status === "unknown" && target.wasDown)) return "down";
  return target.ejection.untilMs > nowMs ? "ejected" : "usable";
}
