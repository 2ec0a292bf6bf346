// Pool and dialler under everything that can happen to them, in any order: whatever it is, the counts are right, nobody is
// forgotten, and nobody is sent where nobody should be.

import { expect, test } from "bun:test";
import type { ResolvedAddress } from "../../../src/engine/resolve/name-query.ts";
import type { OverrideSettings } from "../../../src/engine/snapshot.ts";
import type { PoolPlan, TargetPlan } from "../../../src/plan/plan.ts";
import type { PassiveSpec } from "../../../src/resource/health.ts";
import { PoolScene } from "../../support/pool-scene.ts";
import { Random } from "../../support/random.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

const SEQUENCES = 1_200;
const STEPS = 120;
const NAME = "db.test";
const SERVICE = "srv+_pg._tcp.test";
const BALANCES = ["round-robin", "least-connections", "random", "source-hash"] as const;
const REFUSED = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const SHORTAGE = Object.assign(new Error("no descriptor"), { code: "EMFILE" });

function among<T>(random: Random, list: readonly T[]): T | undefined {
  return list[random.below(list.length)];
}

function randomTarget(random: Random, at: number): TargetPlan {
  const weight = random.chance(6) ? 0 : 1 + random.below(3);
  const rest = { weight, backup: random.chance(4), maxConnections: random.below(3) };
  if (at === 3) return { host: NAME, port: 1, ranged: false, address: `${NAME}:1`, ...rest };
  if (at === 4) return { srv: "_pg._tcp.test", address: SERVICE, ...rest };
  return { host: `10.0.0.${at}`, port: 1, ranged: false, address: `10.0.0.${at}:1`, ...rest };
}

function randomPlan(random: Random): PoolPlan {
  const targets = [0, 1, 2, 3, 4].flatMap((at) => (random.chance(2) ? [] : [randomTarget(random, at)]));
  const passive: PassiveSpec = {
    failures: 1 + random.below(2),
    earlyResetMs: random.chance(2) ? 1_000 : 0,
    ejectMs: 500,
    maxEjectMs: 2_000,
    ejectLast: random.chance(2),
  };
  const health = { intervalMs: 1_000, jitterMs: 0, timeoutMs: 500, rise: 1, fall: 1 };
  return {
    name: "db",
    route: "db",
    balance: among(random, BALANCES) ?? "random",
    targets: targets.length === 0 ? [randomTarget(random, 0)] : targets,
    ...(random.chance(3) ? {} : { health: { check: { kind: random.chance(2) ? "tcp" : "redis" }, ...health } }),
    ...(random.chance(3) ? {} : { passive }),
    onDown: random.chance(2) ? "kill" : "keep",
    slowStartMs: random.chance(2) ? 1_000 : 0,
    dial: { attempts: 1 + random.below(4), attemptMs: random.chance(2) ? 700 : 0 },
    resolveIntervalMs: 1_000,
  };
}

function randomAnswer(random: Random, service: boolean): readonly ResolvedAddress[] | Error {
  if (random.chance(4)) return new Error("No answer");
  const hosts = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].filter(() => !random.chance(2));
  return hosts.map((host) => {
    return service ? { host, port: 1 + random.below(2), weight: 1 + random.below(3), tier: random.below(2) } : { host };
  });
}

function randomOverride(random: Random): OverrideSettings | undefined {
  if (random.chance(2)) return undefined;
  if (random.chance(3)) return { weight: random.below(3) };
  return { state: among(random, ["up", "drain", "down"] as const) ?? "up" };
}

