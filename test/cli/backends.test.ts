import { describe, expect, test } from "bun:test";
import { runCli } from "../support/cli.ts";
import { startFakeAdmin } from "../support/fake-admin.ts";

const UP = {
  address: "10.0.0.1:5432",
  state: "up",
  connectionsActive: 3,
  weight: 1 / 3,
  connectionsTotal: 20,
  dialFailures: 1,
  check: { status: "up" },
};
const DOWN = { address: "10.0.0.2:5432", state: "down", connectionsActive: 0, check: { status: "down", error: "RST" } };
const FULL = { address: "10.0.0.3:5432", state: "full", connectionsActive: 9, reason: "9 of 9 connections" };

const BACKEND = {
  route: "orders-db",
  backend: "db.internal:5432",
  state: "up",
  weight: 5,
  override: { weight: 5 },
  targets: [UP, DOWN, FULL],
  connectionsActive: 12,
  connectionsTotal: 40,
  dialFailures: 2,
};

const DRAINED = {
  ...BACKEND,
  backend: "10.0.0.9:5432",
  state: "drained",
  reason: "Drained",
  override: { weight: 0, state: "drain" },
  targets: [],
};

/** A gateway with two routes and one backend, which no filter matches. */
const KNOWN = {
  "GET /api/v1/routes": { items: [{ name: "orders-db" }, { name: "other" }], next: null },
  "GET /api/v1/backends": (request: Request) => ({ items: request.url.includes("?") ? [] : [BACKEND], next: null }),
};

const TOKEN = { env: { SALLYPORT_ADMIN_TOKEN: "secret" } };

