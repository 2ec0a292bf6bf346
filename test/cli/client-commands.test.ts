import { describe, expect, test } from "bun:test";
import { runCli } from "../support/cli.ts";
import { startFakeAdmin } from "../support/fake-admin.ts";

const ROUTE = {
  name: "orders-db",
  file: "routes/orders.yaml",
  line: 3,
  listeners: ["*:5432"],
  backends: ["10.0.0.11:5432"],
  connectionsActive: 2,
  connectionsTotal: { done: 40, idle: 2 },
  bytesIn: 2048,
  bytesOut: 3_145_728,
};

const CONNECTION = {
  id: "c1",
  route: "orders-db",
  listener: "*:5432",
  client: "10.0.0.1:4000",
  openedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 61_000,
  idleMs: 12,
  bytesIn: 1,
  bytesOut: 2,
};

describe("lists", () => {
  test("routes are one aligned table", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/routes": { items: [ROUTE, { ...ROUTE, name: "a" }], next: null } });
    const { code, out, err } = await runCli(["routes", "--admin", admin.address]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^ROUTE +LISTENERS +BACKENDS +ACTIVE +ENDED +IN +OUT +WRITTEN AT$/);
    expect(lines[1]).toMatch(
      /^orders-db +\*:5432 +10\.0\.0\.11:5432 +2 +42 +2\.0 KiB +3\.0 MiB +routes\/orders\.yaml:3$/,
    );
    expect(lines[1]?.indexOf("10.0.0.11")).toBe(lines[2]?.indexOf("10.0.0.11") ?? -1);
  });

  test("routes have a column for TLS when one of them has to do with it", async () => {
    const tls = { mode: "terminate", hostnames: ["db.example.com"] };
    using admin = startFakeAdmin({ "GET /api/v1/routes": { items: [ROUTE, { ...ROUTE, tls }], next: null } });
    const lines = (await runCli(["routes", "--admin", admin.address])).out.split("\n");
    expect(lines[0]).toMatch(/ BACKENDS +TLS +ACTIVE /);
    expect(lines[1]).toMatch(/ 10\.0\.0\.11:5432 +- +2 /);
    expect(lines[2]).toMatch(/ 10\.0\.0\.11:5432 +terminate db\.example\.com +2 /);
  });

  test("routes have a column for shares when one of them shares its clients out", async () => {
    const pools = [
      { name: "default/db:5432", weight: 90 },
      { name: "default/new:5432", weight: 9 },
    ];
    const shared = { ...ROUTE, pools, refused: { weight: 1, detail: "There is none" } };
    using admin = startFakeAdmin({ "GET /api/v1/routes": { items: [ROUTE, shared], next: null } });
    const lines = (await runCli(["routes", "--admin", admin.address])).out.split("\n");
    expect(lines[0]).toMatch(/ BACKENDS +SHARES +ACTIVE /);
    expect(lines[1]).toMatch(/ 10\.0\.0\.11:5432 +- +2 /);
    expect(lines[2]).toMatch(/ 1 refused,90 default\/db:5432,9 default\/new:5432 +2 /);
  });

  test("listeners tell how many sources send PROXY headers, when there are some", async () => {
    const plain = { name: "*:1", port: 1, state: "listening", routes: ["a"] };
    using without = startFakeAdmin({ "GET /api/v1/listeners": { items: [plain], next: null } });
    expect((await runCli(["listeners", "--admin", without.address])).out).not.toContain("PROXY");
    using admin = startFakeAdmin({ "GET /api/v1/listeners": { items: [plain, { ...plain, proxyFrom: 2 }] } });
    const lines = (await runCli(["listeners", "--admin", admin.address])).out.split("\n");
    expect(lines[0]).toMatch(/ ROUTES +PROXY FROM +ERROR$/);
    expect(lines[1]).toMatch(/ a +-$/);
    expect(lines[2]).toMatch(/ a +2 sources$/);
  });

  test.each(["routes", "listeners", "backends", "connections"])("%s prints JSON with --json", async (command) => {
    const items = [{ name: "x", anything: [1] }];
    using admin = startFakeAdmin({ [`GET /api/v1/${command}`]: { items, next: null } });
    const { code, out } = await runCli([command, "--json", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ items, next: null });
  });

  test.each(["routes", "listeners", "backends", "connections"])(
    "%s does not crash on a gateway that leaves everything out, or says something else",
    async (command) => {
      for (const answer of [{ items: [{}] }, {}, { items: [null, 3, { name: 7, listeners: "x", bytesIn: "y" }] }]) {
        using admin = startFakeAdmin({ [`GET /api/v1/${command}`]: answer });
        expect((await runCli([command, "--admin", admin.address])).code).toBe(0);
      }
    },
  );

  test("all pages of a list are read", async () => {
    using admin = startFakeAdmin({
      "GET /api/v1/listeners": (request: Request) =>
        new URL(request.url).searchParams.get("after") === "n1"
          ? { items: [{ name: "b" }], next: null }
          : { items: [{ name: "a" }], next: "n1" },
    });
    const { out } = await runCli(["listeners", "--json", "--admin", admin.address]);
    expect(JSON.parse(out)).toEqual({ items: [{ name: "a" }, { name: "b" }], next: null });
  });

  test("colours are for terminals without NO_COLOR", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [{ state: "down" }] } });
    const argv = ["backends", "--admin", admin.address];
    expect((await runCli(argv)).out).not.toContain("\u001b");
    expect((await runCli(argv, { terminal: true })).out).toContain("\u001b[31mdown\u001b[0m");
    expect((await runCli(argv, { terminal: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
    expect((await runCli([...argv, "--json"], { terminal: true })).out).not.toContain("\u001b");
  });

  test("what a gateway says cannot move the cursor", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/backends": { items: [{ lastError: "\u001b[2J" }] } });
    expect((await runCli(["backends", "--admin", admin.address])).out).not.toContain("\u001b");
  });
});

