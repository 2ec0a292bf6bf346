import { describe, expect, test } from "bun:test";
import { delimiter } from "node:path";
import type { GatewayOptions } from "../../src/app/options.ts";
import { runCli } from "../support/cli.ts";

/** Options that `run` would start with: it is stopped right there. */
async function optionsOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  uid = 1000,
): Promise<GatewayOptions> {
  let seen: GatewayOptions | undefined;
  const startGateway = (options: GatewayOptions): Promise<never> => {
    seen = options;
    return Promise.reject(new Error("Stopped by the test"));
  };
  const { err } = await runCli(argv, { env, uid, home: "/home/u", replacements: { startGateway } });
  if (seen === undefined) throw new Error(`Nothing was started: ${err}`);
  return seen;
}

async function stateOf(env: Readonly<Record<string, string>>, uid?: number): Promise<string> {
  return (await optionsOf(["run"], env, uid)).state;
}

function failing(): Promise<never> {
  return Promise.reject(new Error("Something odd"));
}

describe("usage", () => {
  test("help is printed to standard output and is a success", async () => {
    for (const argv of [["help"], ["--help"], ["-h"], ["help", "kill"], ["kill", "--help"]]) {
      const { code, out, err } = await runCli(argv);
      expect({ argv, code, err }).toEqual({ argv, code: 0, err: "" });
      expect(out).toContain("Usage: sallyport");
    }
  });

  test("every command is in the help", async () => {
    const { out } = await runCli(["help"]);
    const commands =
      "run check status routes listeners backends connections resources kill reload drain version help completion".split(
        " ",
      );
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  });

  test.each([
    [["statsu"], "status"],
    [["conections"], "connections"],
    [["status", "--jsn"], "--json"],
    [["run", "--strit"], "--strict"],
    [["--strit"], "--strict"],
  ])("%j suggests %s and exits 2", async (argv, wanted) => {
    const { code, out, err } = await runCli(argv);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(wanted);
  });

  test.each([
    [["run", "extra"]],
    [["run", "--routes"]],
    [["run", "--workers", "2"]],
    [["run", "--admin", "nonsense"]],
    [["run", "--admin", "gateway.example:4040"]],
    [["run", "--admin", "127.0.0.1:65536"]],
    [["run", "--admin", "unix:"]],
    [["run", "--bind", "localhost"]],
    [["run", "--dns", "dns.example"]],
    [["run", "--dns", ""]],
    [["run", "--dns", "127.0.0.1:0"]],
    [["run", "--dns", "127.0.0.1:53-54"]],
    [["run", "--dns", "[127.0.0.1]:53"]],
    [["run", "--dns", "fe80::1%eth0"]],
    [["run", "--dns", "unix:/run/dns.sock"]],
    [["run", "--geo-db"]],
    [["run", "--geo-db", ""]],
    [["check", "--geo-db", "/nonexistent.mmdb", "."]],
    [["run", "--tcp-host", ""]],
    [["run", "--tcp-host", "10.0.0.1"]],
    [["run", "--tcp-host", "a b"]],
    [["run", "--tcp-host", "=10.0.0.1"]],
    [["run", "--tcp-host", "a="]],
    [["run", "--tcp-host", "a=b"]],
    [["run", "--tcp-host", "a=10.0.0.1:80"]],
    [["run", "--tcp-host", "a=10.0.0.1", "--tcp-host", "A=10.0.0.2"]],
    [["run", "--tcp-ports", ""]],
    [["run", "--tcp-ports", "x"]],
    [["run", "--tcp-ports", "0"]],
    [["run", "--tcp-ports", "0-10"]],
    [["run", "--tcp-ports", "20-10"]],
    [["run", "--tcp-ports", "65535-65536"]],
    [["run", "--tcp-ports", "20000-29999,25000"]],
    [["run", "--tcp-ports", "20000-29999,"]],
    [["check", "--tcp-ports", "x", "."]],
    [["run", "--cluster-domain", ""]],
    [["run", "--cluster-domain", "*.local"]],
    [["run", "--status-dir", ""]],
    [["check", "--tcp-host", "a=b", "."]],
    [["check", "--cluster-domain", "10.0.0.1", "."]],
    [["check", "--status-dir", "x", "."]],
    [["run", "--drain-timeout", "soon"]],
    [["run", "--drain-timeout", "off"]],
    [["run", "--drain-timeout", "25d"]],
    [["run", "--log", "xml"]],
    [["run", "--log-level", "loud"]],
    [["status", "--admin", "a b:1"]],
    [["status", "extra"]],
    [["connections", "--limit", "0"]],
    [["connections", "--limit", "x"]],
    [["check", "--format", "xml"]],
    [["completion"]],
    [["completion", "tcsh"]],
  ])("%j exits 2 and says what is wanted", async (argv) => {
    const { code, out, err } = await runCli(argv);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).not.toBe("");
    expect(err).not.toContain("This is a bug");
  });

  test("a wrong twin is blamed by its name", async () => {
    for (const name of [
      "SALLYPORT_ADMIN",
      "SALLYPORT_LOG",
      "SALLYPORT_LOG_LEVEL",
      "SALLYPORT_TCP_HOST",
      "SALLYPORT_TCP_PORTS",
    ]) {
      const { code, err } = await runCli(["run"], { env: { [name]: "?!" } });
      expect(code).toBe(2);
      expect(err).toContain(`for ${name}`);
    }
  });

  test("version prints one line, or JSON", async () => {
    expect((await runCli(["version"])).out).toStartWith("sallyport 1.2.3 (bun ");
    expect((await runCli(["--version"])).out).toBe("sallyport 1.2.3\n");
    expect(JSON.parse((await runCli(["version", "--json"])).out).version).toBe("1.2.3");
  });

  test("an error nobody foresaw is called a bug, with its stack, and exits 1", async () => {
    const { code, err } = await runCli(["check", "."], { replacements: { loadRoutes: failing } });
    expect(code).toBe(1);
    expect(err).toContain("bug in sallyport 1.2.3");
    expect(err).toContain("Something odd");
  });
});

