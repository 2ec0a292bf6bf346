// What the values of a route must not say together, each of them right by itself. It reads the document a second time, and
// takes what is good of it: a mistake elsewhere must not hide another one until the next run.

import * as v from "valibot";

import { formatDuration } from "../base/duration.ts";
import { backendListRule, type BackendSpec, backendRule } from "./backend-rule.ts";
import { checkRule, checkWordRule } from "./check-rule.ts";
import { DEFAULT_CONNECT_MS, dialKeys } from "./dial-rule.ts";
import { checkKeys, DEFAULT_INTERVAL_MS, DEFAULT_PASSIVE, ejectKeys } from "./health-rule.ts";
import { bandwidthMap, perSourceMap, queueRule } from "./limits-rule.ts";
import { type ListenSpec, listenRule } from "./listen-rule.ts";
import type { ValuePath } from "./origin.ts";
import { isMap, quote } from "./rule.ts";
import { durationRule } from "./scalar-rule.ts";

/** Says that the value at `path`, or with `part` its key, is wrong beside others. */
export type Fail = (code: string, message: string, path: ValuePath, hint?: string, part?: "key" | "value") => void;

/** Keys that only say how to check. */
const CHECK_KEYS = Object.keys(checkKeys);
/** For a value that is wrong by itself: one that agrees with all others. */
const { POSITIVE_INFINITY: LONGEST } = Number;

const healthTogether = v.object({
  check: v.optional(v.fallback(checkRule, { kind: "tcp" })),
  interval: v.optional(v.fallback(v.unwrap(checkKeys.interval), LONGEST)),
  jitter: v.optional(v.fallback(v.unwrap(checkKeys.jitter), 0)),
  timeout: v.optional(v.fallback(v.unwrap(checkKeys.timeout), 0)),
  passive: v.fallback(
    v.optional(
      v.object({
        eject: v.optional(v.fallback(v.unwrap(ejectKeys.eject), 0)),
        maxEject: v.optional(v.fallback(v.unwrap(ejectKeys.maxEject), LONGEST)),
      }),
    ),
    undefined,
  ),
});
const shortTogether = v.pipe(
  checkWordRule,
  v.transform((check): v.InferOutput<typeof healthTogether> => ({ check })),
);

const together = v.object({
  listen: v.fallback(listenRule, []),
  backends: v.fallback(v.pipe(backendListRule, v.array(v.fallback(v.optional(backendRule), undefined))), []),
  health: v.fallback(v.optional(v.lazy((value) => (isMap(value) ? healthTogether : shortTogether))), undefined),
  limits: v.fallback(v.optional(v.object({ queue: v.fallback(v.optional(queueRule), undefined) })), undefined),
  timeouts: v.fallback(v.optional(v.object({ connect: v.fallback(v.optional(durationRule), 0) })), undefined),
  dial: v.fallback(
    v.optional(
      v.object({
        attempts: v.fallback(dialKeys.attempts, undefined),
        timeout: v.fallback(dialKeys.timeout, undefined),
      }),
    ),
    undefined,
  ),
});

type Together = v.InferOutput<typeof together>;

/** Tells everything that is wrong with a Route document although each of its values is right. */
export function checkTogether(document: Readonly<Record<string, unknown>>, fail: Fail): void {
  const { output, success } = v.safeParse(together, document);
  if (!success) return;
  checkBackends(output.backends, output.listen, fail);
  if (isMap(document["health"]) && output.health !== undefined) {
    checkHealth(document["health"], output.health, fail);
  }
  checkAsked(document["health"], output, fail);
  if (isMap(document["limits"])) checkLimits(document["limits"], output, fail);
  checkDial(output, fail);
}

/** Ranges of equal length, backends that differ, a weight that lets somebody in, somebody to be the backup of. */
function checkBackends(
  backends: readonly (BackendSpec | undefined)[],
  listen: readonly ListenSpec[],
  fail: Fail,
): void {
  const seen = new Set<string>();
  for (const [index, backend] of backends.entries()) {
    if (backend === undefined) continue;
    const { address } = backend;
    if (seen.has(address)) fail("route/duplicate-backend", `"${address}" is listed twice`, ["backends", index]);
    seen.add(address);
    const ports = countPorts(backend);
    const other = listen.find((spec) => spec.lastPort - spec.firstPort + 1 !== ports);
    if (ports === 1 || other === undefined) continue;
    const count = other.lastPort - other.firstPort + 1;
    const message = `"${address}" has ${ports} ports, but ${count} listened on: wanted is the same number, or one`;
    fail("route/range-mismatch", message, ["backends", index]);
  }
  // One that is wrong could be the one that is missing.
  if (backends.length === 0 || backends.includes(undefined)) return;
  if (backends.every((backend) => backend?.weight === 0)) {
    fail("route/no-weight", "Every backend has weight 0: no connection could go anywhere", ["backends"]);
  }
  if (backends.every((backend) => backend?.backup === true)) {
    const message = "Every backend is a backup: there is none that they could stand in for";
    fail("route/no-primary", message, ["backends", 0, "backup"], "Leave it out for those that are used first");
  }
}

