// The `health` of a route, as a person writes it, and what becomes of what is left out. What its keys must not say
// together is in `route-together.ts`.

import * as v from "valibot";

import { checkRule, checkWordRule } from "./check-rule.ts";
import type { HealthSpec, PassiveSpec } from "./health.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { booleanRule, boundedDurationRule, wholeRule, wordRule } from "./scalar-rule.ts";

/** More checks a second than this are load, and no better knowledge. */
const MIN_INTERVAL_MS = 100;
/** Nobody wants to wait for a hundredth answer. */
const MAX_IN_A_ROW = 100;

/** Often enough that few clients meet a dead backend, and seldom enough that none of them notices. */
export const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_RISE = 2;
const DEFAULT_FALL = 3;
/** Of the interval. */
const DEFAULT_JITTER_SHARE = 0.1;

/** Three failures in a row are no accident, and ten seconds are bearable if they were. */
export const DEFAULT_PASSIVE: PassiveSpec = {
  failures: 3,
  earlyResetMs: 0,
  ejectMs: 10_000,
  maxEjectMs: 300_000,
  ejectLast: false,
};

/** The keys that only say how to check. */
export const checkKeys = {
  interval: v.optional(boundedDurationRule(MIN_INTERVAL_MS)),
  jitter: v.optional(boundedDurationRule(1, "off")),
  timeout: v.optional(boundedDurationRule(1)),
  rise: v.optional(wholeRule("bad-number", 1, MAX_IN_A_ROW)),
  fall: v.optional(wholeRule("bad-number", 1, MAX_IN_A_ROW)),
  port: v.optional(wholeRule("bad-port", 1, 65_535)),
};

/** The keys that say how long an ejection is. */
export const ejectKeys = {
  eject: v.optional(boundedDurationRule(MIN_INTERVAL_MS)),
  maxEject: v.optional(boundedDurationRule(MIN_INTERVAL_MS)),
};

const passiveMap = closedMap({
  failures: v.optional(wholeRule("bad-number", 1, MAX_IN_A_ROW)),
  earlyReset: v.optional(boundedDurationRule(1, "off")),
  ...ejectKeys,
  ejectLast: v.optional(booleanRule),
});
const passiveOff = rule((value, refuse): "off" | undefined => {
  if (value === "off") return value;
  const hint = value === false ? "Write off" : undefined;
  refuse("wrong-type", `Expected off or a map of keys, found ${quote(value)}`, hint);
  return undefined;
});

const healthKeys = {
  check: v.optional(checkRule),
  ...checkKeys,
  passive: v.optional(v.lazy((value) => (isMap(value) ? passiveMap : passiveOff))),
  onDown: v.optional(wordRule("bad-on-down", ["keep", "kill"])),
  slowStart: v.optional(boundedDurationRule(1, "off")),
};
const healthMap = closedMap(healthKeys);

/** `health` as written, each value judged. */
type WrittenHealth = Partial<v.InferOutput<v.ObjectSchema<typeof healthKeys, undefined>>>;

const shortHealth = v.pipe(
  checkWordRule,
  v.transform((check): WrittenHealth => ({ check })),
);

/** A map, or one of the words for a check. */
export const healthRule = v.lazy((value) => (isMap(value) ? healthMap : shortHealth));

/** What a route has of it. Without `health` nobody is asked, and ejection is as usual. */
export interface RouteHealth {
  readonly health?: HealthSpec;
  readonly passive?: PassiveSpec;
  readonly onDown: "keep" | "kill";
  readonly slowStartMs: number;
}

/** Fills in every default. */
export function healthOf(written: WrittenHealth | undefined): RouteHealth {
  const health = written === undefined ? undefined : checksOf(written);
  const passive = passiveOf(written?.passive);
  return {
    ...(health === undefined ? {} : { health }),
    ...(passive === undefined ? {} : { passive }),
    onDown: written?.onDown ?? "keep",
    slowStartMs: written?.slowStart ?? 0,
  };
}

function checksOf(written: WrittenHealth): HealthSpec | undefined {
  const { check = { kind: "tcp" }, interval: intervalMs = DEFAULT_INTERVAL_MS, port } = written;
  if (check === "off") return undefined;
  return {
    check,
    intervalMs,
    jitterMs: written.jitter ?? Math.round(intervalMs * DEFAULT_JITTER_SHARE),
    timeoutMs: written.timeout ?? Math.min(DEFAULT_TIMEOUT_MS, intervalMs),
    rise: written.rise ?? DEFAULT_RISE,
    fall: written.fall ?? DEFAULT_FALL,
    ...(port === undefined ? {} : { port }),
  };
}

function passiveOf(written: WrittenHealth["passive"]): PassiveSpec | undefined {
  if (written === "off") return undefined;
  const ejectMs = written?.eject ?? DEFAULT_PASSIVE.ejectMs;
  return {
    failures: written?.failures ?? DEFAULT_PASSIVE.failures,
    earlyResetMs: written?.earlyReset ?? DEFAULT_PASSIVE.earlyResetMs,
    ejectMs,
    maxEjectMs: written?.maxEject ?? Math.max(ejectMs, DEFAULT_PASSIVE.maxEjectMs),
    ejectLast: written?.ejectLast ?? DEFAULT_PASSIVE.ejectLast,
  };
}
