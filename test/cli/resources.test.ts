import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { runCli } from "../support/cli.ts";
import { type FakeAdmin, startFakeAdmin } from "../support/fake-admin.ts";
import { condition, parentStatus } from "../support/resource-status.ts";

const GOOD = [condition("Accepted"), condition("ResolvedRefs"), condition("Programmed")];
const BAD = [condition("Accepted"), condition("ResolvedRefs", "False", "BackendNotFound", 'There is no Service "db"')];

function resource(kind: string, namespace: string, name: string, status?: object) {
  const creationTimestamp = new Date(Date.now() - 3_725_000).toISOString();
  const metadata = { name, ...(namespace === "" ? {} : { namespace }), generation: 3, creationTimestamp };
  return { apiVersion: "v1", kind, metadata, ...(status === undefined ? {} : { status }) };
}

const CLASS = resource("GatewayClass", "", "sallyport", { conditions: [condition("Accepted")] });
const GATEWAY = resource("Gateway", "default", "front", { addresses: [{ value: "10.0.0.1" }], conditions: GOOD });
const ROUTE = resource("TCPRoute", "default", "orders", {
  parents: [parentStatus({ name: "front", sectionName: "tcp" }, GOOD), parentStatus({ name: "back" }, BAD)],
});
const SERVICE = resource("Service", "default", "db");

function admin(items: readonly object[]): FakeAdmin {
  return startFakeAdmin({ "GET /api/v1/resources": { items, next: null } });
}

/** What the command asks for, with an answer of one route. */
async function askedBy(...argv: readonly string[]): Promise<string> {
  using gateway = admin([ROUTE]);
  const { code, err } = await runCli(["resources", ...argv, "--admin", gateway.address]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return gateway.asked.join("\n").replace("GET /api/v1/resources?", "");
}

async function refusal(...argv: readonly string[]): Promise<{ code: number; err: string }> {
  using gateway = admin([]);
  const { code, out, err } = await runCli(["resources", ...argv, "--admin", gateway.address]);
  expect(out).toBe("");
  return { code, err };
}

describe("the table of resources", () => {
  test("has a line for each, with what became of it", async () => {
    using gateway = admin([CLASS, GATEWAY, ROUTE, SERVICE]);
    const { code, out } = await runCli(["resources", "--admin", gateway.address]);
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^NAMESPACE +KIND +NAME +STATUS +AGE$/);
    expect(lines[1]).toMatch(/^- +GatewayClass +sallyport +Accepted +1h 2m$/);
    expect(lines[2]).toMatch(/^default +Gateway +front +Programmed +1h 2m$/);
    expect(lines[3]).toMatch(
      /^default +TCPRoute +orders +front\[tcp\] Programmed; back False: BackendNotFound +1h 2m$/,
    );
    expect(lines[4]).toMatch(/^default +Service +db +- +1h 2m$/);
  });

  test("has a line for each parent when it is wide, with generation and what is wrong", async () => {
    using gateway = admin([GATEWAY, ROUTE]);
    const { out } = await runCli(["resources", "-o", "wide", "--admin", gateway.address]);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/ AGE +PARENT\/ADDRESS +GENERATION +MESSAGE$/);
    expect(lines[1]).toMatch(/ front +Programmed +1h 2m +10\.0\.0\.1 +3$/);
    expect(lines[2]).toMatch(/ orders +Programmed +1h 2m +front\[tcp\] +3$/);
    expect(lines[3]).toMatch(/ orders +False: BackendNotFound +1h 2m +back +3 +There is no Service "db"$/);
  });

  test("has colours on a terminal", async () => {
    using gateway = admin([CLASS, ROUTE, resource("TCPRoute", "a", "b", { parents: [] })]);
    const { out } = await runCli(["resources", "--admin", gateway.address], { terminal: true });
    expect(out).toContain("\u001b[32mAccepted\u001b[0m");
    expect(out).toContain("\u001b[33mfront[tcp] Programmed; back False: BackendNotFound\u001b[0m");
    expect(out).toContain("\u001b[31mNot attached\u001b[0m");
  });

  test("says when there are none, of what was asked for", async () => {
    using gateway = admin([]);
    const said = async (...argv: string[]) => (await runCli(["resources", ...argv, "--admin", gateway.address])).out;
    expect(await said()).toBe("There are no resources\n");
    expect(await said("gtw", "-n", "a")).toBe('There are no resources of kind Gateway in namespace "a"\n');
    expect(await said("-n", "-")).toBe("There are no resources without a namespace\n");
  });

  test("does not crash on a gateway that leaves everything out, or says something else", async () => {
    for (const answer of [{ items: [{}] }, {}, { items: [null, 3, { kind: 7, metadata: [], status: "x" }] }]) {
      using gateway = startFakeAdmin({ "GET /api/v1/resources": answer });
      expect((await runCli(["resources", "-o", "wide", "--admin", gateway.address])).code).toBe(0);
    }
  });
});

