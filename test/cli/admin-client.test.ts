import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { createAdminClient } from "../../src/cli/admin-client.ts";
import { findToken } from "../../src/cli/state-path.ts";
import { runCli } from "../support/cli.ts";
import { startFakeAdmin } from "../support/fake-admin.ts";

async function temporary(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "sallyport-cli-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const LISTENERS = { "GET /api/v1/listeners": { items: [], next: null } };

describe("the token", () => {
  test("is taken from the environment, and otherwise from beside the state file", async () => {
    await using directory = await temporary();
    const state = join(directory.path, "state.db");
    await writeFile(`${state}.token`, "from-file\n");
    using admin = startFakeAdmin(LISTENERS);
    const argv = ["reload", "--admin", admin.address, "--state", state];
    await runCli(argv);
    await runCli(argv, { env: { SALLYPORT_ADMIN_TOKEN: "from-env" } });
    await runCli(["reload"], { env: { SALLYPORT_ADMIN: admin.address, SALLYPORT_STATE: state } });
    await runCli(["reload", "--admin", admin.address]);
    // Reading on this machine needs none, so whoever listens there is told none.
    await runCli(["listeners", "--admin", admin.address, "--state", state]);
    expect(admin.headers.map((headers) => headers.get("authorization"))).toEqual([
      "Bearer from-file",
      "Bearer from-env",
      "Bearer from-file",
      null,
      null,
    ]);
  });

  test("of a file is not told to another machine, and is to this one by any of its addresses", async () => {
    await using directory = await temporary();
    const state = join(directory.path, "state.db");
    await writeFile(`${state}.token`, "secret");
    const surroundings = { env: {} };
    expect(await findToken(surroundings, state, { host: "192.0.2.1", port: 1 })).not.toHaveProperty("token");
    expect(await findToken(surroundings, state, { host: "gateway.example", port: 1 })).not.toHaveProperty("token");
    expect(await findToken({ env: { SALLYPORT_ADMIN_TOKEN: "t" } }, state, { host: "192.0.2.1", port: 1 })).toEqual({
      token: "t",
    });
    const own = Object.values(networkInterfaces()).flatMap((list) => list?.map((entry) => entry.address) ?? []);
    for (const host of ["127.0.0.2", "::1", "0.0.0.0", ...own]) {
      expect(await findToken(surroundings, state, { host, port: 1 })).toEqual({ token: "secret" });
    }
    expect(await findToken(surroundings, state, { unix: "/run/x" })).toEqual({ token: "secret" });
  });

  test("an empty token file is none", async () => {
    await using directory = await temporary();
    const state = join(directory.path, "state.db");
    await writeFile(`${state}.token`, "\n");
    await chmod(`${state}.token`, 0o600);
    expect(await findToken({ env: {} }, state, { host: "127.0.0.1", port: 1 })).toEqual({
      missing: `${state}.token is empty`,
    });
  });
});

describe("what goes wrong", () => {
  test("no gateway: says how to start one", async () => {
    const { code, err } = await runCli(["status", "--admin", "127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(err).toContain("Cannot reach the gateway at http://127.0.0.1:1: is it running?");
    expect(err).toContain("sallyport run");
  });

  test("no unix socket: says so", async () => {
    const { code, err } = await runCli(["status", "--admin", "unix:/nonexistent/admin.sock"]);
    expect(code).toBe(1);
    expect(err).toContain("unix:/nonexistent/admin.sock");
  });

  test("401 without a token says where it was looked for, and with one that it is the wrong one", async () => {
    using admin = startFakeAdmin({ "POST /api/v1/reload": () => new Response("{}", { status: 401 }) });
    const argv = ["reload", "--admin", admin.address, "--state", "/nonexistent/state.db"];
    const without = await runCli(argv);
    expect(without.code).toBe(1);
    expect(without.err).toContain("/nonexistent/state.db.token");
    const wrong = await runCli(argv, { env: { SALLYPORT_ADMIN_TOKEN: "x" } });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain("not the one of this gateway");
  });

  test.each([403, 400, 404, 500, 503])("status %d carries the gateway's message", async (status) => {
    using admin = startFakeAdmin({
      "POST /api/v1/drain": Response.json({ error: { code: "x", message: "Because of this" } }, { status }),
    });
    const { code, err } = await runCli(["drain", "--admin", admin.address]);
    expect(code).toBe(1);
    expect(err).toContain("Because of this");
  });

  test.each(["<html>hello</html>", "[1,2]", "3"])("something else on the port is recognised: %s", async (body) => {
    using admin = startFakeAdmin({ "GET /api/v1/listeners": new Response(body) });
    const { code, err } = await runCli(["listeners", "--admin", admin.address]);
    expect(code).toBe(1);
    expect(err).toContain("is it a sallyport?");
  });

  test("a gateway that never answers is given up", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const address = { host: "127.0.0.1", port: server.port };
      const client = createAdminClient({ address, token: { missing: "" }, timeoutMs: 50 });
      const asked = client.ask({ method: "GET", path: "/healthz" });
      await expect(asked).rejects.toThrow("no answer within 0.05 s");
    } finally {
      server.stop(true);
    }
  });

  test("an answer that never ends is given up", async () => {
    const endless = new ReadableStream({
      async pull(controller) {
        await Bun.sleep(5);
        controller.enqueue(new TextEncoder().encode(" "));
      },
    });
    using admin = startFakeAdmin({ "GET /healthz": new Response(endless) });
    const port = Number(admin.address.split(":")[1]);
    const client = createAdminClient({ address: { host: "127.0.0.1", port }, token: { missing: "" }, timeoutMs: 100 });
    await expect(client.ask({ method: "GET", path: "/healthz" })).rejects.toThrow("no answer within 0.1 s");
  });
});

describe("the way there", () => {
  test("a unix socket works, with a loopback Host", async () => {
    await using directory = await temporary();
    using admin = startFakeAdmin(LISTENERS, join(directory.path, "admin.sock"));
    const { code } = await runCli(["listeners", "--admin", admin.address]);
    expect(code).toBe(0);
    expect(admin.headers[0]?.get("host")).toBe("localhost");
  });

  test("a gateway that listens everywhere is reached over loopback", async () => {
    using admin = startFakeAdmin(LISTENERS);
    const port = admin.address.split(":")[1];
    const { code } = await runCli(["listeners", "--admin", `0.0.0.0:${port}`]);
    expect(code).toBe(0);
    expect(admin.headers[0]?.get("host")).toBe(`127.0.0.1:${port}`);
  });

  test("a proxy in the environment hears nothing of it", async () => {
    using admin = startFakeAdmin(LISTENERS);
    using proxy = startFakeAdmin({});
    const before = process.env["HTTP_PROXY"];
    process.env["HTTP_PROXY"] = `http://${proxy.address}`;
    try {
      expect((await runCli(["listeners", "--admin", admin.address])).code).toBe(0);
    } finally {
      if (before === undefined) delete process.env["HTTP_PROXY"];
      else process.env["HTTP_PROXY"] = before;
    }
    expect(proxy.asked).toEqual([]);
  });
});
