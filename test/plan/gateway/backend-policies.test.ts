import { describe, expect, test } from "bun:test";
import { ancestorsOf, gateway, manifest, policy, service, tcp, tcpRoute } from "../../support/gateway-documents.ts";
import { type TranslateOptions, translateManifests } from "../../support/translate-manifests.ts";

const PORTS = {
  ports: [
    { name: "pg", port: 5432 },
    { name: "web", port: 80 },
  ],
};
const FRONT =
  gateway("front", [tcp("a", 1001), tcp("b", 1002)]) +
  service("db", PORTS) +
  tcpRoute("r", [{ name: "front", sectionName: "a" }], ["db"]) +
  tcpRoute("s", [{ name: "front", sectionName: "b" }], [{ name: "db", port: 80 }]);

async function balances(text: string, options: TranslateOptions = {}) {
  const found = await translateManifests(FRONT + text, options);
  return { found, pools: found.compiled.plan.pools, balance: found.compiled.plan.pools.map(({ balance }) => balance) };
}

describe("BackendPolicy", () => {
  test("without one things are as in a Route that says nothing", async () => {
    const { pools } = await balances("");
    expect(pools[0]).toMatchObject({ balance: "round-robin", onDown: "keep", slowStartMs: 0 });
    expect(pools[0]?.passive).toBeDefined();
  });

  test("of a Service is for all of its ports", async () => {
    const { found, balance } = await balances(policy("BackendPolicy", "p", ["Service/db"], { balance: "source-hash" }));
    expect(balance).toEqual(["source-hash", "source-hash"]);
    expect(ancestorsOf(found, "BackendPolicy", "p")).toEqual({ "Gateway/front": { Accepted: "True/Accepted" } });
  });

  test("of a port comes before that of its Service", async () => {
    const text =
      policy("BackendPolicy", "p", ["Service/db"], { balance: "random" }) +
      policy("BackendPolicy", "q", ["Service/db#web"], { balance: "source-hash" });
    expect((await balances(text)).balance).toEqual(["random", "source-hash"]);
  });

  test("of a target that an older one has is in conflict", async () => {
    const text =
      policy("BackendPolicy", "young", ["Service/db"], { balance: "random" }, { day: 2 }) +
      policy("BackendPolicy", "old", ["Service/db"], { balance: "source-hash" }, { day: 1 });
    const { found, balance } = await balances(text);
    expect(balance).toEqual(["source-hash", "source-hash"]);
    expect(ancestorsOf(found, "BackendPolicy", "young")).toEqual({ "Gateway/front": { Accepted: "False/Conflicted" } });
  });

  for (const target of ["Service/gone", "Service/db#gone"]) {
    test(`of ${target} has nothing that it could be for`, async () => {
      const { found, balance } = await balances(policy("BackendPolicy", "p", [target], { balance: "random" }));
      expect(balance).toEqual(["round-robin", "round-robin"]);
      expect(Object.values(ancestorsOf(found, "BackendPolicy", "p"))).toEqual([{ Accepted: "False/TargetNotFound" }]);
      expect(found.said).toHaveLength(1);
    });
  }

  test("says how backends are checked, dialled and limited", async () => {
    const rest = {
      health: { interval: "3s", onDown: "kill" },
      proxyProtocol: { send: 2 },
      maxConnections: 5,
      resolve: { interval: "1m" },
    };
    const { pools } = await balances(policy("BackendPolicy", "p", ["Service/db"], rest));
    expect(pools[0]).toMatchObject({ onDown: "kill", resolveIntervalMs: 60_000, targets: [{ maxConnections: 5 }] });
    expect(pools[0]?.health).toBeDefined();
    expect(pools[0]?.proxySend).toBeDefined();
  });

  test("with mistakes keeps everybody from what it names", async () => {
    const targetRefs = [{ group: "", kind: "Service", name: "db", sectionName: "web" }];
    const text = manifest("sallyport.dev/v1alpha1", "BackendPolicy", "p", {
      spec: { targetRefs, balance: "nonsense" },
    });
    const { found, pools } = await balances(text, { mayBreak: true });
    expect(pools.map(({ route }) => route)).toEqual(["tcproute/default/r@default/front/a"]);
    expect(found.refused.get("tcproute/default/s@default/front/b")).toBe(
      'BackendPolicy "default/p" in test.yaml has mistakes',
    );
  });
});
