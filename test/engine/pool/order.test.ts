// Whose turn it is at a pool's targets, and what is remembered of them: the cases that chance finds rarely.

import { expect, test } from "bun:test";
import type { PoolPlan, TargetPlan } from "../../../src/plan/plan.ts";
import { PoolScene } from "../../support/pool-scene.ts";

const REFUSED = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

function target(host: string, more: Partial<TargetPlan> = {}): TargetPlan {
  return { host, port: 1, ranged: false, address: `${host}:1`, weight: 1, backup: false, maxConnections: 0, ...more };
}

function plan(targets: readonly TargetPlan[], more: Partial<PoolPlan> = {}): PoolPlan {
  return {
    name: "db",
    route: "db",
    balance: "round-robin",
    targets,
    onDown: "keep",
    slowStartMs: 0,
    dial: { attempts: 10, attemptMs: 0 },
    resolveIntervalMs: 1_000,
    ...more,
  };
}

const PASSIVE = { failures: 1, earlyResetMs: 0, ejectMs: 10_000, maxEjectMs: 10_000, ejectLast: false };

/** Settles the dial of a client, and says where it went. */
function settle(scene: PoolScene, client: number, how: "open" | Error): string {
  const dial = scene.dials.values().find((each) => each.client.id === client);
  if (dial === undefined) throw new Error(`Client ${client} does not dial`);
  scene.settle(dial, how);
  return dial.target.address;
}

test("an ejected target is used when those that were there have gone", () => {
  using scene = new PoolScene(plan([target("10.0.0.1"), target("10.0.0.2")], { passive: PASSIVE }));
  scene.arrive();
  expect(settle(scene, 0, REFUSED)).toBe("10.0.0.1:1");
  settle(scene, 0, "open");
  scene.pool.setOverride("10.0.0.2:1", { state: "drain" });
  scene.arrive();
  expect(settle(scene, 1, "open")).toBe("10.0.0.1:1");
  expect(scene.check()).toEqual([]);
});

test("a plan without ejection lifts those that are there", () => {
  using scene = new PoolScene(plan([target("10.0.0.1"), target("10.0.0.2")], { passive: PASSIVE }));
  scene.arrive();
  settle(scene, 0, REFUSED);
  settle(scene, 0, "open");
  scene.update(plan([target("10.0.0.1"), target("10.0.0.2")]));
  const used = [1, 2, 3, 4].map((client) => {
    scene.arrive();
    return settle(scene, client, "open");
  });
  expect(new Set(used)).toEqual(new Set(["10.0.0.1:1", "10.0.0.2:1"]));
});

test("what a target saved up by an old weight is worth nothing by the new one", () => {
  const heavy = { weight: 100_000 };
  using scene = new PoolScene(plan([target("10.0.0.1", heavy), target("10.0.0.2", heavy)]));
  scene.arrive();
  settle(scene, 0, "open");
  scene.update(plan([target("10.0.0.1"), target("10.0.0.2")]));
  const used = [1, 2, 3, 4].map((client) => {
    scene.arrive();
    return settle(scene, client, "open");
  });
  expect(used.filter((address) => address === "10.0.0.1:1")).toHaveLength(2);
});

test("a backend that leaves with connections and comes back still has them", () => {
  const one = target("10.0.0.1", { maxConnections: 1 });
  using scene = new PoolScene(plan([one, target("10.0.0.2")]));
  scene.arrive();
  expect(settle(scene, 0, "open")).toBe("10.0.0.1:1");
  scene.update(plan([target("10.0.0.2")]));
  scene.update(plan([one, target("10.0.0.2")]));
  for (const client of [1, 2, 3]) {
    scene.arrive();
    expect(settle(scene, client, "open")).toBe("10.0.0.2:1");
  }
  expect(scene.check()).toEqual([]);
});

test("a backend that comes back has what is set for it then, not what was set when it left", () => {
  const both = plan([target("10.0.0.1"), target("10.0.0.2")]);
  using scene = new PoolScene(both);
  scene.arrive();
  expect(settle(scene, 0, "open")).toBe("10.0.0.1:1");
  scene.pool.setOverride("10.0.0.1:1", { state: "drain" });
  scene.update(plan([target("10.0.0.2")]));
  scene.pool.setOverride("10.0.0.1:1", undefined);
  scene.update(both);
  const used = [1, 2].map((client) => {
    scene.arrive();
    return settle(scene, client, "open");
  });
  expect(used.toSorted()).toEqual(["10.0.0.1:1", "10.0.0.2:1"]);
});