describe("backends", () => {
  test("are one row each, with what is usable and why the rest is not", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [BACKEND, DRAINED], next: null } });
    const { code, out, err } = await runCli(["backends", "--admin", admin.address]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [head, first, second] = out.split("\n");
    expect(head).toMatch(/^ROUTE +BACKEND +STATE +TARGETS +WEIGHT +ACTIVE +TOTAL +FAILURES +REASON$/);
    expect(first).toMatch(/^orders-db +db\.internal:5432 +up +2\/3, 1 full +5 +12 +40 +2 +Weight 5 by hand$/);
    expect(second).toMatch(/ drained +- +5 +12 +40 +2 +Drained by hand, weight 0 by hand$/);
  });

  test("say which pool of their route they are in, where there are several", async () => {
    const items = [{ ...BACKEND, pool: "default/orders:5432" }, DRAINED];
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items, next: null } });
    const lines = (await runCli(["backends", "--admin", admin.address])).out.split("\n");
    expect(lines[0]).toMatch(/^ROUTE +POOL +BACKEND +STATE /);
    expect(lines[1]).toMatch(/^orders-db +default\/orders:5432 +db\.internal:5432 +up /);
    expect(lines[2]).toMatch(/^orders-db +- +10\.0\.0\.9:5432 +drained /);
  });

  test("that cannot be reached say why, also when only the last error is known", async () => {
    const item = { ...BACKEND, override: undefined, state: "down", lastError: "ECONNREFUSED" };
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [item], next: null } });
    expect((await runCli(["backends", "--admin", admin.address])).out).toMatch(/ ECONNREFUSED\n$/);
  });

  test.each([
    ["drained", { state: "drain" }, "Drained by hand"],
    ["drained", { weight: 0 }, "Weight 0 by hand"],
    ["drained", { weight: 3 }, "Why, weight 3 by hand"],
    ["down", { state: "down" }, "Taken down by hand"],
    ["down", { state: "up" }, "Why, kept up by hand"],
    ["down", { state: "down", weight: 2 }, "Taken down by hand, weight 2 by hand"],
    ["failing", { state: "later" }, "Why, later by hand"],
    ["failing", {}, "Why"],
  ])("that are %s and set to %j say once why", async (state, override, reason) => {
    const items = [{ ...BACKEND, targets: [DOWN], state, override, reason: "Why" }];
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items } });
    expect((await runCli(["backends", "--admin", admin.address])).out).toEndWith(` ${reason}\n`);
  });

  test.each([
    [[UP], "1/1"],
    [[FULL], "1/1 full"],
    [[UP, FULL], "2/2, 1 full"],
    [[DOWN, FULL], "1/2 full"],
    [[{ state: "failing" }], "0/1"],
    [[], "-"],
  ])("with the addresses %j show %s of them as usable", async (targets, share) => {
    const items = [{ ...BACKEND, backup: true, targets }];
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items } });
    const { out } = await runCli(["backends", "--admin", admin.address]);
    expect(out).toContain(` ${share}  5 backup  `);
  });

  test("that are failing, drained or full are a warning in colour", async () => {
    for (const state of ["failing", "drained", "full"]) {
      using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [{ state }] } });
      const { out } = await runCli(["backends", "--admin", admin.address], { terminal: true });
      expect(out).toContain(`\u001b[33m${state}\u001b[0m`);
    }
  });

  test("are filtered by the gateway", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [BACKEND], next: null } });
    const { code, out } = await runCli(["backends", "--route", "a b", "--backend", "x:1", "--admin", admin.address]);
    expect([code, out.split("\n").length]).toEqual([0, 3]);
    expect(admin.asked).toEqual(["GET /api/v1/backends?route=a+b&backend=x%3A1"]);
  });

  test.each([
    [["--route", "orders-dbs"], 'There is no route "orders-dbs": did you mean "orders-db"?'],
    [["--route", "nope"], 'There is no route "nope": see `sallyport routes`'],
    [["--backend", "10.0.0.9:1"], 'There is no backend "10.0.0.9:1": see `sallyport backends`'],
    [["--backend", "db.internal:5433", "--json"], 'There is no backend "db.internal:5433": did you mean'],
    [["--route", "nope", "--backend", "db.internal:5432"], 'There is no route "nope"'],
  ])("of %j, which do not exist, exit 1 and say so", async (flags, message) => {
    using admin = startFakeAdmin(KNOWN);
    const { code, out, err } = await runCli(["backends", ...flags, "--admin", admin.address]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(message);
  });

  test("of a route and a backend that both exist, but not together, are none", async () => {
    using admin = startFakeAdmin(KNOWN);
    const flags = ["--route", "other", "--backend", "db.internal:5432"];
    const { code, out } = await runCli(["backends", ...flags, "--admin", admin.address]);
    expect({ code, out }).toEqual({ code: 0, out: "There are no such backends\n" });
  });

  test("are none while there are none, and that is no mistake", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [], next: null } });
    const { code, out } = await runCli(["backends", "--admin", admin.address]);
    expect({ code, out }).toEqual({ code: 0, out: "There are no such backends\n" });
    expect(admin.asked).toHaveLength(1);
  });

  test("show every address with --targets, and themselves when they have none", async () => {
    const items = [{ ...BACKEND, backup: true }, DRAINED];
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items, next: null } });
    const { code, out } = await runCli(["backends", "--targets", "--admin", admin.address]);
    expect(code).toBe(0);
    const [head, ...rows] = out.trimEnd().split("\n");
    expect(head).toMatch(/^ROUTE +BACKEND +ADDRESS +STATE +CHECK +WEIGHT +ACTIVE +TOTAL +FAILURES +REASON$/);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^orders-db +db\.internal:5432 +10\.0\.0\.1:5432 +up +up +0\.33 backup +3 +20 +1$/);
    expect(rows[1]).toMatch(/10\.0\.0\.2:5432 +down +down +- backup +0 +- +- +RST$/);
    expect(rows[2]).toMatch(/10\.0\.0\.3:5432 +full +- +- backup +9 +- +- +9 of 9 connections$/);
    expect(rows[3]).toMatch(/10\.0\.0\.9:5432 +- +drained +- +- +- +- +- +Drained by hand, weight 0 by hand$/);
  });

  test("with --targets do not crash on a gateway that leaves everything out", async () => {
    for (const answer of [{}, { items: [{}] }, { items: [{ targets: [{}, 3], override: 7 }] }]) {
      using admin = startFakeAdmin({ "GET /api/v1/backends": answer });
      expect((await runCli(["backends", "--targets", "--admin", admin.address])).code).toBe(0);
    }
  });
});

