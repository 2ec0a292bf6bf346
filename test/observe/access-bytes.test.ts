import { expect, test } from "bun:test";
import { ACCESS_LINE_BYTES, isPlainJson, isPlainRecord, writeAccessLine } from "../../src/observe/access-bytes.ts";
import { formatAccessJson, membersOf } from "../../src/observe/log-json.ts";
import type { AccessRecord } from "../../src/observe/log.ts";
import { CLOSE_REASONS } from "../../src/socket/close-reason.ts";
import { Random } from "../support/random.ts";

const TIME = "2026-01-02T03:04:05.678Z";

function line(record: AccessRecord, said = ""): string {
  const bytes = new Uint8Array(ACCESS_LINE_BYTES + said.length + 10);
  const end = writeAccessLine(bytes, 7, TIME, record, said);
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
    ...(random.chance(2) ? {} : { detail: text() }),
    ...(random.chance(2) ? {} : { proxySource: text() }),
    ...(random.chance(2) ? {} : { tls: random.chance(2) ? "TLSv1.2" : "TLSv1.3" }),
    ...(random.chance(2) ? {} : { clientCert: text() }),
  };
}

/** What a certificate may hold: any text at all. */
function randomText(random: Random): string {
  const pieces = [
    "a",
    "b c",
    '"',
    "\\",
    "\n",
    "\u0000",
    "\u001b[2J",
    "\u007f",
    "é",
    "日本",
    "😀",
    "\ud800",
    "\u2028",
    '"},{"',
  ];
  const length = random.chance(4) ? 200 + random.below(400) : random.below(6);
  return Array.from({ length }, () => pieces[random.below(random.chance(2) ? 2 : pieces.length)] ?? "").join("");
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

test("both writers agree about every record, whatever its certificate holds, and what they write is one object", () => {
  let fast = 0;
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new Random(seed);
    const clean = randomRecord(random);
    const text = random.chance(3) ? clean.route.replaceAll("\\", "/") : randomText(random);
    const name = ["clientCert", "sni", "proxySource"][random.below(3)] ?? "clientCert";
    const record: AccessRecord = { ...clean, route: "a", listener: "b", client: "c", backend: "d", [name]: text };
    const formatted = formatAccessJson(TIME, record);
    if (isPlainRecord(record)) {
      fast++;
      expect(line(record), `seed ${seed}`).toBe(formatted);
    }
    const read: Record<string, unknown> = JSON.parse(formatted);
    const wanted = name === "clientCert" && text.length > 256 ? `${text.slice(0, 256)}…` : text;
    expect(read[name], `seed ${seed}`).toBe(wanted);
    expect(formatted.indexOf("\n"), `seed ${seed}`).toBe(formatted.length - 1);
  }
  expect(fast).toBeGreaterThan(100);
});

test("both writers agree about what policies have to say, which is any JSON", () => {
  const record = { ...randomRecord(new Random(1)), route: "a", listener: "b", client: "c", backend: "d", detail: "e" };
  let fast = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed);
    const text = random.chance(2) ? "plain" : randomText(random).slice(0, 60);
    const vars = { who: text, deep: [{ count: 7 }] };
    const policy = {
      rule: random.chance(2) ? undefined : text,
      verdict: "denied",
      logs: [{ [text]: text }, vars],
      vars,
    };
    const said = membersOf({ ...record, policy });
    const formatted = formatAccessJson(TIME, { ...record, policy });
    if (isPlainJson(said)) {
      fast++;
      expect(line(record, said), `seed ${seed}`).toBe(formatted);
    }
    expect(formatted.indexOf("\n"), `seed ${seed}`).toBe(formatted.length - 1);
    expect(Object.keys(JSON.parse(formatted)), `seed ${seed}`).toContain("policyLogs");
  }
  expect(fast).toBeGreaterThan(100);
  expect(isPlainJson(`"${"x".repeat(2_048)}"`)).toBe(false);
});

test.each(['a"b', "a\\b", "a\nb", "ä", "\u001b[2J", "x".repeat(257)])("%j is not written the fast way", (value) => {
  const record = randomRecord(new Random(1));
  for (const name of ["route", "listener", "client", "backend", "sni", "proxySource", "tls", "clientCert"] as const) {
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
    limit: "perSource.connections",
    proxySource: long,
    tls: long,
    clientCert: long,
  };
  expect(isPlainRecord(record)).toBe(true);
  expect(line(record).length).toBeLessThanOrEqual(ACCESS_LINE_BYTES);
});
