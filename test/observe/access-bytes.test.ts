import { expect, test } from "bun:test";
import { ACCESS_LINE_BYTES, isPlainRecord, writeAccessLine } from "../../src/observe/access-bytes.ts";
import { formatAccessJson } from "../../src/observe/log-json.ts";
import type { AccessRecord } from "../../src/observe/log.ts";
import { CLOSE_REASONS } from "../../src/socket/close-reason.ts";
import { Random } from "../support/random.ts";

const TIME = "2026-01-02T03:04:05.678Z";

function line(record: AccessRecord): string {
  const bytes = new Uint8Array(ACCESS_LINE_BYTES + 10);
  const end = writeAccessLine(bytes, 7, TIME, record);
  return new TextDecoder().decode(bytes.subarray(7, end));
}

function randomRecord(random: Random): AccessRecord {
  const text = (): string =>
    String.fromCharCode(...Array.from({ length: random.below(20) }, () => 0x23 + random.below(50)));
  const number = (): number => [0, 1, 9, 10, 99, 100, 4_294_967_296, 9_007_199_254_740_991][random.below(8)] ?? 0;
  const ms = (): number => [0, 1, 0.001, 0.01, 0.1, 12.5, 123.456789, 86_400_000.25, 0.0004][random.below(9)] ?? 0;
  return {
    id: String(random.below(1_000_000)),
    route: text(),
    listener: text(),
    client: text(),
    backend: random.chance(2) ? undefined : text(),
    ...(random.chance(2) ? {} : { sni: text() }),
    bytesIn: number(),
    bytesOut: number(),
    durationMs: ms(),
    connectMs: random.chance(2) ? undefined : ms(),
    reason: CLOSE_REASONS[random.below(CLOSE_REASONS.length)] ?? "done",
    ...(random.chance(2) ? {} : { limit: "perSource.rate" }),
  };
}

test("the bytes are those of the formatted line", () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const record = { ...randomRecord(new Random(seed)) };
    const plain = { ...record, route: record.route.replaceAll("\\", "/") };
    const all = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name,
        typeof value === "string" ? value.replaceAll("\\", "/") : value,
      ]),
    );
    const safe = { ...plain, ...all };
    expect(isPlainRecord(safe), `seed ${seed}`).toBe(true);
    expect(line(safe), `seed ${seed}`).toBe(formatAccessJson(TIME, safe));
  }
});

test.each(['a"b', "a\\b", "a\nb", "ä", "\u001b[2J", "x".repeat(257)])("%j is not written the fast way", (value) => {
  const record = randomRecord(new Random(1));
  for (const name of ["route", "listener", "client", "backend", "sni"] as const) {
    expect(isPlainRecord({ ...record, [name]: value })).toBe(false);
  }
});

test("the longest plain record fits into the room that is kept for a line", () => {
  const long = "x".repeat(256);
  const record: AccessRecord = {
    id: long,
    route: long,
    listener: long,
    client: long,
    backend: long,
    sni: long,
    bytesIn: Number.MAX_SAFE_INTEGER,
    bytesOut: Number.MAX_SAFE_INTEGER,
    durationMs: 1e12 + 0.123,
    connectMs: 1e12 + 0.123,
    reason: "proxy-header-malformed",
  };
  expect(line(record).length).toBeLessThanOrEqual(ACCESS_LINE_BYTES);
});
