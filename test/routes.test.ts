// The routes that sallyport comes with have to be right: they are what newcomers see first.

import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import manifest from "../package.json" with { type: "json" };
import { loadPlan } from "../src/app/load.ts";

const ROUTES = join(import.meta.dir, "..", "routes");
const EXAMPLES = join(ROUTES, "_examples");
const examples = await readdir(EXAMPLES);

test("the shipped routes need nothing but the gateway itself", async () => {
  const { plan, diagnostics } = await loadPlan({ documents: [], directories: [ROUTES], embedded: [] });
  expect(diagnostics).toEqual([]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(["127.0.0.1:4041"]);
  expect(plan.pools.flatMap(({ targets }) => targets.map(({ address }) => address))).toEqual(["127.0.0.1:4040"]);
});

test("`start` and `dev` run them", () => {
  expect(manifest.scripts.start).toEndWith(" run --routes routes");
  expect(manifest.scripts.dev).toEndWith(" run --routes routes");
});

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(0);
});

test.each(examples)("the example %s is right", async (name) => {
  const { plan, diagnostics } = await loadPlan({ documents: [], directories: [join(EXAMPLES, name)], embedded: [] });
  expect(diagnostics).toEqual([]);
  expect(plan.routes.length).toBeGreaterThan(0);
});

test("all examples fit together", async () => {
  const { diagnostics } = await loadPlan({ documents: [], directories: [EXAMPLES], embedded: [] });
  expect(diagnostics).toEqual([]);
});
