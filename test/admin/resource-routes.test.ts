import { describe, expect, test } from "bun:test";
import type { ResourceObject } from "../../src/admin/resource-object.ts";
import { kindLike, kindNamed, RESOURCE_KINDS } from "../../src/admin/resource-kinds.ts";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import { fakeView, sampleResource } from "../support/admin-view.ts";
import { at } from "../support/json-schema.ts";

const RESOURCES: readonly ResourceObject[] = [
  sampleResource("Service", "b", "db"),
  sampleResource("TCPRoute", "b", "orders"),
  sampleResource("TCPRoute", "a", "zoo", { parents: [] }),
  sampleResource("TCPRoute", "a", "bar"),
  sampleResource("GatewayClass", "", "sallyport"),
  sampleResource("Gateway", "a", "front"),
];

function adminWith(resources: readonly ResourceObject[]) {
  return testAdmin(fakeView({ resources: async () => resources }));
}

async function page(query: string, resources = RESOURCES): Promise<{ names: string[]; next: unknown }> {
  const body = at(await (await adminWith(resources).ask(`GET /api/v1/resources${query}`)).json());
  const items = Array.isArray(body["items"]) ? body["items"].map((item) => at(item)) : [];
  const names = items.map((item) => {
    const { namespace = "", name } = at(item, "metadata");
    return `${String(item["kind"])} ${String(namespace)}/${String(name)}`;
  });
  return { names, next: body["next"] };
}

describe("the list of resources", () => {
  test("is by kind, what others hang on first, then by namespace and name", async () => {
    expect(await page("")).toEqual({
      names: [
        "GatewayClass /sallyport",
        "Gateway a/front",
        "TCPRoute a/bar",
        "TCPRoute a/zoo",
        "TCPRoute b/orders",
        "Service b/db",
      ],
      next: null,
    });
  });

  test.each([
    ["?kind=TCPRoute&namespace=a", ["TCPRoute a/bar", "TCPRoute a/zoo"]],
    ["?kind=tcproutes&name=orders", ["TCPRoute b/orders"]],
    ["?kind=svc", ["Service b/db"]],
    ["?namespace=-", ["GatewayClass /sallyport"]],
    ["?namespace=b", ["TCPRoute b/orders", "Service b/db"]],
    ["?name=none", []],
    ["?kind=cm", []],
  ])("with %j is what matches", async (query, wanted) => {
    expect((await page(query)).names).toEqual(wanted);
  });

  test.each([1, 2, 3, 5, 6])("is the same in pages of %i", async (limit) => {
    const names: string[] = [];
    let after = "";
    for (;;) {
      const one = await page(`?limit=${limit}${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`);
      names.push(...one.names);
      if (one.next === null) break;
      expect(one.names).toHaveLength(limit);
      after = String(one.next);
    }
    expect(names).toEqual((await page("")).names);
  });

  test("goes on after a resource that is gone meanwhile", async () => {
    const { next } = await page("?limit=3");
    const rest = RESOURCES.filter(({ metadata }) => metadata.name !== "bar");
    expect((await page(`?limit=3&after=${encodeURIComponent(String(next))}`, rest)).names).toEqual([
      "TCPRoute a/zoo",
      "TCPRoute b/orders",
      "Service b/db",
    ]);
  });

  test("is that of the view at the time", async () => {
    let resources = RESOURCES;
    const admin = testAdmin(fakeView({ resources: async () => resources }));
    await admin.ask("GET /api/v1/resources");
    resources = [sampleResource("Gateway", "a", "other")];
    const body = at(await (await admin.ask("GET /api/v1/resources")).json());
    expect(body["items"]).toEqual(resources);
  });

  test.each(["kind=Pod", "kind=", "kinds=svc", "namespace=", "limit=0", "limit=1001", "after=x", "after=a/b/c/d"])(
    "with %s is refused",
    async (query) => {
      expect(await refusalOf(adminWith(RESOURCES).ask(`GET /api/v1/resources?${query}`))).toBe("400 invalid-parameter");
    },
  );
});

describe("one resource", () => {
  test.each(["TCPRoute/a/zoo", "tcproute/a/zoo", "TCPROUTES/a/zoo", "tcproutes.gateway.networking.k8s.io/a/zoo"])(
    "is found as %s",
    async (path) => {
      const answer = await adminWith(RESOURCES).ask(`GET /api/v1/resources/${path}`);
      const wanted: unknown = RESOURCES[2];
      expect([answer.status, await answer.json()]).toEqual([200, wanted]);
    },
  );

  test("that is in no namespace is found with a dash", async () => {
    expect((await adminWith(RESOURCES).ask("GET /api/v1/resources/gc/-/sallyport")).status).toBe(200);
    expect((await adminWith(RESOURCES).ask("GET /api/v1/resources/gc/default/sallyport")).status).toBe(404);
  });

  test.each([
    ["tcproutes/a/none", "There is no TCPRoute with this namespace and name: there is a/bar, a/zoo, b/orders"],
    ["gc/a/none", "There is no GatewayClass with this namespace and name: there is -/sallyport"],
    ["cm/a/none", "There is no ConfigMap with this namespace and name: there is none at all"],
    ["tcprotes/a/zoo", "There is no such kind of resource: did you mean TCPRoute?"],
    ["pods/a/zoo", `There is no such kind of resource: there are ${RESOURCE_KINDS.join(", ")}`],
  ])("that is not there (%s) is refused with what is there", async (path, message) => {
    const admin = adminWith(RESOURCES);
    expect(await refusalOf(admin.ask(`GET /api/v1/resources/${path}`))).toBe("404 resource-not-found");
    const body = await (await admin.ask(`GET /api/v1/resources/${path}`)).json();
    expect(at(body, "error")["message"]).toBe(message);
  });

  test("that is not there among very many is refused with a few", async () => {
    const many = Array.from({ length: 500 }, (_, index) => sampleResource("Service", "a", `s${1000 + index}`));
    const error = at(await (await adminWith(many).ask("GET /api/v1/resources/svc/a/x")).json(), "error");
    expect(error["message"]).toEndWith("a/s1019 and 480 more");
  });
});

test("no name means two kinds, and every kind is found by its own", () => {
  const others = ["gateways", "gtw", "gw", "gc", "svc", "cm", "ns", "ep", "btlspolicy", "lset", "refgrant"];
  for (const kind of RESOURCE_KINDS) {
    expect([kindNamed(kind), kindNamed(kind.toUpperCase())]).toEqual([kind, kind]);
  }
  expect(others.map(kindNamed)).not.toContain(undefined);
  expect(["", "pod", "__proto__", "constructor"].map(kindNamed)).toEqual([undefined, undefined, undefined, undefined]);
  expect(kindLike("gatway")).toBe("Gateway");
});
