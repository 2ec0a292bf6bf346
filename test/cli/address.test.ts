import { describe, expect, test } from "bun:test";
import { runCli } from "../support/cli.ts";
import { startFakeAdmin } from "../support/fake-admin.ts";

const TOKEN = { env: { SALLYPORT_ADMIN_TOKEN: "secret" } };

const ADDRESS = {
  id: "ra_1",
  addr: "localhost:20001",
  host: "localhost",
  port: 20_001,
  description: "PostgreSQL",
  metadata: "",
  createdAt: "2026-01-02T12:00:00.250Z",
};

const LIST = { "GET /api/v1/addresses": { items: [ADDRESS], next: null } };

describe("address list", () => {
  test("is a table, with a note only where there is one", async () => {
    using admin = startFakeAdmin(LIST);
    const { code, out, err } = await runCli(["address", "list", "--admin", admin.address]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [head, first] = out.split("\n");
    expect(head).toMatch(/^ID +ADDRESS +CREATED +DESCRIPTION$/);
    expect(first).toMatch(/^ra_1 +localhost:20001 +2026-01-02T12:00:00Z +PostgreSQL$/);
    const noted = { ...ADDRESS, note: "Port 20001 is outside" };
    using other = startFakeAdmin({ "GET /api/v1/addresses": { items: [ADDRESS, noted], next: null } });
    const table = (await runCli(["address", "list", "--admin", other.address])).out.split("\n");
    expect(table[0]).toMatch(/ NOTE$/);
    expect(table[2]).toMatch(/ Port 20001 is outside$/);
  });

  test("is JSON for scripts, all pages in one", async () => {
    using admin = startFakeAdmin({
      "GET /api/v1/addresses": (request: Request) =>
        request.url.includes("after=ra_1")
          ? { items: [{ ...ADDRESS, id: "ra_0" }], next: null }
          : { items: [ADDRESS], next: "ra_1" },
    });
    const { out } = await runCli(["address", "list", "--json", "--admin", admin.address]);
    expect(JSON.parse(out)).toEqual({ items: [ADDRESS, { ...ADDRESS, id: "ra_0" }], next: null });
  });

  test("says how to reserve one when there is none", async () => {
    using admin = startFakeAdmin({ "GET /api/v1/addresses": { items: [], next: null } });
    const { out } = await runCli(["address", "list", "--admin", admin.address]);
    expect(out).toBe("There are no addresses: reserve one with `sallyport address create`\n");
  });
});

describe("address create", () => {
  test.each([
    [[], {}],
    [["--host", "localhost", "--port", "20001"], { host: "localhost", port: 20_001 }],
    [["--description", "a b", "--metadata", "{}"], { description: "a b", metadata: "{}" }],
  ])("with %j asks for just that and prints the address alone", async (flags, body) => {
    using admin = startFakeAdmin({ "POST /api/v1/addresses": ADDRESS });
    const { code, out, err } = await runCli(["address", "create", ...flags, "--admin", admin.address], TOKEN);
    expect({ code, out, err }).toEqual({ code: 0, out: "localhost:20001\n", err: "" });
    expect(admin.bodies.map((text) => JSON.parse(text))).toEqual([body]);
    expect(admin.headers[0]?.get("authorization")).toBe("Bearer secret");
  });

  test("prints all of it for scripts", async () => {
    using admin = startFakeAdmin({ "POST /api/v1/addresses": ADDRESS });
    const { out } = await runCli(["address", "create", "--json", "--admin", admin.address], TOKEN);
    expect(JSON.parse(out)).toEqual(ADDRESS);
  });

  test("says who has an address that is taken, and exits 1", async () => {
    const message = "localhost:20001 is taken: address ra_1 has it";
    using admin = startFakeAdmin({
      "POST /api/v1/addresses": () => Response.json({ error: { code: "address-taken", message } }, { status: 409 }),
    });
    const { code, out, err } = await runCli(["address", "create", "--admin", admin.address], TOKEN);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(message);
  });

  test.each(["0", "65536", "x", "20000-20001"])("refuses the port %s", async (port) => {
    const { code, err } = await runCli(["address", "create", "--port", port]);
    expect([code, err]).toEqual([2, `Cannot use "${port}" for --port: it wants a number from 1 to 65535\n`]);
  });
});

describe("address delete", () => {
  test("takes an id", async () => {
    using admin = startFakeAdmin({ "DELETE /api/v1/addresses/ra_1": ADDRESS });
    const { code, out } = await runCli(["address", "delete", "ra_1", "--admin", admin.address], TOKEN);
    expect({ code, out }).toEqual({ code: 0, out: "localhost:20001 is not reserved any more\n" });
  });

  test("takes HOST:PORT, and prints JSON for scripts", async () => {
    using admin = startFakeAdmin({ ...LIST, "DELETE /api/v1/addresses/ra_1": ADDRESS });
    const argv = ["address", "delete", "localhost:20001", "--json", "--admin", admin.address];
    const { code, out } = await runCli(argv, TOKEN);
    expect([code, JSON.parse(out)]).toEqual([0, ADDRESS]);
    expect(admin.asked).toEqual(["GET /api/v1/addresses?addr=localhost%3A20001", "DELETE /api/v1/addresses/ra_1"]);
  });

  test.each(["ra_9", "localhost:20009"])("says that there is no %s, and exits 1", async (written) => {
    using admin = startFakeAdmin({ "GET /api/v1/addresses": { items: [], next: null } });
    const { code, err } = await runCli(["address", "delete", written, "--admin", admin.address], TOKEN);
    expect([code, err]).toEqual([1, `There is no address "${written}": see \`sallyport address list\`\n`]);
  });

  test.each([
    ["", "Cannot delete nothing: give an id or HOST:PORT\n"],
    ["localhost:x", 'Cannot delete "localhost:x": "x" is not a port; give an id or HOST:PORT\n'],
  ])("refuses %j before anything is asked", async (written, message) => {
    const { code, err } = await runCli(["address", "delete", written, "--admin", "127.0.0.1:1"], TOKEN);
    expect([code, err]).toEqual([2, message]);
  });
});

test.each([[["address"]], [["address", "delete"]], [["address", "list", "extra"]], [["address", "crate"]]])(
  "%j exits 2 and says what is wanted",
  async (argv) => {
    const { code, out, err } = await runCli(argv);
    expect([code, out]).toEqual([2, ""]);
    expect(err).not.toBe("");
  },
);