function checkHealth(
  written: Readonly<Record<string, unknown>>,
  { check, interval = DEFAULT_INTERVAL_MS, timeout = 0, jitter = 0, passive }: NonNullable<Together["health"]>,
  fail: Fail,
): void {
  if (check === "off") {
    for (const key of CHECK_KEYS) {
      if (!(key in written)) continue;
      const message = `${quote(key)} has no effect without a check: "check" is off`;
      fail("route/no-check", message, ["health", key], "Leave it out, or name a check", "key");
    }
  } else {
    if (timeout > interval) {
      const message = "The timeout is longer than the interval: a check must end before the next one begins";
      fail("route/long-timeout", message, ["health", "timeout"]);
    }
    if (jitter > interval) fail("route/long-jitter", "The jitter is longer than the interval", ["health", "jitter"]);
  }
  const { eject = DEFAULT_PASSIVE.ejectMs, maxEject } = passive ?? {};
  if (maxEject !== undefined && maxEject < eject) {
    const message = "The longest ejection is shorter than the first one";
    fail("route/short-max-eject", message, ["health", "passive", "maxEject"]);
  }
}

/** Whether every backend has a port that can be asked. */
function checkAsked(written: unknown, { health, backends }: Together, fail: Fail): void {
  if (health === undefined || health.check === "off") return;
  if (!isMap(written) || !("port" in written)) {
    const ranged = backends.find((backend) => backend !== undefined && countPorts(backend) > 1);
    if (ranged === undefined) return;
    const message = `Cannot check "${ranged.address}": which of its ports should be asked?`;
    fail("route/no-health-port", message, ["health"], 'Write the port as "port" under "health"', "key");
    return;
  }
  const unix = backends.find((backend) => backend !== undefined && "unix" in backend);
  if (unix === undefined) return;
  const message = `Cannot ask another port of "${unix.address}": a unix socket has none`;
  fail("route/unix-port", message, ["health", "port"], undefined, "key");
}

function checkLimits(written: Readonly<Record<string, unknown>>, { limits, backends }: Together, fail: Fail): void {
  for (const [key, rule, wanted] of [
    ["perSource", perSourceMap, ["connections", "rate"]],
    ["bandwidth", bandwidthMap, ["connection", "route"]],
  ] as const) {
    const map = written[key];
    if (!isMap(map) || wanted.some((limit) => limit in map)) continue;
    // A key that is wrong by itself is what has to be mended first.
    if (!v.is(rule, map)) continue;
    const message = `Expected ${wanted.map(quote).join(" or ")}, found a map that limits nothing`;
    fail("route/empty-limit", message, ["limits", key]);
  }
  const size = limits?.queue === undefined ? 0 : (limits.queue.size ?? 1);
  if (size === 0 || backends.length === 0) return;
  if (backends.every((backend) => backend?.maxConnections === 0)) {
    const message = "limits.queue has no effect: no backend has maxConnections";
    fail("route/idle-queue", message, ["limits", "queue"], undefined, "key");
  }
}

/** Whether a dial that hangs leaves any time to try another target. */
function checkDial({ dial, timeouts }: Together, fail: Fail): void {
  const connect = timeouts?.connect ?? DEFAULT_CONNECT_MS;
  // One attempt is all of it, and 0 is no limit.
  if (connect === 0 || dial?.attempts === 1 || dial?.timeout === undefined || dial.timeout < connect) return;
  const message = `The timeout of one dial is not shorter than timeouts.connect, ${formatDuration(connect)}: no time would be left to try another backend`;
  const hint = "Write a shorter one, a longer timeouts.connect, or dial.attempts: 1";
  fail("route/long-dial-timeout", message, ["dial", "timeout"], hint);
}

function countPorts(backend: BackendSpec): number {
  return "host" in backend ? backend.lastPort - backend.firstPort + 1 : 1;
}
