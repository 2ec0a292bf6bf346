import { expect, test } from "bun:test";
import { type Ip, parseIp } from "../../../src/base/ip.ts";
import {
  Admission,
  needsAdmission,
  ROUTE_FULL,
  ROUTE_TOO_FAST,
  SOURCE_FULL,
  SOURCE_TOO_FAST,
  tableSlots,
} from "../../../src/engine/limit/admission.ts";
import { CounterTable } from "../../../src/engine/limit/counter-table.ts";
import { DEFAULT_QUEUE, type PerSourceSpec, type RouteLimits } from "../../../src/resource/limits.ts";

const NOW = 1_700_000_000_000_000;
const SECOND = 1_000_000;
const SEED = 2 ** 53 - 12_345;

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`No address: ${text}`);
  return parsed;
}

interface Written extends Partial<Omit<RouteLimits, "perSource">> {
  readonly perSource?: Partial<PerSourceSpec>;
}

function limits({ perSource, ...others }: Written): RouteLimits {
  const spec = perSource === undefined ? {} : { perSource: { connections: 0, ipv6Prefix: 64, ...perSource } };
  return { connections: 0, queue: DEFAULT_QUEUE, ...others, ...spec };
}

function admission(written: Written, { table = CounterTable.create(4_096), route = "r", seed = SEED } = {}): Admission {
  return new Admission(route, limits(written), table, seed);
}

const ONE = ip("192.0.2.1");
const TWO = ip("192.0.2.2");

test("each source has as many connections as it may, and a place again when one ends", () => {
  const gate = admission({ perSource: { connections: 2 } });
  const ticket = gate.admit(ONE, NOW);
  expect(ticket).toBeGreaterThanOrEqual(0);
  expect(gate.admit(ONE, NOW)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(ONE, NOW)).toBe(SOURCE_FULL);
  expect(gate.admit(TWO, NOW)).toBeGreaterThanOrEqual(0);
  gate.leave(ticket);
  expect(gate.admit(ONE, NOW)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(ONE, NOW)).toBe(SOURCE_FULL);
});

test("each source makes as many new connections as its rate says, live or not", () => {
  const gate = admission({ perSource: { rate: { perSecond: 2, burst: 2 } } });
  for (const source of [ONE, TWO]) {
    gate.leave(gate.admit(source, NOW));
    gate.leave(gate.admit(source, NOW));
    expect(gate.admit(source, NOW)).toBe(SOURCE_TOO_FAST);
  }
  expect(gate.admit(ONE, NOW + SECOND / 2)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(ONE, NOW + SECOND / 2)).toBe(SOURCE_TOO_FAST);
});

test("the route's own limits count all sources together", () => {
  const live = admission({ connections: 2 });
  live.admit(ONE, NOW);
  const ticket = live.admit(TWO, NOW);
  expect(live.admit(ip("::1"), NOW)).toBe(ROUTE_FULL);
  live.leave(ticket);
  expect(live.admit(undefined, NOW)).toBeGreaterThanOrEqual(0);

  const rate = admission({ rate: { perSecond: 1, burst: 2 } });
  rate.leave(rate.admit(ONE, NOW));
  rate.leave(rate.admit(TWO, NOW));
  expect(rate.admit(ip("::1"), NOW)).toBe(ROUTE_TOO_FAST);
});

test("what the route refuses leaves no count behind at the source, and no token is spent on what a source may not", () => {
  const gate = admission({
    connections: 3,
    rate: { perSecond: 1, burst: 4 },
    perSource: { connections: 2, rate: { perSecond: 1, burst: 3 } },
  });
  const first = gate.admit(ONE, NOW);
  gate.admit(ONE, NOW);
  // Live connections are asked before the rate: of three tokens one is left.
  for (let flood = 0; flood < 10; flood++) expect(gate.admit(ONE, NOW)).toBe(SOURCE_FULL);
  gate.leave(first);
  const third = gate.admit(ONE, NOW);
  expect(third).toBeGreaterThanOrEqual(0);
  gate.leave(third);
  expect(gate.admit(ONE, NOW)).toBe(SOURCE_TOO_FAST);
  // The route has one token left, whatever ONE was refused.
  const other = gate.admit(TWO, NOW);
  expect(other).toBeGreaterThanOrEqual(0);
  for (let ask = 0; ask < 2; ask++) expect(gate.admit(TWO, NOW)).toBe(ROUTE_TOO_FAST);
  gate.leave(other);
  // Three more seconds: both of TWO's places are free, so none of what was refused is still counted.
  const later = NOW + 60 * SECOND;
  expect(gate.admit(TWO, later)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(TWO, later)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(TWO, later)).toBe(SOURCE_FULL);
  // The route is full: ONE has one, TWO two. It is refused for that, and its place is given back each time.
  for (let ask = 0; ask < 2; ask++) expect(gate.admit(ONE, later)).toBe(ROUTE_FULL);
});

test("addresses of one IPv6 prefix are one source, in as many bits as the route says", () => {
  const cases = [
    [64, "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"],
    [56, "2001:db8:0:100::1", "2001:db8:0:1ff::1", "2001:db8:0:200::1"],
    [33, "2001:db8:8000::1", "2001:db8:ffff::1", "2001:db8::1"],
    [128, "2001:db8::1", "2001:db8::1", "2001:db8::2"],
    [32, "2001:db8::1", "2001:db8:ffff::1", "2001:db9::1"],
  ] as const;
  for (const [ipv6Prefix, source, same, other] of cases) {
    const gate = admission({ perSource: { connections: 1, ipv6Prefix } });
    expect(gate.admit(ip(source), NOW)).toBeGreaterThanOrEqual(0);
    expect(gate.admit(ip(same), NOW), `/${ipv6Prefix}`).toBe(SOURCE_FULL);
    expect(gate.admit(ip(other), NOW), `/${ipv6Prefix}`).toBeGreaterThanOrEqual(0);
  }
});