/** The lines of a table of the plain connection and of one more for each of these. */
async function tableOf(...more: readonly object[]): Promise<string[]> {
  const items = [CONNECTION, ...more.map((one) => ({ ...CONNECTION, ...one }))];
  using admin = startFakeAdmin({ "GET /api/v1/connections": { items, next: null } });
  return (await runCli(["connections", "--admin", admin.address])).out.split("\n");
}

describe("connections", () => {
  test("are filtered by the gateway", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/connections": { items: [CONNECTION], next: null } });
    const filter = ["--route", "a b", "--source", "10.0.0.0/8", "--backend", "x:1", "--sni", "db.example.com"];
    const { code, out } = await runCli(["connections", "--admin", admin.address, ...filter]);
    expect(code).toBe(0);
    expect(admin.asked).toEqual([
      "GET /api/v1/connections?route=a+b&source=10.0.0.0%2F8&backend=x%3A1&sni=db.example.com&limit=100",
    ]);
    expect(out).toContain("1m 1s");
  });

  test("show names and certificates only where a connection has one", async () => {
    expect((await tableOf())[0]).toMatch(/ LISTENER +BACKEND +AGE /);
    expect((await tableOf({ sni: "db.example.com" }))[0]).toMatch(/ BACKEND +SNI +AGE /);
    const lines = await tableOf({ sni: "db.example.com" }, { clientCert: `Ä"\u001b[2J${"x".repeat(500)}` });
    expect(lines[0]).toMatch(/ BACKEND +SNI +CERTIFICATE +AGE /);
    expect(lines[1]).toMatch(/ \*:5432 +- +- +- +1m 1s /);
    expect(lines[2]).toContain(" db.example.com ");
    expect(lines[3]).toMatch(/ Ä"\\u\{1b\}\[2Jx+… +1m 1s /);
    expect(lines[3]?.length).toBeLessThan(200);
  });

  test("are read in pages up to the limit, and the rest can be asked for", async () => {
    using admin = startFakeAdmin({
      "GET /api/v1/connections": (request: Request) => {
        const query = new URL(request.url).searchParams;
        const first = Number(query.get("after") ?? 0) + 1;
        const items = Array.from({ length: Number(query.get("limit")) }, (_, i) => ({ id: String(first + i) }));
        return { items, next: items.at(-1)?.id };
      },
    });
    const { out } = await runCli(["connections", "--admin", admin.address, "--limit", "150", "--json"]);
    const answer = JSON.parse(out);
    expect(answer.items).toHaveLength(150);
    expect(answer.next).toBe("150");
    expect(admin.asked[1]).toBe("GET /api/v1/connections?limit=50&after=100");
    const table = await runCli(["connections", "--admin", admin.address, "--limit", "2", "--after", "7"]);
    expect(table.out).toContain("more with --after 9");
  });

  test("a gateway that gives the same page again does not keep us", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/connections": { items: [{ id: "1" }], next: "1" } });
    const { code } = await runCli(["connections", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(admin.asked).toHaveLength(2);
  });
});

describe("kill", () => {
  test("refuses without ids and filters, with both, and with an empty filter, and asks nothing", async () => {
    using admin = startFakeAdmin({});
    for (const argv of [["kill"], ["kill", "c1", "--route", "a"], ["kill", "--route", ""]]) {
      const { code, err } = await runCli([...argv, "--admin", admin.address]);
      expect(code).toBe(2);
      expect(err).toStartWith("Cannot kill");
    }
    expect(admin.asked).toEqual([]);
  });

  test("aborts by id, and says which ids there were not", async () => {
    using admin = startFakeAdmin({ "DELETE /api/v1/connections/c1": { killed: 1 } });
    const { code, out, err } = await runCli(["kill", "c1", "c/2", "--admin", admin.address]);
    expect(code).toBe(1);
    expect(out).toBe("Killed 1 connection\n");
    expect(err).toContain("c/2");
    expect(admin.asked[1]).toBe("DELETE /api/v1/connections/c%2F2");
  });

  test("aborts by TLS name", async () => {
    using admin = startFakeAdmin({ "DELETE /api/v1/connections": { killed: 1 } });
    expect((await runCli(["kill", "--sni", "db.example.com", "--admin", admin.address])).out).toBe(
      "Killed 1 connection\n",
    );
    expect(admin.asked).toEqual(["DELETE /api/v1/connections?sni=db.example.com"]);
  });

  test("aborts by filter", async () => {
    using admin = startFakeAdmin({ "DELETE /api/v1/connections": { killed: 12 } });
    const { code, out } = await runCli(["kill", "--source", "10.0.0.0/8", "--json", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ killed: 12 });
    expect(admin.asked).toEqual(["DELETE /api/v1/connections?source=10.0.0.0%2F8"]);
  });
});

describe("kill by a name", () => {
  const known = {
    "DELETE /api/v1/connections": { killed: 0 },
    "GET /api/v1/routes": { items: [{ name: "orders-db" }] },
    "GET /api/v1/backends": { items: [{ backend: "x:1" }] },
  };

  test.each([
    [["--route", "nope"], 'There is no route "nope"'],
    [["--backend", "y:22"], 'There is no backend "y:22"'],
    [["--route", "orders-db", "--backend", "y:22", "--json"], 'There is no backend "y:22"'],
  ])("that does not exist (%j) exits 1 and says so", async (flags, message) => {
    using admin = startFakeAdmin(known);
    const { code, out, err } = await runCli(["kill", ...flags, "--admin", admin.address]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(message);
  });

  test("that exists kills none when there are none, and one that is gone still kills what it left behind", async () => {
    using idle = startFakeAdmin(known);
    const filter = ["--route", "orders-db", "--backend", "x:1"];
    const none = await runCli(["kill", ...filter, "--admin", idle.address]);
    expect([none.code, none.out]).toEqual([0, "Killed 0 connections\n"]);
    using left = startFakeAdmin({ ...known, "DELETE /api/v1/connections": { killed: 2 } });
    const some = await runCli(["kill", "--route", "removed", "--admin", left.address]);
    expect([some.code, some.out]).toEqual([0, "Killed 2 connections\n"]);
  });
});

describe("orders", () => {
  const done = { result: "ok", generation: 4, added: ["a"], changed: [], removed: ["b", "c"], unchanged: ["d"] };

  test("reload says what it did", async () => {
    using admin = startFakeAdmin({ "POST /api/v1/reload": { ...done, diagnostics: [] } });
    const { code, out } = await runCli(["reload", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(out).toBe("Reloaded: ok, generation 4\nadded      a\nremoved    b, c\nunchanged  1\n");
  });

  test("reload exits 2 when files are in error, and 0 when there are only warnings", async () => {
    const place = { file: "a.yaml", line: 1, column: 2, code: "route/x", message: "Wrong", hint: "Right" };
    for (const [severity, wanted] of [
      ["error", 2],
      ["warning", 0],
    ] as const) {
      using admin = startFakeAdmin({ "POST /api/v1/reload": { ...done, diagnostics: [{ ...place, severity }] } });
      const { code, out } = await runCli(["reload", "--admin", admin.address]);
      expect(code).toBe(wanted);
      expect(out).toContain(`a.yaml:1:2 ${severity} route/x Wrong (Right)\n`);
    }
  });

  test("drain asks for it", async () => {
    using admin = startFakeAdmin({ "POST /api/v1/drain": Response.json({ draining: true }, { status: 202 }) });
    const { code, out } = await runCli(["drain", "--json", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ draining: true });
  });

  test("status joins status and readiness, also of a gateway that is not ready", async () => {
    using admin = startFakeAdmin({
      "GET /api/v1/status": { version: "1.0.0", runtime: "bun 1", pid: 7, uptimeSeconds: 93_784, draining: true },
      "GET /readyz": Response.json({ ready: false, reasons: ["Listener *:1 is not bound"] }, { status: 503 }),
    });
    const { code, out } = await runCli(["status", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(out).toContain("1.0.0 on bun 1, pid 7");
    expect(out).toContain("1d 2h");
    expect(out).toContain("Listener *:1 is not bound");
    expect(out).toContain("Draining");
  });

  test.each([
    [{ total: 12, notUp: 3, routesWithout: 0 }, "12, of which 3 not up\n"],
    [{ total: 12, notUp: 3, routesWithout: 1 }, "12, of which 3 not up; 1 route without a usable one\n"],
    [undefined, "-, of which - not up\n"],
  ])("status says of the backends %j how they are", async (backends, line) => {
    using admin = startFakeAdmin({ "GET /api/v1/status": { backends }, "GET /readyz": { ready: true } });
    const { out } = await runCli(["status", "--admin", admin.address]);
    expect(out).toContain(`Backends      ${line}`);
  });
});