describe("backends set", () => {
  test.each([
    [["--weight", "0"], { weight: 0 }],
    [["--weight", "1000000"], { weight: 1_000_000 }],
    [["--weight", "auto"], { weight: null }],
    [["--state", "drain"], { state: "drain" }],
    [["--state", "auto"], { state: null }],
    [["--weight", "5", "--state", "up"], { weight: 5, state: "up" }],
  ])("with %j asks for just that and prints what it now is", async (flags, change) => {
    using admin = startFakeAdmin({ "PATCH /api/v1/backends": { items: [BACKEND], next: null } });
    const argv = ["backends", "set", "db.internal:5432", ...flags, "--admin", admin.address];
    const { code, out, err } = await runCli(argv, TOKEN);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Weight 5 by hand");
    expect(admin.asked).toEqual(["PATCH /api/v1/backends?backend=db.internal%3A5432"]);
    expect(admin.headers[0]?.get("authorization")).toBe("Bearer secret");
    expect(admin.headers[0]?.get("content-type")).toBe("application/json");
    expect(JSON.parse(admin.bodies[0] ?? "")).toEqual(change);
  });

  test("says that it took back what was set for a backend that no route has any more", async () => {
    using admin = startFakeAdmin({ "PATCH /api/v1/backends": { items: [], next: null } });
    const { code, out } = await runCli(["backends", "set", "x:1", "--state", "auto", "--admin", admin.address], TOKEN);
    expect(code).toBe(0);
    expect(out).toBe("Took back what was set by hand for x:1: no route has it any more\n");
  });

  test("prints JSON with --json", async () => {
    const answer = { items: [BACKEND], next: null };
    using admin = startFakeAdmin({ "PATCH /api/v1/backends": answer });
    const argv = ["backends", "set", "x:1", "--weight", "5", "--json", "--admin", admin.address];
    expect(JSON.parse((await runCli(argv, TOKEN)).out)).toEqual(answer);
  });

  test.each([
    [(admin: string) => ["backends", "set", "x:1", "--weight", "1", "--route", "a", "--admin", admin]],
    [(admin: string) => ["backends", "--route", "a", "--admin", admin, "set", "x:1", "--weight", "1"]],
    [(admin: string) => ["backends", "--route", "b", "--admin", admin, "set", "--route", "a", "x:1", "--weight", "1"]],
  ])("is for one route, wherever that is said (%#)", async (argv) => {
    using admin = startFakeAdmin({ "PATCH /api/v1/backends": { items: [], next: null } });
    expect((await runCli(argv(admin.address), TOKEN)).code).toBe(0);
    expect(admin.asked).toEqual(["PATCH /api/v1/backends?route=a&backend=x%3A1"]);
  });

  test.each([
    [["backends", "set", "x:1", "--weight", "1", "--state-file", "/nowhere/s"]],
    [["backends", "--state", "/nowhere/s", "set", "x:1", "--weight", "1"]],
  ])("looks for the token beside the state file: %j", async (argv) => {
    using admin = startFakeAdmin({
      "PATCH /api/v1/backends": Response.json({ error: { code: "unauthorized", message: "No" } }, { status: 401 }),
    });
    const { code, err } = await runCli(argv, { env: { SALLYPORT_ADMIN: admin.address } });
    expect(code).toBe(1);
    expect(err).toContain("/nowhere/s.token");
  });

  test.each([
    [[], 'Cannot set "x:1": no route has it'],
    [["--route", "a"], 'Cannot set "x:1": route "a" does not have it'],
  ])("exits 1 when nothing matches (%j)", async (flags, message) => {
    using admin = startFakeAdmin({});
    const argv = ["backends", "set", "x:1", "--weight", "1", ...flags, "--admin", admin.address];
    const { code, out, err } = await runCli(argv, TOKEN);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("sallyport backends");
  });

  test.each([
    [["x:1"], "give --weight, --state or both"],
    [["x:1", "--weight", "-1"], "--weight"],
    [["x:1", "--weight", "1.5"], "--weight"],
    [["x:1", "--weight", "1000001"], "--weight"],
    [["x:1", "--weight", ""], "--weight"],
    [["x:1", "--weight", "0x5"], "--weight"],
    [["x:1", "--weight", "null"], "--weight"],
    [["x:1", "--state", "drained"], "--state"],
    [["x:1", "--state", "/var/lib/sallyport/state.db"], "--state"],
    [["", "--weight", "1"], "empty name"],
    [["x:1", "--route", "", "--weight", "1"], "empty name"],
    [["--weight", "1"], "backend"],
    [["x:1", "y:1", "--weight", "1"], "too many arguments"],
    [["x:1", "--wieght", "1"], "--weight"],
  ])("refuses %j as bad usage and asks nothing", async (argv, message) => {
    using admin = startFakeAdmin({});
    const { code, err } = await runCli(["backends", "set", ...argv], { env: { SALLYPORT_ADMIN: admin.address } });
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(admin.asked).toEqual([]);
  });

  test("a word that is no command within backends is bad usage", async () => {
    expect((await runCli(["backends", "sett", "x:1"])).code).toBe(2);
  });
});
