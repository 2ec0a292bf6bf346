import { describe, expect, test } from "bun:test";
import { gateway, manifest, parentsOf, service, slice, tcp, tcpRoute } from "../../support/gateway-documents.ts";
import { type TranslateOptions, translateManifests } from "../../support/translate-manifests.ts";

/** Where the clients of a route to `db` go, or why nowhere. */
async function targets(text: string, options: TranslateOptions = {}, reference: object = { name: "db", port: 5432 }) {
  const found = await translateManifests(
    gateway("front", [tcp("a", 9999)]) + tcpRoute("r", ["front"], [{ ...reference }]) + text,
    options,
  );
  const [pool] = found.compiled.plan.pools;
  if (pool === undefined) return [...found.refused.values()];
  return pool.targets.map((target) =>
    "orElse" in target ? [target.address, ...(target.orElse ?? [])].join(" else ") : target.address,
  );
}

const ready = (...addresses: string[]) => ({ endpoints: addresses.map((address) => ({ addresses: [address] })) });
const endpoint = (address: string, conditions: object) => ({ addresses: [address], conditions });
const endpoints = (...subsets: object[]) => manifest("v1", "Endpoints", "db", { subsets });
const NOBODY = 'No endpoint of port 5432 of Service "default/db" is ready';

describe("endpoints of a Service", () => {
  const table: readonly [string, string, readonly string[]][] = [
    ["of a slice", service("db") + slice("s", "db", ready("10.0.0.1", "10.0.0.2")), ["10.0.0.1:5432", "10.0.0.2:5432"]],
    [
      "of several slices, each address once",
      service("db") + slice("s", "db", ready("10.0.0.1")) + slice("t", "db", ready("10.0.0.2", "10.0.0.1")),
      ["10.0.0.1:5432", "10.0.0.2:5432"],
    ],
    [
      "of a slice for IPv6",
      service("db") + slice("s", "db", { addressType: "IPv6", ...ready("2001:db8::1") }),
      ["[2001:db8::1]:5432"],
    ],
    [
      "of a slice of names",
      service("db") + slice("s", "db", { addressType: "FQDN", ...ready("db.example.com") }),
      ["db.example.com:5432"],
    ],
    [
      "have a port of their own",
      service("db") + slice("s", "db", { ports: [{ port: 15432 }], ...ready("10.0.0.1") }),
      ["10.0.0.1:15432"],
    ],
    [
      "are found by the name of the port",
      service("db", {
        ports: [
          { name: "pg", port: 5432, targetPort: "pg" },
          { name: "web", port: 80 },
        ],
      }) +
        slice("s", "db", {
          ports: [
            { name: "web", port: 8080 },
            { name: "pg", port: 15432 },
          ],
          ...ready("10.0.0.1"),
        }),
      ["10.0.0.1:15432"],
    ],
    [
      "of another port's name are not the port's",
      service("db", { ports: [{ name: "pg", port: 5432 }] }) +
        slice("s", "db", { ports: [{ name: "web", port: 8080 }], ...ready("10.0.0.1") }),
      [NOBODY],
    ],
    [
      "of UDP are not TCP's",
      service("db") + slice("s", "db", { ports: [{ port: 5432, protocol: "UDP" }], ...ready("10.0.0.1") }),
      [NOBODY],
    ],
    [
      "of a slice for all ports have the Service's targetPort",
      service("db", { ports: [{ port: 5432, targetPort: 6432 }] }) +
        slice("s", "db", { ports: [{}], ...ready("10.0.0.1") }),
      ["10.0.0.1:6432"],
    ],
    [
      "of a Service without ports have the port that was meant",
      service("db", { ports: [], clusterIP: "None" }) + slice("s", "db", { ports: [], ...ready("10.0.0.1") }),
      ["10.0.0.1:5432"],
    ],
    [
      "of another Service's slice are not",
      service("db") + slice("s", "other", ready("10.0.0.1")) + slice("t", "db", ready("10.0.0.2")),
      ["10.0.0.2:5432"],
    ],
    [
      "of another namespace's slice are not",
      service("db") + slice("data/s", "db", ready("10.0.0.1")) + slice("t", "db", ready("10.0.0.2")),
      ["10.0.0.2:5432"],
    ],
    [
      "that are not ready are left out",
      service("db") +
        slice("s", "db", {
          endpoints: [
            endpoint("10.0.0.1", { ready: false }),
            endpoint("10.0.0.2", { ready: true }),
            endpoint("10.0.0.3", {}),
          ],
        }),
      ["10.0.0.2:5432", "10.0.0.3:5432"],
    ],
    [
      "that are all not ready leave nobody",
      service("db") + slice("s", "db", { endpoints: [endpoint("10.0.0.1", { ready: false })] }),
      [NOBODY],
    ],
    [
      "that are on their way out serve when there is nobody else",
      service("db") +
        slice("s", "db", {
          endpoints: [
            endpoint("10.0.0.1", { ready: false, serving: true, terminating: true }),
            endpoint("10.0.0.2", { ready: false, serving: false, terminating: true }),
          ],
        }),
      ["10.0.0.1:5432"],
    ],
    [
      "that are on their way out do not serve beside a ready one of another slice",
      service("db") +
        slice("s", "db", { endpoints: [endpoint("10.0.0.1", { ready: false, serving: true, terminating: true })] }) +
        slice("t", "db", ready("10.0.0.2")),
      ["10.0.0.2:5432"],
    ],
    [
      "that are not ready count with publishNotReadyAddresses",
      service("db", { publishNotReadyAddresses: true }) +
        slice("s", "db", { endpoints: [endpoint("10.0.0.1", { ready: false })] }),
      ["10.0.0.1:5432"],
    ],
    ["without any are nobody", service("db") + slice("s", "db", { endpoints: [] }), [NOBODY]],
    [
      "with several addresses are one place",
      service("db") + slice("s", "db", { endpoints: [{ addresses: ["10.0.0.1", "10.0.0.9"] }] }),
      ["10.0.0.1:5432"],
    ],
    [
      "of the older kind",
      service("db") +
        endpoints({
          addresses: [{ ip: "10.0.0.1" }],
          notReadyAddresses: [{ ip: "10.0.0.2" }],
          ports: [{ port: 15432 }],
        }),
      ["10.0.0.1:15432"],
    ],
    [
      "of the older kind that are not ready, when they are wanted",
      service("db", { publishNotReadyAddresses: true }) +
        endpoints({ notReadyAddresses: [{ ip: "10.0.0.2" }], ports: [{ port: 5432 }] }),
      ["10.0.0.2:5432"],
    ],
    [
      "of the older kind beside a slice do not count",
      service("db") +
        slice("s", "db", ready("10.0.0.1")) +
        endpoints({ addresses: [{ ip: "10.0.0.9" }], ports: [{ port: 5432 }] }),
      ["10.0.0.1:5432"],
    ],
    [
      "of the older kind, of several subsets",
      service("db") +
        endpoints(
          { addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 1 }] },
          { addresses: [{ ip: "10.0.0.2" }], ports: [{ port: 2 }] },
        ),
      ["10.0.0.1:1", "10.0.0.2:2"],
    ],
  ];
  for (const [name, text, expected] of table) {
    test(name, async () => expect(await targets(text)).toEqual([...expected]));
  }
});

