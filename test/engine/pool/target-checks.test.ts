import { expect, test } from "bun:test";
import { TimerWheel } from "../../../src/base/timer-wheel.ts";
import type { TargetHealthSpec } from "../../../src/engine/health/approach.ts";
import { HealthMonitor, type HealthWatch } from "../../../src/engine/health/monitor.ts";
import { Pool } from "../../../src/engine/pool/pool.ts";
import { Target } from "../../../src/engine/pool/target.ts";
import { TargetChecks } from "../../../src/engine/pool/target-checks.ts";
import { Resolver } from "../../../src/engine/resolve/resolver.ts";
import type { PoolPlan, UpstreamTlsPlan } from "../../../src/plan/plan.ts";
import type { SocketAddress } from "../../../src/runtime/runtime.ts";
import type { HealthSpec } from "../../../src/resource/health.ts";
import { startBackend } from "../../support/backend.ts";
import { latin1 } from "../../support/dialogue.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { RecordedLog } from "../../support/recorded-log.ts";
import { startTlsFront, tlsFixture } from "../../support/tls-front.ts";

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
  checks.update([target], { health: TCP }, false);
  expect(target.state(0)).toBe("up");
  await eventually(() => target.health?.state.status === "down");
  for (const expected of ["A", "B", "C"]) {
    checks.update([target], { health: greeted(silent.port, expected) }, true);
    expect(target.health?.state.status).toBe("unknown");
    expect(target.state(0)).toBe("down");
  }
  checks.update([target], { health: { ...TCP, port: silent.port } }, true);
  await eventually(() => target.health?.state.status === "up");
  expect(target.state(0)).toBe("up");
  // What was known is over, and not known again by a check that finds nothing.
  checks.update([target], { health: greeted(silent.port, "D") }, true);
  expect(target.state(0)).toBe("up");
});

test("a target that is not checked any more is not down, nor is it when it is checked again", async () => {
  await using cleanup = new AsyncDisposableStack();
  const checks = startChecks(cleanup);
  const silent = cleanup.use(await startBackend());
  const target = startTarget(freePort());
  checks.update([target], { health: TCP }, false);
  await eventually(() => target.health?.state.status === "down");
  checks.update([target], {}, true);
  expect(target.state(0)).toBe("up");
  checks.update([target], { health: greeted(silent.port, "A") }, false);
  expect(target.state(0)).toBe("up");
});

// --- how targets are spoken to ------------------------------------------------------------------------------------

const [ca, stranger] = await Promise.all(["ca.pem", "stranger.pem"].map(tlsFixture));

function trusting(text = ""): UpstreamTlsPlan {
  return { trust: { ca: [text], crl: [] }, insecure: false };
}

/** Remembers what is watched, and checks nothing. */
class AskedMonitor extends HealthMonitor {
  readonly specs: TargetHealthSpec[] = [];

  override watch(_address: SocketAddress, spec: TargetHealthSpec): HealthWatch {
    this.specs.push(spec);
    return { state: { status: "unknown", checks: 0, failures: 0 }, close() {} };
  }
}

function asked(health: HealthSpec, plan: Pick<PoolPlan, "proxySend" | "upstreamTls">): TargetHealthSpec["approach"] {
  const monitor = new AskedMonitor({ descriptorsExhausted: () => false }, new RecordedLog());
  new TargetChecks(monitor, () => {}).update([startTarget(5432)], { health, ...plan }, false);
  return monitor.specs[0]?.approach;
}

test("checks begin as clients' connections do: with the PROXY header, and TLS for what speaks through it", () => {
  const upstreamTls = trusting(ca);
  const tls = { settings: upstreamTls, serverName: "127.0.0.1" };
  const kinds: readonly HealthSpec["check"][] = [
    { kind: "tls" },
    { kind: "redis" },
    { kind: "postgres", user: "sallyport" },
    { kind: "exchange", expect: latin1("READY") },
  ];
  for (const check of kinds) {
    expect(asked({ ...TCP, check }, { proxySend: 2, upstreamTls })).toEqual({ proxySend: 2, tls });
  }
  // A connection is all it wants.
  expect(asked(TCP, { proxySend: 1, upstreamTls })).toEqual({ proxySend: 1 });
  expect(asked(TCP, {})).toEqual({});
  const named = { ...upstreamTls, serverName: "db.example" };
  expect(asked({ ...TCP, check: { kind: "redis" } }, { upstreamTls: named })?.tls?.serverName).toBe("db.example");
});

test("a port of its own for checks is another service, which gets neither", () => {
  const health: HealthSpec = { ...TCP, check: { kind: "redis" }, port: 8008 };
  expect(asked(health, { proxySend: 2, upstreamTls: trusting(ca) })).toEqual({});
});

test("a reload that changes how a target is spoken to checks it anew, and it stays down until it is found up", async () => {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startTlsFront({ answer: "+PONG\r\n" }));
  const log = new RecordedLog();
  const monitor = new HealthMonitor({ descriptorsExhausted: () => false }, log);
  cleanup.defer(() => monitor.close());
  const plan = (text: string | undefined, extra: Partial<PoolPlan> = {}): PoolPlan => ({
    name: "db",
    route: "db",
    balance: "round-robin",
    targets: [
      {
        host: "127.0.0.1",
        port: server.port,
        ranged: false,
        address: "db",
        weight: 1,
        backup: false,
        maxConnections: 0,
      },
    ],
    health: { ...TCP, check: { kind: "redis" } },
    onDown: "keep",
    slowStartMs: 0,
    dial: { attempts: 1, attemptMs: 0 },
    resolveIntervalMs: 60_000,
    upstreamTls: { ...trusting(text), serverName: "one.example" },
    ...extra,
  });
  const pool = new Pool(plan(stranger), {
    resolver: new Resolver(log, async () => ({ addresses: [] })),
    monitor,
    log,
    wheel: new TimerWheel(new ManualClock()),
    targetDown() {},
  });
  cleanup.defer(() => pool.close());
  const [target] = pool.backends[0]?.targets ?? [];
  await eventually(() => target?.health?.state.status === "down");
  expect(target?.health?.state.error).toContain("no authority that is trusted");
  const before = target?.health;
  // Read anew, and the same.
  pool.update(plan(stranger));
  expect(target?.health).toBe(before ?? null);
  pool.update(plan(ca));
  expect(target?.health?.state.status).toBe("unknown");
  expect(target?.state(0)).toBe("down");
  await eventually(() => target?.health?.state.status === "up");
  expect(target?.state(0)).toBe("up");
  // The server would take a PROXY header for a broken TLS message.
  pool.update(plan(ca, { proxySend: 1 }));
  await eventually(() => target?.health?.state.status === "down");
});