test("an address that leaves a name with connections and comes back still has them", () => {
  const named: TargetPlan = { ...target("db.test"), maxConnections: 1 };
  using scene = new PoolScene(plan([named]));
  scene.resolver.answer("db.test", [{ host: "10.0.0.1" }]);
  scene.arrive();
  settle(scene, 0, "open");
  scene.resolver.answer("db.test", [{ host: "10.0.0.2" }]);
  scene.resolver.answer("db.test", [{ host: "10.0.0.1" }]);
  scene.arrive();
  expect(scene.pool.queued).toBe(1);
  expect(scene.check()).toEqual([]);
});

test("a dial that was given up takes a place until it settles", () => {
  using scene = new PoolScene(plan([target("10.0.0.1", { maxConnections: 1 })]));
  scene.arrive();
  scene.clients[0]?.end(-1);
  scene.arrive();
  expect(scene.dials.size).toBe(1);
  expect(scene.pool.queued).toBe(1);
  const [lost] = scene.dials;
  if (lost === undefined) throw new Error("There is no dial");
  scene.settle(lost, REFUSED);
  expect(settle(scene, 1, "open")).toBe("10.0.0.1:1");
  expect(scene.check()).toEqual([]);
});

test("whoever leaves the line for a dial that fails has its old place, newcomers notwithstanding", () => {
  const targets = [target("10.0.0.1", { maxConnections: 1 }), target("10.0.0.2")];
  using scene = new PoolScene(plan(targets));
  scene.pool.setOverride("10.0.0.2:1", { state: "drain" });
  scene.arrive();
  settle(scene, 0, "open");
  scene.arrive();
  scene.arrive();
  expect(scene.pool.queued).toBe(2);
  // Both go to the other one, and two more take the places in the queue that they left.
  scene.pool.setOverride("10.0.0.2:1", undefined);
  expect(scene.pool.queued).toBe(0);
  scene.pool.setOverride("10.0.0.2:1", { state: "drain" });
  scene.arrive();
  scene.arrive();
  expect(scene.pool.queued).toBe(2);
  settle(scene, 1, REFUSED);
  settle(scene, 2, REFUSED);
  expect(scene.clients.map(({ outcomes }) => outcomes)).toEqual([["dialled"], [], [], [], []]);
  scene.clients[0]?.end(-1);
  expect(settle(scene, 1, "open")).toBe("10.0.0.1:1");
  scene.clients[1]?.end(-1);
  settle(scene, 2, "open");
  expect(scene.check()).toEqual([]);
});

test("a target that has been reached again is open to a client that it refused", () => {
  using scene = new PoolScene(plan([target("10.0.0.1", { maxConnections: 1 }), target("10.0.0.2")]));
  scene.arrive();
  settle(scene, 0, "open");
  scene.arrive();
  expect(settle(scene, 1, REFUSED)).toBe("10.0.0.2:1");
  expect(scene.pool.queued).toBe(1);
  scene.arrive();
  expect(settle(scene, 2, "open")).toBe("10.0.0.2:1");
  expect(settle(scene, 1, "open")).toBe("10.0.0.2:1");
  expect(scene.check()).toEqual([]);
});

test("with earlyReset rare failures between connections that last eject nobody", () => {
  const passive = { ...PASSIVE, failures: 2, earlyResetMs: 1_000 };
  using scene = new PoolScene(plan([target("10.0.0.1"), target("10.0.0.2")], { passive }));
  let client = 0;
  for (let round = 0; round < 5; round++) {
    for (let each = 0; each < 4; each++, client++) {
      scene.arrive();
      settle(scene, client, "open");
    }
    scene.pass(20);
    // The next is refused once, and served by the other.
    scene.arrive();
    settle(scene, client, REFUSED);
    settle(scene, client++, "open");
  }
  expect(scene.pool.backends.map(({ ejections }) => ejections)).toEqual([0, 0]);
});