describe("a Service without endpoints is found by its name", () => {
  const inCluster = "db.default.svc.cluster.local:5432 else db.default.svc else db";
  const table: readonly [string, string, TranslateOptions, readonly string[]][] = [
    ["in a cluster", service("db"), {}, [inCluster]],
    ["without one", service("db"), { inCluster: false }, ["db.default.svc:5432 else db"]],
    [
      "at its port, not that of its Pods",
      service("db", { ports: [{ port: 5432, targetPort: 15432 }] }),
      {},
      [inCluster],
    ],
    [
      "at the port of its Pods when it is headless",
      service("db", { clusterIP: "None", ports: [{ port: 5432, targetPort: 15432 }] }),
      {},
      [inCluster.replace("5432", "15432")],
    ],
    [
      "at another name when it is one for that",
      service("db", { type: "ExternalName", externalName: "db.example.com.", ports: [] }),
      {},
      ["db.example.com:5432"],
    ],
  ];
  for (const [name, text, options, expected] of table) {
    test(name, async () => expect(await targets(text, options)).toEqual([...expected]));
  }

  test("in another namespace its short name means nobody", async () => {
    const text = gateway("front", [tcp("a", 9999)]) + service("data/db") + tcpRoute("data/r", ["default/front"]);
    const [pool] = (await translateManifests(text, { inCluster: false })).compiled.plan.pools;
    expect(pool?.targets).toMatchObject([{ host: "db.data.svc", port: 5432 }]);
    expect(pool?.targets[0]).not.toHaveProperty("orElse");
  });
});

