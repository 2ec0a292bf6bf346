import { expect, test } from "bun:test";
import { serverNameOf } from "../../../src/engine/pool/server-name.ts";
import type { TargetPlan } from "../../../src/plan/plan.ts";

const REST = { address: "as written", weight: 1, backup: false, maxConnections: 0 };
const SYSTEM = { insecure: false };

test.each<[string, TargetPlan, string | undefined]>([
  ["a host is known by its name", { host: "db.internal", port: 1, ranged: false, ...REST }, "db.internal"],
  ["a full name has no dot at its end", { host: "db.internal.", port: 1, ranged: false, ...REST }, "db.internal"],
  ["an IP is known by itself", { host: "2001:db8::1", port: 1, ranged: false, ...REST }, "2001:db8::1"],
  ["a service is known by the domain that offers it", { srv: "_pg._tcp.db.internal", ...REST }, "db.internal"],
  ["a unix socket has no name", { unix: "/run/db.sock", ...REST }, undefined],
])("%s, unless one is set", (_what, target, name) => {
  expect(serverNameOf(target, SYSTEM)).toBe(name);
  expect(serverNameOf(target, { ...SYSTEM, serverName: "set.example" })).toBe("set.example");
});