describe("what is asked for", () => {
  test.each([
    [[], "limit=1000"],
    [["-A"], "limit=1000"],
    [["tcproutes"], "kind=TCPRoute&limit=1000"],
    [["GTW", "-n", "a"], "kind=Gateway&namespace=a&limit=1000"],
    [["tcproute", "orders"], "kind=TCPRoute&name=orders&limit=1000"],
    [["tcproute/orders", "--namespace", "default"], "kind=TCPRoute&namespace=default&name=orders&limit=1000"],
  ])("by %j is %s", async (argv, wanted) => {
    expect(await askedBy(...argv)).toBe(wanted);
  });

  test.each([
    [["pods"], 'There is no kind of resource called "pods": there are GatewayClass, '],
    [["gatway"], "did you mean Gateway?"],
    [["gtw/a", "b"], 'Cannot use a name twice: give "gtw/a" or "gtw b"'],
    [["gtw/"], "Cannot list by an empty name"],
    [["-n", ""], "Cannot list an empty namespace"],
    [["-n", "a", "-A"], "Cannot list one namespace and all of them"],
    [["--json", "-o", "yaml"], "Cannot print both JSON and yaml"],
    [["-o", "xml"], "Allowed choices are wide, yaml, json"],
  ])("by %j is refused", async (argv, message) => {
    const { code, err } = await refusal(...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test.each([
    [["gtw/none"], 'There is no Gateway "none"; see `sallyport resources`\n'],
    [["gc", "none", "-n", "-"], 'There is no GatewayClass "none" without a namespace; see `sallyport resources`\n'],
    [
      ["svc", "none", "-n", "a", "-o", "yaml"],
      'There is no Service "none" in namespace "a"; see `sallyport resources`\n',
    ],
  ])("and not there (%j) exits 1", async (argv, message) => {
    expect(await refusal(...argv)).toEqual({ code: 1, err: message });
  });
});

describe("whole objects", () => {
  test("are a list in the shape that kubectl gives it, as YAML and as JSON", async () => {
    using gateway = admin([GATEWAY, ROUTE]);
    const list: unknown = { apiVersion: "v1", kind: "List", items: [GATEWAY, ROUTE] };
    const yaml = await runCli(["resources", "-o", "yaml", "--admin", gateway.address]);
    expect(parse(yaml.out)).toEqual(list);
    const json = await runCli(["resources", "-o", "json", "--admin", gateway.address]);
    expect(JSON.parse(json.out)).toEqual(list);
  });

  test("are one object when one was named", async () => {
    using gateway = admin([GATEWAY]);
    const { out } = await runCli(["resources", "gtw/front", "-o", "yaml", "--admin", gateway.address]);
    expect(out).toStartWith("apiVersion: v1\nkind: Gateway\nmetadata:\n  name: front\n");
    const unnamed = await runCli(["resources", "gtw", "-o", "json", "--admin", gateway.address]);
    expect(JSON.parse(unnamed.out)).toMatchObject({ kind: "List", items: [GATEWAY] });
  });

  test("are what every other list is with --json", async () => {
    using gateway = admin([GATEWAY]);
    const { out } = await runCli(["resources", "--json", "--admin", gateway.address]);
    expect(JSON.parse(out)).toEqual({ items: [GATEWAY], next: null });
  });
});

/** What `status` prints for these counts. */
async function statusWith(resources?: object): Promise<string> {
  using gateway = startFakeAdmin({ "GET /api/v1/status": { resources }, "GET /readyz": { ready: true } });
  return (await runCli(["status", "--admin", gateway.address])).out;
}

test("status counts resources where there are some", async () => {
  expect(await statusWith({ total: 12, notReady: 2 })).toContain("Resources     12, of which 2 with something wrong\n");
  for (const none of [{ total: 0, notReady: 0 }, undefined]) expect(await statusWith(none)).not.toContain("Resources");
});
