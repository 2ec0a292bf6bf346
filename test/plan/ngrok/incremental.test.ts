// Loads one after the other: what did not change stays the same object from file to engine, and what a policy says changes the routes
// that have it, and nothing else.

import { describe, expect, test } from "bun:test";
import { type LoadedPlan, PlanLoader } from "../../../src/app/load.ts";
import { diffPlans } from "../../../src/plan/diff.ts";
import {
  agent,
  caSecret,
  cloud,
  DENY,
  forwardTo,
  inline,
  ipPolicy,
  loadBalancer,
  named,
  phase,
  restrictTo,
  terminateTls,
  tlsSecret,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { service, slice } from "../../support/gateway-documents.ts";

const UP = "tcp://10.0.0.1:5432";
const MUTUAL = { clientCAsRef: { name: "ca" } };

/** Every form in which an endpoint can be written. */
const FILES: Readonly<Record<string, string>> = {
  "plain.yaml": agent("plain", "tcp://127.0.0.1:7000", UP),
  "any.yaml": agent("any", "tcp://", UP),
  "service.yaml": service("db") + slice("db-1", "db", { endpoints: [{ addresses: ["10.0.0.1"] }] }),
  "tls.yaml": agent("tls", "tls://one.example:7001", "tls://db:5432", {
    tlsTermination: { serverCertificateRef: { name: "cert" }, mutualTLS: MUTUAL },
    clientCertificateRefs: [{ name: "cert" }],
  }),
  "secrets.yaml": tlsSecret("cert") + caSecret("ca"),
  "by-policy.yaml": agent("by-policy", "tls://two.example:7001", UP, inline(terminateTls("two"))),
  "pooled.yaml": agent("one", "tcp://127.0.0.1:7002", UP) + agent("two", "tcp://127.0.0.1:7002", "tcp://db:5432"),
  "named.yaml":
    cloud("named", "tcp://127.0.0.1:7003", named("p")) + agent("other", "tcp://127.0.0.1:7004", UP, named("p")),
  "policy.yaml": trafficPolicy("p", phase(restrictTo({ ip_policies: ["office"] }), DENY)),
  "office.yaml": ipPolicy("office", "allow 10.0.0.0/8"),
  "inside.yaml": agent("inside", "tls://inside.internal:1", "tls://db:5432"),
  "balancer.yaml": loadBalancer("lb", { url: "tcp://127.0.0.1:7005" }),
};

/** Policies here lead to endpoints that others would have. */
const ELSEWHERE = "policy/unknown-endpoint";

class Loads {
  readonly #loader = new PlanLoader();
  #last: LoadedPlan | undefined;

  async load(files: Readonly<Record<string, string>>): Promise<LoadedPlan> {
    const embedded = Object.entries(files).map(([file, text]) => ({ file, text }));
    const loaded = await this.#loader.load({ documents: [], directories: [], embedded }, this.#last?.plan);
    const told = loaded.diagnostics.filter(({ severity, code }) => severity !== "notice" && code !== ELSEWHERE);
    expect(told).toEqual([]);
    loaded.accept();
    this.#last = loaded;
    return loaded;
  }
}

/** Names of routes of `after` that are not the very objects of `before`. */
function anew(before: LoadedPlan, after: LoadedPlan): readonly string[] {
  const known = new Set(before.plan.routes);
  return after.plan.routes.filter((route) => !known.has(route)).map(({ name }) => name);
}

test("what did not change is the same object in the next load", async () => {
  const loads = new Loads();
  const first = await loads.load(FILES);
  const second = await loads.load(FILES);
  expect(anew(first, second)).toEqual([]);
  expect(first.plan.routes).toHaveLength(11);
  const pools = new Set(first.plan.pools);
  expect(second.plan.pools.filter((pool) => !pools.has(pool))).toEqual([]);
});

describe("a change", () => {
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    [
      "of an upstream is about its endpoint",
      { "plain.yaml": agent("plain", "tcp://127.0.0.1:7000", "tcp://10.0.0.2:1") },
      ["agentendpoint/default/plain"],
    ],
    [
      "of a policy is about those who name it",
      { "policy.yaml": trafficPolicy("p", phase(forwardTo("tcp://a.internal:1"))) },
      ["agentendpoint/default/other", "cloudendpoint/default/named"],
    ],
    [
      "of an IPPolicy is about those whose policy names it",
      { "office.yaml": ipPolicy("office", "allow 10.0.0.0/8", "deny 10.6.6.6/32") },
      ["agentendpoint/default/other", "cloudendpoint/default/named"],
    ],
    [
      "of endpoints is about those who are passed on to them",
      { "service.yaml": service("db") + slice("db-1", "db", { endpoints: [{ addresses: ["10.0.0.9"] }] }) },
      ["agentendpoint/default/inside", "agentendpoint/default/tls", "agentendpoint/default/two"],
    ],
    [
      "of who shares a URL is about its door",
      {
        "third.yaml": agent("third", "tcp://127.0.0.1:7002", UP),
      },
      ["agentendpoint/default/third", "endpoint/tcp://127.0.0.1:7002"],
    ],
    ["of a file that says the same is about nobody", { "any.yaml": `# again\n${FILES["any.yaml"]}` }, []],
  ])("%s", async (_what, change, expected) => {
    const loads = new Loads();
    const first = await loads.load(FILES);
    const second = await loads.load({ ...FILES, ...change });
    const { added, changed, removed } = diffPlans(first.plan, second.plan);
    expect([...added, ...changed].toSorted()).toEqual([...expected]);
    expect(removed).toEqual([]);
  });

  test("that is taken back leaves everything as it was, and addresses stay", async () => {
    const loads = new Loads();
    const first = await loads.load(FILES);
    const { "plain.yaml": _gone, ...others } = FILES;
    const without = await loads.load(others);
    expect(diffPlans(first.plan, without.plan).removed).toEqual(["agentendpoint/default/plain"]);
    const again = await loads.load(FILES);
    const { added, changed, removed } = diffPlans(first.plan, again.plan);
    expect({ added, changed, removed }).toEqual({ added: [], changed: [], removed: [] });
  });
});
