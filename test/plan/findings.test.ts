// How grave it is that a route does not get what it claims, and who did not.

import { expect, test } from "bun:test";

import { passthrough, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

test.each<[string, RouteWishes, RouteWishes, string]>([
  ["an address", {}, {}, "plan/listen-conflict"],
  ["a name", { tls: passthrough("a.b") }, { tls: passthrough("a.b") }, "plan/hostname-conflict"],
  ["an address among all", {}, { listen: "10.0.0.1:5432" }, "plan/listen-overlap"],
  ["another protocol", { sources: ["10.0.0.0/8"] }, { protocol: "postgres" }, "plan/protocol-conflict"],
  ["itself", {}, { listen: 1, backend: "127.0.0.1:1" }, "route/loop"],
  ["too much", {}, { listen: ["1-65535", "10.0.0.1:1-65535", "10.0.0.2:1-65535"] }, "plan/too-many-listeners"],
])("a route that is told so by a status of its own is warned that it cannot have %s", (_what, first, second, code) => {
  const scene = new TlsScene();
  const has = scene.route("a", first);
  const wants = scene.route("b", { ...second, conflicts: "warning" });
  const { diagnostics, refusals, errors } = scene.compile([has, wants]);
  expect(errors).toEqual([]);
  expect(diagnostics.filter(({ severity }) => severity === "warning").map((each) => each.code)).toEqual([code]);
  expect([...refusals]).toEqual([["b", diagnostics.find((each) => each.code === code)?.message ?? ""]]);
});

test("of others it is an error", () => {
  const scene = new TlsScene();
  const { errors, refusals } = scene.compile([scene.route("a", { conflicts: "warning" }), scene.route("b")]);
  expect(errors).toEqual(["b.yaml listen plan/listen-conflict"]);
  expect([...refusals.keys()]).toEqual(["b"]);
});

test("nobody is refused who gets all that it claims", () => {
  const scene = new TlsScene();
  const { refusals } = scene.compile([scene.route("a"), scene.route("b", { listen: 1 })]);
  expect(refusals.size).toBe(0);
});

test("a route whose certificates cannot be used does not get what it claims", () => {
  const scene = new TlsScene();
  const lost = { certificate: { file: "lost.pem" }, key: { file: "lost.key" } };
  const { refusals, errors } = scene.compile([scene.route("a", { tls: scene.terminate(["a.b"], { identity: lost }) })]);
  expect(errors).toEqual([]);
  expect([...refusals.keys()]).toEqual(["a"]);
});

test("of two routes with one name the one that has it is not refused", () => {
  const scene = new TlsScene();
  const other = { ...scene.route("b", { listen: 1, conflicts: "warning" }), name: "a" };
  const { refusals, diagnostics } = scene.compile([scene.route("a"), other]);
  expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([["warning", "plan/duplicate-name"]]);
  expect(refusals.size).toBe(0);
});
