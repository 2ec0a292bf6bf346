import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import type { LoadRoutes } from "../../src/cli/load-routes.ts";
import { DEFAULT_TCP_PORTS } from "../../src/plan/gateway/options.ts";
import { runCli } from "../support/cli.ts";
import { CITY } from "../support/geo-databases.ts";

const GOOD = "listen: 5432\nbackends: [10.0.0.11:5432]\n";
const BAD = "listen: 5432\nbackend: [10.0.0.11:5432]\n";

let directory: string;
let good: string;
let bad: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sallyport-check-"));
  good = join(directory, "good");
  bad = join(directory, "bad");
  await mkdir(good);
  await mkdir(bad);
  await mkdir(join(directory, "empty"));
  await writeFile(join(good, "a.yaml"), GOOD);
  await writeFile(join(bad, "b.yaml"), BAD);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function saying(diagnostics: readonly Diagnostic[], routes = 1): LoadRoutes {
  return () => Promise.resolve({ routes, listeners: routes, manifests: 0, diagnostics });
}

const DIAGNOSTIC: Diagnostic = {
  file: "a,b.yaml",
  line: 3,
  column: 5,
  severity: "warning",
  code: "route/odd",
  message: "This is 100% odd",
  hint: "Leave it out",
};

describe("check", () => {
  test("exits 0 on valid routes, with a summary", async () => {
    const { code, out, err } = await runCli(["check", good]);
    expect({ code, out, err }).toEqual({ code: 0, out: "Valid: 1 route on 1 listener\n", err: "" });
  });

  test("exits 2 on mistakes, with their places", async () => {
    const { code, out } = await runCli(["check", good, bad]);
    expect(code).toBe(2);
    expect(out).toMatch(/^\S+\/bad\/b\.yaml:2:1 error \S+ .*\(.*backends.*\)$/m);
    expect(out).toMatch(/^Not valid: 1 route on 1 listener, \d error/m);
  });

  test("takes one file, and SALLYPORT_ROUTES", async () => {
    expect((await runCli(["check", join(good, "a.yaml")])).code).toBe(0);
    expect((await runCli(["check"], { env: { SALLYPORT_ROUTES: bad } })).code).toBe(2);
  });

  test("judges the embedded routes when nothing is named", async () => {
    const embedded = [{ file: "routes/e.yaml", text: GOOD }];
    expect((await runCli(["check"], { replacements: { embedded } })).code).toBe(0);
    const wrong = [{ file: "routes/e.yaml", text: BAD }];
    const { code, out } = await runCli(["check"], { replacements: { embedded: wrong } });
    expect(code).toBe(2);
    expect(out).toContain("routes/e.yaml:2:1 error");
  });

  test("checking nothing is no success", async () => {
    for (const argv of [["check"], ["check", join(directory, "empty")], ["check", join(directory, "missing")]]) {
      const { code, err } = await runCli(argv);
      expect({ argv, code }).toEqual({ argv, code: 2 });
      expect(err).toStartWith("Cannot ");
    }
  });

  test("passes on what is said about Gateway API", async () => {
    const told: unknown[] = [];
    const loadRoutes: LoadRoutes = (_sources, bind, _credentials, gatewayApi) => {
      told.push(bind, gatewayApi);
      return Promise.resolve({ routes: 1, listeners: 1, manifests: 0, diagnostics: [] });
    };
    const flags = ["--bind", "127.0.0.1", "--tcp-host", "db.example", "--cluster-domain", "cluster.local"];
    expect((await runCli(["check", good, ...flags], { replacements: { loadRoutes } })).code).toBe(0);
    const tcpHosts = new Map([["db.example", undefined]]);
    expect(told).toEqual([["127.0.0.1"], { tcpHosts, tcpPorts: DEFAULT_TCP_PORTS, clusterDomain: "cluster.local" }]);
  });

  test("knows whether there is a geo database, and refuses one that cannot be read", async () => {
    const asks = join(directory, "asks");
    await mkdir(asks);
    const policy = "on_tcp_connect: [{expressions: [\"conn.geo.city == 'x'\"], actions: [{type: deny}]}]";
    await writeFile(join(asks, "a.yaml"), `${GOOD}policy: {${policy}}\n`);
    const database = join(directory, "city.mmdb");
    await writeFile(database, CITY);
    const without = await runCli(["check", asks]);
    expect(without).toMatchObject({ code: 0, out: expect.stringContaining("notice policy/no-geo") });
    const found = await runCli(["check", asks, "--geo-db", database]);
    expect(found).toMatchObject({ code: 0, out: "Valid: 1 route on 1 listener\n" });
    const wrong = await runCli(["check", asks], { env: { SALLYPORT_GEO_DB: join(asks, "a.yaml") } });
    expect(wrong).toMatchObject({ code: 2, out: "", err: expect.stringContaining("Cannot use") });
  });

  test("documents of the other dialects are something", async () => {
    const manifests = join(directory, "manifests");
    await mkdir(manifests);
    const service = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 5432}]}\n";
    await writeFile(join(manifests, "service.yaml"), service);
    expect(await runCli(["check", manifests])).toMatchObject({ code: 0, err: "" });
    await writeFile(join(manifests, "service.yaml"), service.replace("5432", "0"));
    expect((await runCli(["check", manifests])).code).toBe(2);
  });

  test("warnings are valid", async () => {
    const { code, out } = await runCli(["check", good], { replacements: { loadRoutes: saying([DIAGNOSTIC]) } });
    expect(code).toBe(0);
    expect(out).toBe(
      "a,b.yaml:3:5 warning route/odd This is 100% odd (Leave it out)\nValid: 1 route on 1 listener, 1 warning\n",
    );
  });

  test("JSON carries everything", async () => {
    for (const flags of [["--json"], ["--format", "json"]]) {
      const { out } = await runCli(["check", good, ...flags], { replacements: { loadRoutes: saying([DIAGNOSTIC]) } });
      expect(JSON.parse(out)).toEqual({ valid: true, routes: 1, listeners: 1, diagnostics: [DIAGNOSTIC] });
    }
  });

  test("GitHub annotations are escaped", async () => {
    const whole: Diagnostic = { ...DIAGNOSTIC, line: 0, column: 0, severity: "error", message: "a\nb" };
    const loadRoutes = saying([DIAGNOSTIC, whole]);
    const { code, out } = await runCli(["check", good, "--format", "github"], { replacements: { loadRoutes } });
    expect(code).toBe(2);
    expect(out.split("\n").slice(0, 2)).toEqual([
      "::warning file=a%2Cb.yaml,line=3,col=5,title=route/odd::This is 100%25 odd (Leave it out)",
      "::error file=a%2Cb.yaml,title=route/odd::a%0Ab (Leave it out)",
    ]);
  });

  test("colours are for terminals", async () => {
    expect((await runCli(["check", good], { terminal: true })).out).toContain("\u001b[32m");
    expect((await runCli(["check", good, "--json"], { terminal: true })).out).not.toContain("\u001b");
  });
});