describe("what run starts with", () => {
  test("defaults", async () => {
    const { log, runtime, ...options } = await optionsOf([]);
    expect(log.access).toBe(true);
    expect(runtime.name).toBe("bun");
    expect(options).toEqual({
      version: "1.2.3",
      routes: [],
      embedded: [],
      admin: { host: "127.0.0.1", port: 4040 },
      state: "/home/u/.local/state/sallyport/state.db",
      bind: [],
      dns: [],
      tcpHosts: new Map([["localhost", "127.0.0.1"]]),
      tcpPorts: [{ firstPort: 20_000, lastPort: 29_999 }],
      strict: false,
      drainTimeoutMs: 30_000,
    });
  });

  test("flags, without naming the command", async () => {
    const argv =
      "--routes a --routes b --admin [::1]:0 --state s.db --bind 127.0.0.1 --bind [::1] --dns 127.0.0.53 --dns 10.0.0.1:5353 --dns ::1 --dns [::1]:5353 --geo-db city.mmdb --geo-db asn.mmdb --strict --drain-timeout 1m30s --log-level error";
    const { log, runtime: _, ...options } = await optionsOf(argv.split(" "));
    expect(log.access).toBe(false);
    expect(options).toMatchObject({
      routes: ["a", "b"],
      admin: { host: "::1", port: 0 },
      state: "s.db",
      bind: ["127.0.0.1", "::1"],
      dns: ["127.0.0.53:53", "10.0.0.1:5353", "[::1]:53", "[::1]:5353"],
      geoDatabases: ["city.mmdb", "asn.mmdb"],
      strict: true,
      drainTimeoutMs: 90_000,
    });
  });

  test("flags for resources of Gateway API", async () => {
    const argv =
      "--tcp-host DB.example.com. --tcp-host localhost --tcp-host a=10.0.0.1 --tcp-host a=::ffff:10.0.0.1 --tcp-host b=[2001:DB8::1] --tcp-ports 1000,3000-3999 --cluster-domain Cluster.Local. --status-dir out";
    expect(await optionsOf(argv.split(" "))).toMatchObject({
      tcpHosts: new Map([
        ["db.example.com", undefined],
        ["localhost", "127.0.0.1"],
        ["a", "10.0.0.1"],
        ["b", "2001:db8::1"],
      ]),
      tcpPorts: [
        { firstPort: 1000, lastPort: 1000 },
        { firstPort: 3000, lastPort: 3999 },
      ],
      clusterDomain: "cluster.local",
      statusDir: "out",
    });
    expect(
      await optionsOf(["run"], { SALLYPORT_TCP_HOST: "a.example, b=::1,", SALLYPORT_TCP_PORTS: "7, 9-10" }),
    ).toMatchObject({
      tcpHosts: new Map([
        ["a.example", undefined],
        ["b", "::1"],
      ]),
      tcpPorts: [
        { firstPort: 7, lastPort: 7 },
        { firstPort: 9, lastPort: 10 },
      ],
    });
  });

  test("the environment, which flags win over and emptiness does not count in", async () => {
    const env = {
      SALLYPORT_ROUTES: ["x", "", "y"].join(delimiter),
      SALLYPORT_ADMIN: "unix:/run/admin.sock",
      SALLYPORT_ADMIN_TOKEN: "t0ken",
      SALLYPORT_STATE: "/s.db",
      SALLYPORT_DNS: "10.0.0.1, [::1]:5353,",
      SALLYPORT_GEO_DB: "city.mmdb, asn.mmdb,",
      SALLYPORT_LOG: "json",
      SALLYPORT_LOG_LEVEL: "warn",
    };
    expect(await optionsOf(["run"], env)).toMatchObject({
      routes: ["x", "y"],
      admin: { unix: "/run/admin.sock" },
      adminToken: "t0ken",
      state: "/s.db",
      dns: ["10.0.0.1:53", "[::1]:5353"],
      geoDatabases: ["city.mmdb", "asn.mmdb"],
    });
    const flags = ["run", "--dns", "10.0.0.2", "--routes", "f", "--admin", "5000", "--state", "f.db"];
    expect(await optionsOf(flags, env)).toMatchObject({
      routes: ["f"],
      admin: { host: "127.0.0.1", port: 5000 },
      state: "f.db",
    });
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, ""]));
    expect(await optionsOf(["run"], empty)).toMatchObject({ routes: [], admin: { port: 4040 } });
  });

  test("a state file where the system wants it", async () => {
    expect(await stateOf({ STATE_DIRECTORY: "/var/lib/a:/var/lib/b", XDG_STATE_HOME: "/x" })).toBe(
      "/var/lib/a/state.db",
    );
    expect(await stateOf({ XDG_STATE_HOME: "/x" })).toBe("/x/sallyport/state.db");
    expect(await stateOf({}, 0)).toBe("/var/lib/sallyport/state.db");
  });
});
