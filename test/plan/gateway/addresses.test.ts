import { describe, expect, test } from "bun:test";
import { conditionsOf, gateway, listenerOf, tcp } from "../../support/gateway-documents.ts";
import { type TranslateOptions, translateManifests } from "../../support/translate-manifests.ts";

async function place(addresses: readonly object[], options: TranslateOptions = {}) {
  const found = await translateManifests(gateway("front", [tcp("a", 5432)], { addresses }), options);
  const status = found.status("Gateway", "front");
  return {
    found,
    listeners: found.compiled.plan.listeners.map(({ name }) => name),
    shown: "addresses" in status ? status.addresses.map(({ value }) => value) : [],
    conditions: conditionsOf(found, "Gateway", "front"),
  };
}

const TCP_HOSTS = new Map([
  ["db.example.com", "127.0.0.7"],
  ["everywhere", undefined],
]);

const GOOD: readonly [string, readonly object[], TranslateOptions, readonly string[], readonly string[]][] = [
  ["none binds everything", [], {}, ["*:5432"], ["0.0.0.0", "::"]],
  ["none binds what --bind says", [], { bind: ["127.0.0.1"] }, ["127.0.0.1:5432"], ["127.0.0.1"]],
  ["one without a value is as if it were not there", [{ type: "IPAddress" }], {}, ["*:5432"], ["0.0.0.0", "::"]],
  ["a host name without a value too", [{ type: "Hostname" }], {}, ["*:5432"], ["0.0.0.0", "::"]],
  ["an IPv4 address", [{ value: "127.0.0.9" }], {}, ["127.0.0.9:5432"], ["127.0.0.9"]],
  ["an IPv6 address", [{ value: "::1" }], {}, ["[::1]:5432"], ["::1"]],
  [
    "two addresses",
    [{ value: "127.0.0.1" }, { value: "::1" }],
    {},
    ["127.0.0.1:5432", "[::1]:5432"],
    ["127.0.0.1", "::1"],
  ],
  [
    "a host name of --tcp-host, in whatever case it is there",
    [{ type: "Hostname", value: "db.example.com" }],
    { tcpHosts: TCP_HOSTS },
    ["127.0.0.7:5432"],
    ["db.example.com"],
  ],
  [
    "localhost, which is known without --tcp-host",
    [{ type: "Hostname", value: "localhost" }],
    {},
    ["127.0.0.1:5432"],
    ["localhost"],
  ],
  [
    "a host name that stands for every address",
    [{ type: "Hostname", value: "everywhere" }],
    { tcpHosts: TCP_HOSTS },
    ["*:5432"],
    ["everywhere"],
  ],
  [
    "a host name beside its own address binds once",
    [{ type: "Hostname", value: "localhost" }, { value: "127.0.0.1" }],
    {},
    ["127.0.0.1:5432"],
    ["localhost", "127.0.0.1"],
  ],
  ["any beside one of them binds once", [{}, { value: "127.0.0.1" }], {}, ["*:5432"], ["0.0.0.0", "::", "127.0.0.1"]],
  [
    "any beside one of --bind binds once",
    [{}, { value: "127.0.0.1" }],
    { bind: ["127.0.0.1"] },
    ["127.0.0.1:5432"],
    ["127.0.0.1"],
  ],
  [
    "every IPv4 address beside one of them",
    [{ value: "0.0.0.0" }, { value: "127.0.0.1" }],
    {},
    ["0.0.0.0:5432"],
    ["0.0.0.0", "127.0.0.1"],
  ],
  ["everything beside others", [{ value: "::" }, { value: "127.0.0.1" }], {}, ["*:5432"], ["::", "127.0.0.1"]],
];

describe("addresses of a Gateway", () => {
  for (const [name, addresses, options, listeners, shown] of GOOD) {
    test(name, async () => {
      const placed = await place(addresses, options);
      expect(placed.listeners).toEqual([...listeners]);
      expect(placed.shown).toEqual([...shown]);
      expect(placed.conditions).toMatchObject({ Accepted: "True/Accepted", Programmed: "True/Programmed" });
      expect(placed.found.said).toEqual([]);
      expect(placed.found.compiled.diagnostics).toEqual([]);
    });
  }

  test("of a type that there is not: nothing is bound", async () => {
    const { found, conditions, listeners, shown } = await place([{ type: "example.com/pool", value: "a" }]);
    expect(conditions).toMatchObject({ Accepted: "False/UnsupportedAddress", Programmed: "False/Invalid" });
    expect(listenerOf(found, "front", "a")).toMatchObject({ Accepted: "True/Accepted", Programmed: "False/Invalid" });
    expect([...listeners, ...shown]).toEqual([]);
    expect(found.said).toEqual(["2: gateway/unsupported-address"]);
  });

  test("a host name that nobody knows is accepted, and cannot be used", async () => {
    const { found, conditions, listeners } = await place([{ type: "Hostname", value: "db.example.com" }]);
    expect(conditions).toMatchObject({ Accepted: "True/Accepted", Programmed: "False/AddressNotUsable" });
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "False/Invalid" });
    expect(listeners).toEqual([]);
    expect(found.said).toEqual(["2: gateway/address-not-usable"]);
    expect(found.messages[0]).toContain("--tcp-host db.example.com=IP");
  });

  test("one that can be used beside one that cannot: the one is bound", async () => {
    const { found, conditions, listeners, shown } = await place([
      { value: "127.0.0.1" },
      { type: "Hostname", value: "x" },
    ]);
    expect(conditions).toMatchObject({ Accepted: "True/Accepted", Programmed: "False/AddressNotUsable" });
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "True/Programmed" });
    expect(listeners).toEqual(["127.0.0.1:5432"]);
    expect(shown).toEqual(["127.0.0.1"]);
  });

  test("an address that is not this machine's is known when it is bound", async () => {
    const error = { message: "192.0.2.1 is not an address of this machine", foreign: true };
    const { found, conditions } = await place([{ value: "192.0.2.1" }], { bindErrorOf: () => error });
    expect(conditions).toMatchObject({ Accepted: "True/Accepted", Programmed: "False/AddressNotUsable" });
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "True/Accepted",
      Programmed: "False/AddressNotUsable",
    });
  });

  test("of two the one that is this machine's is shown", async () => {
    const { shown } = await place([{ value: "127.0.0.1" }, { value: "2001:DB8::1" }], {
      bindErrorOf: (listener) =>
        listener === "[2001:db8::1]:5432" ? { message: "It is not there", foreign: true } : undefined,
    });
    expect(shown).toEqual(["127.0.0.1"]);
  });

  test("a port that another program has is the listener's trouble", async () => {
    const error = { message: "Port 5432 is in use", foreign: false };
    const { found, conditions } = await place([], { bindErrorOf: () => error });
    expect(conditions).toMatchObject({ Accepted: "False/ListenersNotValid", Programmed: "False/Invalid" });
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "False/PortUnavailable",
      Programmed: "False/PortUnavailable",
    });
  });

  test("parameters are not supported, and nothing is bound", async () => {
    const infrastructure = { parametersRef: { group: "example.com", kind: "Settings", name: "a" } };
    const found = await translateManifests(gateway("front", [tcp("a", 5432)], { infrastructure }));
    expect(conditionsOf(found, "Gateway", "front")).toMatchObject({ Accepted: "False/InvalidParameters" });
    expect(found.routes).toEqual([]);
    expect(found.said).toEqual(["2: gateway/invalid-parameters"]);
  });
});
