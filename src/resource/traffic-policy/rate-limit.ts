// The action `rate-limit`: so many connections in so much time. ngrok has it for HTTP alone; the form is the same.

import { formatDuration, parseDuration } from "../../base/duration.ts";
import { quote } from "../rule.ts";
import { booleanRule, wholeRule, wordRule } from "../scalar-rule.ts";
import { readExpression } from "./expression-reader.ts";
import type { RateLimit } from "./policy.ts";
import { BAD_CONFIG, BAD_VALUE, type PolicyReading, readBy, readItems, readKeys } from "./policy-reading.ts";

const TOO_MANY = 2218;
const MAX_CAPACITY = 2_000_000_000;
const RATE_STEP_MS = 10_000;
const MIN_RATE_MS = 60_000;
const MAX_RATE_MS = 86_400_000;
const MAX_KEYS = 10;
const MAX_NAME_CHARS = 1024;

const capacityRule = wholeRule("bad-capacity", 1, MAX_CAPACITY);
const algorithmRule = wordRule("bad-algorithm", ["sliding_window"]);

export function readRateLimit(config: unknown, reading: PolicyReading): RateLimit | undefined {
  const names = ["name", "enforce", "algorithm", "capacity", "rate", "bucket_key"];
  const keys = readKeys(config ?? {}, names, BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const missing = ["name", "capacity", "rate"].filter((key) => !keys.has(key));
  for (const key of missing) reading.refuse("missing-key", BAD_CONFIG, `Missing key "${key}"`);
  if (missing.length > 0) return undefined;
  const name = readName(keys.get("name"), reading.at("name"));
  const enforce = readBy(booleanRule, keys.get("enforce") ?? true, BAD_VALUE, reading.at("enforce"));
  const algorithm = readBy(
    algorithmRule,
    keys.get("algorithm") ?? "sliding_window",
    BAD_VALUE,
    reading.at("algorithm"),
  );
  const capacity = readBy(capacityRule, keys.get("capacity"), BAD_VALUE, reading.at("capacity"));
  const rateMs = readRate(keys.get("rate"), reading.at("rate"));
  const bucketKeys = readBucketKeys(keys.get("bucket_key"), reading.at("bucket_key"));
  if (name === undefined || enforce === undefined || algorithm === undefined) return undefined;
  if (capacity === undefined || rateMs === undefined || bucketKeys === undefined) return undefined;
  return { type: "rate-limit", name, enforce, capacity, rateMs, bucketKeys };
}

function readName(value: unknown, reading: PolicyReading): string | undefined {
  if (typeof value === "string" && value !== "" && value.length <= MAX_NAME_CHARS) return value;
  const message = `Expected a name of 1 to ${MAX_NAME_CHARS} characters, found ${quote(value)}`;
  return reading.refuse("bad-name", BAD_VALUE, message);
}

function readRate(value: unknown, reading: PolicyReading): number | undefined {
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= MIN_RATE_MS && ms <= MAX_RATE_MS && ms % RATE_STEP_MS === 0) return ms;
  const range = `from ${formatDuration(MIN_RATE_MS)} to ${formatDuration(MAX_RATE_MS)}`;
  const message = `Expected a duration ${range} in steps of ${formatDuration(RATE_STEP_MS)}, found ${quote(value)}`;
  const hint =
    typeof value === "number" && Number.isInteger(value) && value > 0 ? `Write ${value}s for seconds` : undefined;
  return reading.refuse("bad-rate", BAD_VALUE, message, { hint });
}

function readBucketKeys(value: unknown, reading: PolicyReading): readonly string[] | undefined {
  if (value === undefined) return [];
  const items = readItems(value, { max: MAX_KEYS, tooMany: TOO_MANY, what: "expressions" }, reading);
  if (items === undefined) return undefined;
  const keys: string[] = [];
  for (const [index, item] of items.entries()) {
    const key = readExpression(item, "value", reading.at(index));
    if (key !== undefined) keys.push(key);
  }
  return keys.length === items.length ? keys : undefined;
}
