// Every fixture goes through the whole pipeline. A wrong one says in its last comment lines what is wrong with it.

import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { loadPlan } from "../../src/app/load.ts";

const FIXTURES = join(import.meta.dir, "..", "fixtures", "routes");
const valid = await readdir(join(FIXTURES, "valid"));
const invalid = await readdir(join(FIXTURES, "invalid"));

function load(file: string) {
  return loadPlan({ documents: [], directories: [file], embedded: [] });
}

test("there are fixtures", () => {
  expect(valid.length).toBeGreaterThan(0);
  expect(invalid.length).toBeGreaterThan(0);
});

test.each(valid)("%s has nothing wrong", async (name) => {
  const { plan, diagnostics } = await load(join(FIXTURES, "valid", name));
  // Version control does not keep who may read a file.
  expect(diagnostics.filter(({ code }) => code !== "tls/key-exposed")).toEqual([]);
  expect(plan.routes.length).toBeGreaterThan(0);
});

test.each(invalid)("everything that is wrong with %s is told, where it is, in order", async (name) => {
  const file = join(FIXTURES, "invalid", name);
  const { diagnostics } = await load(file);
  const told = diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
  const expected = (await readFile(file, "utf8")).matchAll(/^# (\d+:\d+ [a-z-]+\/[a-z-]+)$/gm);
  expect(told).toEqual(Array.from(expected, ([, expectation = ""]) => expectation));
});