/** Does one thing, and says what. */
function step(scene: PoolScene, random: Random): string {
  const dial = among(random, [...scene.dials]);
  switch (random.below(13)) {
    case 0:
    case 1:
    case 2:
      scene.arrive();
      return "a client arrives";
    case 3:
    case 4:
      if (dial !== undefined) scene.settle(dial, "open");
      return `${dial?.target.address} accepts`;
    case 5:
      if (dial !== undefined) scene.settle(dial, random.chance(6) ? SHORTAGE : REFUSED);
      return `${dial?.target.address} refuses`;
    case 6:
    case 7: {
      const client = among(
        random,
        scene.clients.filter(({ over }) => !over),
      );
      client?.end(random.chance(3) ? random.below(1_500) : -1);
      return `client ${client?.id} ends`;
    }
    case 8: {
      const watch = among(random, [...scene.monitor.watches.values()]);
      const status = random.chance(2) ? "up" : "down";
      if (watch !== undefined) scene.monitor.find(watch.address, status);
      return `${watch?.address} is ${status}`;
    }
    case 9: {
      const service = random.chance(2);
      const answer = randomAnswer(random, service);
      scene.resolver.answer(service ? SERVICE : NAME, answer);
      return `${service ? SERVICE : NAME} is ${answer instanceof Error ? "unknown" : answer.map(({ host }) => host)}`;
    }
    case 10: {
      const backend = among(random, scene.pool.backends);
      const settings = randomOverride(random);
      if (backend !== undefined) scene.pool.setOverride(backend.plan.address, settings);
      return `${backend?.plan.address} is set to ${JSON.stringify(settings)}`;
    }
    case 11: {
      if (!random.chance(3)) return "nothing";
      scene.queueSize = random.below(4);
      const plan = randomPlan(random);
      scene.update(plan);
      return `plan ${JSON.stringify(plan)}`;
    }
    default: {
      const ticks = 1 + random.below(random.chance(5) ? 60 : 4);
      scene.exhausted = random.chance(10);
      scene.pass(ticks);
      return `${ticks} ticks pass`;
    }
  }
}

/** Everything ends; what is still there then was forgotten. */
function finish(scene: PoolScene, random: Random): void {
  if (random.chance(2)) scene.pool.close();
  // Ten attempts of the connect timeout and the queue's are over by then.
  scene.pass(300);
  const searching = scene.clients.filter(({ over, target }) => !over && target === null);
  if (searching.length > 0) scene.faults.push(`Client ${searching[0]?.id} hangs`);
  for (const client of scene.clients) client.end(-1);
  for (const dial of scene.dials) scene.settle(dial, random.chance(2) ? "open" : REFUSED);
  scene.check();
  scene.pool.close();
  if (scene.wheel.scheduled !== 0) scene.faults.push(`${scene.wheel.scheduled} timers are left`);
  scene.pass(2);
  if (scene.clock.ticking) scene.faults.push("The wheel goes on turning");
  if (scene.pool.waiters.size + scene.pool.queued !== 0) scene.faults.push("Somebody waits");
  if (scene.counters.abandonedDials !== 0) scene.faults.push(`${scene.counters.abandonedDials} dials are left`);
  if (scene.monitor.watches.size !== 0) scene.faults.push("Checks are left");
  if (scene.resolver.watches.size !== 0) scene.faults.push("Names are left");
}

test(
  "whatever happens in whatever order, counts are right and nobody is forgotten or sent to the wrong place",
  () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= SEQUENCES; seed++) {
      const random = new Random(seed);
      using scene = new PoolScene(randomPlan(random));
      const done: string[] = [];
      for (let at = 0; at < STEPS && scene.faults.length === 0; at++) {
        done.push(step(scene, random));
        scene.check();
      }
      if (scene.faults.length === 0) {
        done.push("the end");
        finish(scene, random);
      }
      if (scene.faults.length > 0) {
        throw new Error(`Seed ${seed}: ${scene.faults.join("; ")}\nafter ${done.slice(-12).join("\n  then ")}`);
      }
      for (const { outcomes } of scene.clients) for (const each of outcomes) seen.set(each, (seen.get(each) ?? 0) + 1);
    }
    // It went all the ways there are.
    for (const way of ["dialled", "denied-concurrency", "no-backend", "dial-refused", "dial-timeout", "dial-failed"]) {
      expect([way, seen.get(way) ?? 0]).not.toEqual([way, 0]);
    }
  },
  LIMIT_MS,
);
