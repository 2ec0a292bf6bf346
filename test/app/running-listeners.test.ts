import { expect, test } from "bun:test";
import { runningListeners } from "../../src/app/running-listeners.ts";

test.each([
  ["*:5432", undefined],
  ["127.0.0.1:5432", "127.0.0.1"],
  ["[2001:db8::1]:5432", "2001:db8::1"],
  ["*:0#a:b", undefined],
  ["127.0.0.1:0#a.2", "127.0.0.1"],
  ["[::1]:0#[x]:y", "::1"],
])("a listener called %s is on %s, and on the port that is bound", (name, host) => {
  const listener = { name, port: 40_000, state: "failed", routes: ["a"] } as const;
  const wanted = { name, port: 40_000, routes: ["a"], ...(host === undefined ? {} : { host }) };
  expect(runningListeners([listener])).toEqual([wanted]);
});
