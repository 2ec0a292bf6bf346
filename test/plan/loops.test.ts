import { expect, test } from "bun:test";

import { compileRoutes } from "../support/compile-routes.ts";

/** What is told about one route that listens and has a backend there, and the names of the routes in the plan. */
async function loop(listen: string, backend: string, bind: readonly string[] = [], more = "") {
  const text = `listen: "${listen}"\nbackends: ["b:1", "${backend}"]\n${more}`;
  const { plan, told } = await compileRoutes({ "a.yaml": text }, undefined, bind);
  return { told, routes: plan.routes.map(({ name }) => name) };
}

test.each([
  ["5432", "127.0.0.1:5432", []],
  ["5432", "127.9.9.9:5432", []],
  ["5432", "[::1]:5432", []],
  ["5432", "[::ffff:127.0.0.1]:5432", []],
  ["5432", "LocalHost:5432", []],
  ["5432", "0.0.0.0:5432", []],
  [":5432", "localhost.:5432", []],
  ["[::]:5432", "127.0.0.1:5432", []],
  ["0.0.0.0:5432", "127.0.0.1:5432", []],
  ["0.0.0.0:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "127.0.0.1:5432", []],
  ["localhost:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "0.0.0.0:5432", []],
  ["[::1]:5432", "localhost:5432", []],
  ["[::1]:5432", "[::]:5432", []],
  ["10.0.0.5:5432", "10.0.0.5:5432", []],
  ["5432", "10.0.0.5:5432", ["10.0.0.5"]],
  ["5430-5439", "127.0.0.1:5435", []],
  ["5430-5439", "127.0.0.1:5430-5439", []],
])("listening on %s with the backend %s and --bind %j is a loop", async (listen, backend, bind) => {
  expect(await loop(listen, backend, bind)).toEqual({ told: ["a.yaml:2:19 route/loop"], routes: [] });
});

test.each([
  ["5432", "127.0.0.1:5433", []],
  ["5432", "db.internal:5432", []],
  ["5432", "10.0.0.5:5432", []],
  ["5432", "unix:/5432", []],
  ["5432", "srv+localhost", []],
  ["5432", "127.0.0.1:5432", ["10.0.0.5"]],
  ["0.0.0.0:5432", "[::1]:5432", []],
  ["10.0.0.5:5432", "127.0.0.1:5432", []],
  ["10.0.0.5:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "127.0.0.2:5432", []],
  ["127.0.0.1:5432", "[::1]:5432", []],
  ["5430-5439", "127.0.0.1:5440", []],
  ["5430-5439", "127.0.0.1:5435-5444", []],
])("listening on %s with the backend %s and --bind %j is none", async (listen, backend, bind) => {
  expect(await loop(listen, backend, bind)).toEqual({ told: [], routes: ["a"] });
});

const match = (source: string) => `match: {sources: ["${source}"]}\n`;

test("whoever has itself as a backend for clients from elsewhere alone is left alone", async () => {
  expect((await loop("1", "127.0.0.1:1", [], match("10.0.0.0/8"))).told).toEqual([]);
  expect((await loop("1", "127.0.0.1:1", [], match("127.0.0.0/8"))).told).toEqual(["a.yaml:2:19 route/loop"]);
  expect((await loop("1", "localhost:1", [], match("::1"))).told).toEqual(["a.yaml:2:19 route/loop"]);
});

test("a loop that takes clients from another route still takes them, and refuses them", async () => {
  const { plan, told } = await compileRoutes({
    "general.yaml": 'listen: 1\nbackends: ["b:1"]\n',
    "loop.yaml": 'listen: 1\nmatch: {sources: [127.0.0.0/8]}\nbackends: ["localhost:1"]\n',
  });
  expect(told).toEqual(["loop.yaml:3:12 route/loop"]);
  expect(plan.listeners[0]?.entries.map(({ route }) => route)).toEqual(["general", "loop"]);
  expect(plan.pools.map(({ targets }) => targets.length)).toEqual([1, 0]);
  expect(plan.routes.map((route) => "deny" in route)).toEqual([false, true]);
});
