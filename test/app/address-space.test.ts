import { describe, expect, test } from "bun:test";
import { AddressSpace } from "../../src/app/address-space.ts";
import type { HostPort } from "../../src/plan/addresses.ts";
import { Random } from "../support/random.ts";

const HOSTS = new Map([
  ["a.test", "127.0.0.1"],
  ["b.test", "127.0.0.2"],
  ["all.test", undefined],
  ["four.test", "0.0.0.0"],
  ["six.test", "::1"],
]);
const PORTS = [
  { firstPort: 10, lastPort: 12 },
  { firstPort: 20, lastPort: 20 },
];

function space(draw?: (below: number) => number): AddressSpace {
  return new AddressSpace({ tcpHosts: HOSTS, tcpPorts: PORTS }, draw);
}

describe("an address", () => {
  test("is one of the hosts and of the ports", () => {
    for (const port of [10, 11, 12, 20]) expect(space().problemOf({ host: "a.test", port })).toBeUndefined();
  });

  test.each([9, 13, 19, 21])("on port %i is outside of the ranges, which are told", (port) => {
    expect(space().problemOf({ host: "a.test", port })).toEqual({
      reason: "PortOutOfRange",
      message: `Port ${port} is outside of --tcp-ports 10-12,20`,
    });
  });

  test("on another host is refused with the hosts that there are", () => {
    expect(space().problemOf({ host: "c.test", port: 10 })).toEqual({
      reason: "HostNotFound",
      message: '"c.test" is no host of TCP addresses: --tcp-host gives a.test, b.test, all.test, four.test, six.test',
    });
  });

  test.each([
    ["a.test", "a.test", true],
    ["a.test", "b.test", false],
    ["a.test", "all.test", true],
    ["all.test", "b.test", true],
    ["a.test", "four.test", true],
    ["four.test", "six.test", false],
    ["six.test", "a.test", false],
    ["six.test", "all.test", true],
    ["gone.test", "a.test", true],
    ["gone.test", "gone.test", true],
  ])("on %s keeps its port on %s: %p", (one, other, wanted) => {
    expect(space().overlaps({ host: one, port: 10 }, { host: other, port: 10 })).toBe(wanted);
    expect(space().overlaps({ host: other, port: 10 }, { host: one, port: 10 })).toBe(wanted);
    expect(space().overlaps({ host: one, port: 10 }, { host: other, port: 11 })).toBe(false);
  });
});

describe("a random address", () => {
  test("is any of the free ones, each as often as the others", () => {
    const random = new Random(1);
    const counts = new Map<string, number>();
    const taken: HostPort = { host: "a.test", port: 11 };
    const isTaken = ({ host, port }: HostPort): boolean => host === taken.host && port === taken.port;
    for (let round = 0; round < 7000; round++) {
      const found = space((below) => random.below(below)).drawFree(["a.test", "b.test"], isTaken);
      const name = `${found?.host}:${found?.port}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(
      ["a.test:10", "a.test:12", "a.test:20", "b.test:10", "b.test:11", "b.test:12", "b.test:20"].toSorted(),
    );
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("is found when only one is left, however the draws fall", () => {
    for (const fixed of [0, 1]) {
      const found = space((below) => Math.min(fixed, below - 1)).drawFree(["a.test"], ({ port }) => port !== 20);
      expect(found).toEqual({ host: "a.test", port: 20 });
    }
  });

  test("is none when all are taken", () => {
    expect(space().drawFree(["a.test"], () => true)).toBeUndefined();
    expect(space().full(["a.test"])).toEqual({
      reason: "RangeFull",
      message: "All ports of --tcp-ports 10-12,20 are taken on a.test: delete an address or give more ports",
    });
  });
});
