// How targets are spoken to, as a part of what makes two checks the same.

import { expect, test } from "bun:test";
import type { CheckApproach } from "../../../src/engine/health/approach.ts";
import { HealthMonitor } from "../../../src/engine/health/monitor.ts";
import { CheckContexts } from "../../../src/engine/health/tls-client.ts";
import type { HealthSpec } from "../../../src/resource/health.ts";
import { ONE, OURS } from "../../support/approached-check.ts";
import { eventually } from "../../support/eventually.ts";
import { RecordedLog } from "../../support/recorded-log.ts";
import { startTlsFront } from "../../support/tls-front.ts";

/** Never checks a second time within a test. */
const SPEC: HealthSpec = {
  check: { kind: "tls" },
  intervalMs: 3_600_000,
  jitterMs: 0,
  timeoutMs: 30_000,
  rise: 1,
  fall: 1,
};

test("checks an address once for each way in which it is spoken to", async () => {
  using cleanup = new DisposableStack();
  const monitor = new HealthMonitor({ descriptorsExhausted: () => false }, new RecordedLog());
  cleanup.defer(() => monitor.close());
  await using server = await startTlsFront();
  const watch = (approach: CheckApproach) =>
    monitor.watch({ host: "127.0.0.1", port: server.port }, { ...SPEC, approach }, () => {});
  // Equal, not the same.
  const alike = [watch({ tls: ONE }), watch(structuredClone({ tls: ONE }))];
  const others = [watch({ tls: { ...ONE, serverName: "two.example" } }), watch({ proxySend: 1, tls: ONE })];
  await eventually(() => [...alike, ...others].every(({ state }) => state.checks === 1));
  expect(alike[0]?.state).toBe(alike[1]?.state);
  expect([...alike, ...others].map(({ state }) => state.status)).toEqual(["up", "up", "down", "down"]);
});

test("settings are made ready once, however many targets have them", () => {
  const contexts = new CheckContexts();
  expect(contexts.of(OURS)).toBe(contexts.of(OURS));
  expect(contexts.of(OURS)).not.toBe(contexts.of({ ...OURS }));
});