test("with prefix 0 all of IPv6 is one source, and IPv4 is none of it", () => {
  const gate = admission({ perSource: { connections: 1, ipv6Prefix: 0 } });
  expect(gate.admit(ip("::1"), NOW)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(ip("2001:db8::1"), NOW)).toBe(SOURCE_FULL);
  expect(gate.admit(0, NOW)).toBeGreaterThanOrEqual(0);
});

test("clients without an address are one source of their own", () => {
  const gate = admission({ perSource: { connections: 1 } });
  expect(gate.admit(undefined, NOW)).toBeGreaterThanOrEqual(0);
  expect(gate.admit(undefined, NOW)).toBe(SOURCE_FULL);
  expect(gate.admit(0, NOW)).toBeGreaterThanOrEqual(0);
});

test("routes count apart from each other, also in one table", () => {
  const table = CounterTable.create(4_096);
  const written = { connections: 1, perSource: { connections: 1 } };
  for (const route of ["a", "b", "ab", ""]) {
    const gate = admission(written, { table, route });
    expect(gate.admit(ONE, NOW), route).toBeGreaterThanOrEqual(0);
    expect(gate.admit(ONE, NOW), route).toBe(SOURCE_FULL);
  }
});

test("a changed route goes on counting where it was, and tickets stay good", () => {
  const table = CounterTable.create(4_096);
  const before = admission({ connections: 2, perSource: { connections: 2 } }, { table });
  const ticket = before.admit(ONE, NOW);
  before.admit(ONE, NOW);
  const after = admission({ connections: 2 }, { table });
  expect(after.admit(TWO, NOW)).toBe(ROUTE_FULL);
  after.leave(ticket);
  expect(after.admit(TWO, NOW)).toBeGreaterThanOrEqual(0);
  // The source's place came free as well, although the newer limits do not count it.
  const again = admission({ perSource: { connections: 2 } }, { table });
  expect(again.admit(ONE, NOW)).toBeGreaterThanOrEqual(0);
  expect(again.admit(ONE, NOW)).toBe(SOURCE_FULL);
});

test("workers with the same seed count together, and another seed puts keys elsewhere", () => {
  const table = CounterTable.create(4_096);
  const written = { perSource: { connections: 1 } };
  const [one, other] = [admission(written, { table }), admission(written, { table: CounterTable.from(table.buffer) })];
  one.admit(ONE, NOW);
  expect(other.admit(ONE, NOW)).toBe(SOURCE_FULL);
  for (const seed of [0, 1, 2 ** 32]) {
    expect(admission(written, { table, seed }).admit(ONE, NOW), String(seed)).toBeGreaterThanOrEqual(0);
  }
});

test("a table with no room refuses instead of letting uncounted connections in", () => {
  const gate = admission({ perSource: { connections: 5 } }, { table: CounterTable.create(4) });
  const tickets = [1, 2, 3, 4].map((source) => gate.admit(source, NOW));
  expect(gate.admit(5, NOW)).toBe(SOURCE_FULL);
  gate.leave(tickets[0] ?? -1);
  expect(gate.admit(5, NOW)).toBeGreaterThanOrEqual(0);
});

test("a million sources later a live source is where it was", () => {
  const table = CounterTable.create(tableSlots(0));
  const gate = admission({ perSource: { connections: 2, rate: { perSecond: 1, burst: 5 } } }, { table });
  const live = gate.admit(ONE, NOW);
  gate.admit(ONE, NOW);
  let admitted = 0;
  for (let at = 0; at < 1_000_000; at++) {
    const ticket = gate.admit(0x0a000000 + at, NOW);
    if (ticket < 0) continue;
    admitted++;
    gate.leave(ticket);
  }
  expect(admitted).toBe(1_000_000);
  expect(gate.admit(ONE, NOW)).toBe(SOURCE_FULL);
  gate.leave(live);
  expect(gate.admit(ONE, NOW)).toBeGreaterThanOrEqual(0);
});

test("a route without such limits needs no admission, and one that got it anyway admits everybody", () => {
  const none = limits({ perSource: {} });
  expect(needsAdmission(none)).toBe(false);
  expect(needsAdmission(limits({}))).toBe(false);
  for (const written of [
    { connections: 1 },
    { rate: { perSecond: 1, burst: 1 } },
    { perSource: { connections: 1 } },
    { perSource: { rate: { perSecond: 1, burst: 1 } } },
  ]) {
    expect(needsAdmission(limits(written))).toBe(true);
  }
  const gate = admission({ perSource: {} });
  for (let at = 0; at < 100; at++) gate.leave(gate.admit(ONE, NOW));
});

test("the table has four slots for each connection, a power of two, within bounds", () => {
  expect([0, 1, 1_024, 1_025, 5_000, 262_144, 10_000_000].map(tableSlots)).toEqual([
    4_096, 4_096, 4_096, 8_192, 32_768, 1_048_576, 1_048_576,
  ]);
});
