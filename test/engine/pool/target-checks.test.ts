import { expect, test } from "bun:test";
import { HealthMonitor } from "../../../src/engine/health/monitor.ts";
import { Target } from "../../../src/engine/pool/target.ts";
import { TargetChecks } from "../../../src/engine/pool/target-checks.ts";
import type { HealthSpec } from "../../../src/resource/health.ts";
import { startBackend } from "../../support/backend.ts";
import { latin1 } from "../../support/dialogue.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { RecordedLog } from "../../support/recorded-log.ts";

const TCP: HealthSpec = {
  check: { kind: "tcp" },
  intervalMs: 60_000,
  jitterMs: 0,
  timeoutMs: 60_000,
  rise: 1,
  fall: 1,
};

/** A check that finds nothing at a backend that is silent. */
function greeted(port: number, expected: string): HealthSpec {
  return { ...TCP, check: { kind: "exchange", expect: latin1(expected) }, port };
}

function startTarget(port: number): Target {
  const where = { host: "127.0.0.1", port, ranged: false };
  const backend = {
    plan: { address: `127.0.0.1:${port}`, ...where, weight: 1, maxConnections: 0, backup: false },
    override: undefined,
    weight: 1,
    targets: [],
    connectionsActive: 0,
    connectionsTotal: 0,
    dialFailures: 0,
    ejections: 0,
  };
  return new Target(backend, where, { weight: 1, tier: 0 });
}

/** Checks that end with `cleanup`. */
function startChecks(cleanup: AsyncDisposableStack): TargetChecks {
  const monitor = new HealthMonitor({ descriptorsExhausted: () => false }, new RecordedLog());
  cleanup.defer(() => monitor.close());
  return new TargetChecks(monitor, () => {});
}

test("a target that was down stays so through any number of other checks that find nothing, until one finds it up", async () => {
  await using cleanup = new AsyncDisposableStack();
  const checks = startChecks(cleanup);
  const silent = cleanup.use(await startBackend());
  const target = startTarget(freePort());
  checks.update([target], TCP, false);
  expect(target.state(0)).toBe("up");
  await eventually(() => target.health?.state.status === "down");
  for (const expected of ["A", "B", "C"]) {
    checks.update([target], greeted(silent.port, expected), true);
    expect(target.health?.state.status).toBe("unknown");
    expect(target.state(0)).toBe("down");
  }
  checks.update([target], { ...TCP, port: silent.port }, true);
  await eventually(() => target.health?.state.status === "up");
  expect(target.state(0)).toBe("up");
  // What was known is over, and not known again by a check that finds nothing.
  checks.update([target], greeted(silent.port, "D"), true);
  expect(target.state(0)).toBe("up");
});

test("a target that is not checked any more is not down, nor is it when it is checked again", async () => {
  await using cleanup = new AsyncDisposableStack();
  const checks = startChecks(cleanup);
  const silent = cleanup.use(await startBackend());
  const target = startTarget(freePort());
  checks.update([target], TCP, false);
  await eventually(() => target.health?.state.status === "down");
  checks.update([target], undefined, true);
  expect(target.state(0)).toBe("up");
  checks.update([target], greeted(silent.port, "A"), false);
  expect(target.state(0)).toBe("up");
});
