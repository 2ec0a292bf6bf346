// Manifests and Route documents in one load: who has a port keeps it, whatever the dialect.

import { expect, test } from "bun:test";

import { PlanLoader } from "../../src/app/load.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { gateway, service, tcp, tcpRoute } from "../support/gateway-documents.ts";

type Texts = Readonly<Record<string, string>>;

/** Who has the only port after each of these loads. */
async function ownersOf(loads: readonly Texts[]): Promise<readonly (string | undefined)[]> {
  const loader = new PlanLoader();
  const owners: (string | undefined)[] = [];
  let plan: Plan | undefined;
  for (const texts of loads) {
    const embedded = Object.entries(texts).map(([file, text]) => ({ file, text }));
    const loaded = await loader.load({ documents: [], directories: [], embedded }, plan);
    loaded.accept();
    plan = loaded.plan;
    owners.push(plan.listeners[0]?.entries.map(({ route }) => route).join());
  }
  return owners;
}

const FRONT = gateway("front", [tcp("pg", 5432)]) + service("db");
const ROUTE = 'listen: 5432\nbackends: ["10.0.0.1:1"]\n';

test("a listener of a Gateway keeps its port from a Route document when its route is another one, in another file, or gone", async () => {
  const first = { "front.yaml": FRONT, "r.yaml": tcpRoute("r", ["front"]) };
  const both = { ...first, "a.yaml": ROUTE };
  const [had, kept, other, moved, gone] = await ownersOf([
    first,
    both,
    { ...both, "r.yaml": tcpRoute("s", ["front"]) },
    { "a.yaml": ROUTE, "front.yaml": FRONT + tcpRoute("s", ["front"]) },
    { "a.yaml": ROUTE, "front.yaml": FRONT },
  ]);
  expect([had, kept]).toEqual(["tcproute/default/r@default/front/pg", "tcproute/default/r@default/front/pg"]);
  expect([other, moved]).toEqual(["tcproute/default/s@default/front/pg", "tcproute/default/s@default/front/pg"]);
  expect(gone).toBe("listener/default/front/pg");
});

test("a Route document keeps its port from a Gateway, also one whose listener had it before", async () => {
  expect(await ownersOf([{ "a.yaml": ROUTE }, { "a.yaml": ROUTE, "front.yaml": FRONT }])).toEqual(["a", "a"]);
  expect(
    await ownersOf([{ "front.yaml": FRONT }, { "a.yaml": ROUTE }, { "a.yaml": ROUTE, "front.yaml": FRONT }]),
  ).toEqual(["listener/default/front/pg", "a", "a"]);
});