describe("a backendRef that cannot be used", () => {
  const table: readonly [string, string, object, string, string][] = [
    [
      "to a Service that is not there",
      "",
      { name: "db", port: 5432 },
      "BackendNotFound",
      'There is no Service "default/db"',
    ],
    [
      "to a port that it has not",
      service("db"),
      { name: "db", port: 5433 },
      "BackendNotFound",
      'Service "default/db" has no port 5433, only 5432',
    ],
    [
      "to the port of its Pods",
      service("db", { ports: [{ port: 5432, targetPort: 15432 }] }),
      { name: "db", port: 15432 },
      "BackendNotFound",
      'Service "default/db" has no port 15432, only 5432',
    ],
    [
      "to a port for UDP",
      service("db", { ports: [{ port: 5432, protocol: "UDP" }] }),
      { name: "db", port: 5432 },
      "UnsupportedProtocol",
      'Port 5432 of Service "default/db" is for UDP: wanted is TCP',
    ],
    [
      "of another kind",
      "",
      { kind: "Pod", name: "db", port: 5432 },
      "InvalidKind",
      'Backend "db" of kind Pod is not supported: wanted is Service',
    ],
    [
      "of another group",
      service("db"),
      { group: "example.com", kind: "Service", name: "db", port: 5432 },
      "InvalidKind",
      'Backend "db" of kind Service of group "example.com" is not supported: wanted is Service',
    ],
  ];
  for (const [name, text, reference, reason, message] of table) {
    test(`${name}: its clients are refused, and told of by name`, async () => {
      expect(await targets(text, {}, reference)).toEqual([message]);
      const found = await translateManifests(
        gateway("front", [tcp("a", 9999)]) + text + tcpRoute("r", ["front"], [{ ...reference }]),
      );
      expect(parentsOf(found, "TCPRoute", "r")).toEqual([
        { Accepted: "True/Accepted", ResolvedRefs: `False/${reason}` },
      ]);
      expect(found.messages).toHaveLength(1);
      expect(found.messages[0]).toContain(message);
    });
  }

  test("all of them are told at once", async () => {
    const found = await translateManifests(gateway("front", [tcp("a", 9999)]) + tcpRoute("r", ["front"], ["x", "y"]));
    expect(found.refused.get("tcproute/default/r@default/front/a")).toBe(
      'There is no Service "default/x"; There is no Service "default/y"',
    );
    expect(found.messages).toHaveLength(2);
    expect(found.status("TCPRoute", "r")).toMatchObject({
      parents: [{ conditions: [{}, { message: 'There is no Service "default/x"; There is no Service "default/y"' }] }],
    });
  });

  test("a Service without endpoints is resolved, and its clients are refused", async () => {
    const text = service("db") + slice("s", "db", { endpoints: [] });
    const found = await translateManifests(gateway("front", [tcp("a", 9999)]) + text + tcpRoute("r", ["front"]));
    expect(parentsOf(found, "TCPRoute", "r")[0]).toMatchObject({ ResolvedRefs: "True/ResolvedRefs" });
    expect([...found.refused.values()]).toEqual([NOBODY]);
    expect(found.said).toEqual([]);
  });
});

const shares = async (...references: readonly (string | Readonly<Record<string, unknown>>)[]) => {
  const services = service("x") + service("y") + service("empty") + slice("s", "empty", { endpoints: [] });
  const found = await translateManifests(
    gateway("front", [tcp("a", 9999)]) + services + tcpRoute("r", ["front"], references),
  );
  const [route] = found.compiled.plan.routes;
  return {
    pools: Object.fromEntries((route?.pools ?? []).map(({ pool, weight }) => [pool.split("|")[1], weight])),
    refused: route?.refused,
  };
};

describe("weights", () => {
  test("are shares, 1 where none is written", async () => {
    const found = await shares({ name: "x", port: 5432, weight: 70 }, "y");
    expect(found).toEqual({ pools: { "default/x:5432": 70, "default/y:5432": 1 }, refused: undefined });
  });

  test("of one Service are added up", async () => {
    const found = await shares({ name: "x", port: 5432, weight: 3 }, { name: "x", port: 5432, weight: 4 });
    expect(found.pools).toEqual({ "default/x:5432": 7 });
  });

  test("of 0 get nobody, not even a reference that is wrong", async () => {
    const found = await shares("x", { name: "y", port: 5432, weight: 0 }, { name: "gone", port: 5432, weight: 0 });
    expect(found).toEqual({ pools: { "default/x:5432": 1 }, refused: undefined });
  });

  test("of a reference that is wrong are refused", async () => {
    const found = await shares({ name: "x", port: 5432, weight: 20 }, { name: "gone", port: 5432, weight: 80 });
    expect(found.pools).toEqual({ "default/x:5432": 20 });
    expect(found.refused).toEqual({ weight: 80, reason: "no-backend", detail: 'There is no Service "default/gone"' });
  });

  test("of a Service without endpoints are refused", async () => {
    const found = await shares("x", { name: "empty", port: 5432, weight: 3 });
    expect(found.refused).toMatchObject({ weight: 3, reason: "no-backend" });
  });

  test("of 0 everywhere refuse everybody", async () => {
    const found = await shares({ name: "x", port: 5432, weight: 0 }, { name: "y", port: 5432, weight: 0 });
    expect(found).toEqual({
      pools: {},
      refused: { weight: 1, reason: "no-backend", detail: "Every backendRef has weight 0" },
    });
  });

  test("of the largest kind are no trouble", async () => {
    const found = await shares(
      { name: "x", port: 5432, weight: 1_000_000 },
      { name: "y", port: 5432, weight: 1_000_000 },
    );
    expect(found.pools).toEqual({ "default/x:5432": 1_000_000, "default/y:5432": 1_000_000 });
  });
});
