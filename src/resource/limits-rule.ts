// The `limits` of a route, as a person writes them, and what becomes of what is left out. What they must not say together
// with other keys is in `route-together.ts`.

import * as v from "valibot";

import { correctByteRate, parseByteRate } from "../base/byte-rate.ts";
import { MAX_RATE, parseRate, type Rate } from "../base/rate.ts";
import { connectionsRule, noLimitHint } from "./connections-rule.ts";
import { type BandwidthSpec, DEFAULT_QUEUE, type PerSourceSpec, type RateSpec, type RouteLimits } from "./limits.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { boundedDurationRule, wholeRule } from "./scalar-rule.ts";

/** What most providers give one customer. */
const DEFAULT_IPV6_PREFIX = 64;
/** Each holds a client's socket. */
const MAX_QUEUE = 1_000_000;

const rateText = rule((value, refuse): Rate | undefined => {
  const rate = typeof value === "string" ? parseRate(value) : undefined;
  if (rate !== undefined) return rate;
  const message = `Expected a rate such as 50/s, 300/m or 10/h, found ${quote(value)}`;
  refuse("bad-rate", message, rateHint(value));
  return undefined;
});
const rateMap = v.pipe(
  closedMap({ limit: rateText, burst: v.optional(wholeRule("bad-number", 1, MAX_RATE)) }),
  v.transform(({ limit, burst }): RateSpec => ({ perSecond: limit.perSecond, burst: burst ?? limit.count })),
);
const plainRate = v.pipe(
  rateText,
  v.transform(({ perSecond, count }): RateSpec => ({ perSecond, burst: count })),
);
const rateRule = v.lazy((value) => (isMap(value) ? rateMap : plainRate));

const byteRateRule = rule((value, refuse): number | undefined => {
  const bytes = typeof value === "string" ? parseByteRate(value) : undefined;
  if (bytes !== undefined) return bytes;
  const meant = correctByteRate(plainText(value));
  const hint = meant === undefined ? noLimitHint(value) : `Write ${meant}`;
  refuse("bad-bandwidth", `Expected a rate such as 512KiB/s, 10MB/s or 1Gbit/s, found ${quote(value)}`, hint);
  return undefined;
});
/** A map of bandwidths; whether it says any is not judged. */
export const bandwidthMap = v.pipe(
  closedMap({ connection: v.optional(byteRateRule), route: v.optional(byteRateRule) }),
  v.transform(({ connection, route }): BandwidthSpec => ({
    connectionBytesPerSecond: connection ?? 0,
    routeBytesPerSecond: route ?? 0,
  })),
);
const plainBandwidth = v.pipe(
  byteRateRule,
  v.transform((bytes): BandwidthSpec => ({ connectionBytesPerSecond: bytes, routeBytesPerSecond: 0 })),
);

/** A map of limits on each source; whether it says any is not judged. */
export const perSourceMap = v.pipe(
  closedMap({
    connections: v.optional(connectionsRule),
    rate: v.optional(rateRule),
    ipv6Prefix: v.optional(wholeRule("bad-number", 1, 128)),
  }),
  v.transform(({ connections, rate, ipv6Prefix }): PerSourceSpec => ({
    connections: connections ?? 0,
    ...(rate === undefined ? {} : { rate }),
    ipv6Prefix: ipv6Prefix ?? DEFAULT_IPV6_PREFIX,
  })),
);
const plainPerSource = v.pipe(
  connectionsRule,
  v.transform((connections): PerSourceSpec => ({ connections, ipv6Prefix: DEFAULT_IPV6_PREFIX })),
);

const queueMap = closedMap({
  size: v.optional(wholeRule("bad-number", 0, MAX_QUEUE)),
  timeout: v.optional(boundedDurationRule(1)),
});
const queueOff = rule((value, refuse): { readonly size: 0; readonly timeout?: number } | undefined => {
  if (value === "off") return { size: 0 };
  const hint = value === false ? "Write off" : typeof value === "number" ? `Write {size: ${value}}` : undefined;
  refuse("wrong-type", `Expected off or a map of keys, found ${quote(value)}`, hint);
  return undefined;
});

/** `off`, or a map. */
export const queueRule = v.lazy((value) => (isMap(value) ? queueMap : queueOff));

export const limitsRule = closedMap({
  connections: v.optional(connectionsRule),
  rate: v.optional(rateRule),
  perSource: v.optional(v.lazy((value) => (isMap(value) ? perSourceMap : plainPerSource))),
  bandwidth: v.optional(v.lazy((value) => (isMap(value) ? bandwidthMap : plainBandwidth))),
  queue: v.optional(queueRule),
});

/** Fills in every default. */
export function limitsOf(written: v.InferOutput<typeof limitsRule> | undefined): RouteLimits {
  const { connections = 0, rate, perSource, bandwidth, queue } = written ?? {};
  return {
    connections,
    ...(rate === undefined ? {} : { rate }),
    ...(perSource === undefined ? {} : { perSource }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    queue: {
      size: queue?.size ?? DEFAULT_QUEUE.size,
      timeoutMs: queue?.timeout ?? DEFAULT_QUEUE.timeoutMs,
    },
  };
}

function rateHint(value: unknown): string | undefined {
  const text = plainText(value).trim();
  if (/^\d*\.\d+(?:\/s)?$/.test(text)) return "Write a whole number by the minute or the hour, as in 30/m";
  return parseRate(`${text}/s`) === undefined ? noLimitHint(value) : `Write "${text}/s"`;
}

function plainText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
