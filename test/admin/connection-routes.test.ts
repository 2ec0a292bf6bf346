import { describe, expect, test } from "bun:test";
import type { ConnectionFilter } from "../../src/engine/snapshot.ts";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import { fakeView, sampleConnection } from "../support/admin-view.ts";
import { at } from "../support/json-schema.ts";

const MANY = Array.from({ length: 2500 }, (_, index) => sampleConnection(index));

/** As much of a page as the tests look at. */
async function pageOf(answer: Promise<Response>): Promise<{ items: unknown[]; ids: string[]; next: string | null }> {
  const response = await answer;
  expect(response.status).toBe(200);
  const { items, next } = at(await response.json());
  if (!Array.isArray(items) || (next !== null && typeof next !== "string")) throw new Error("Not a page");
  return { items, ids: items.map((item) => String(at(item)["id"])), next };
}

test("the list comes in pages that cover every connection once", async () => {
  const admin = testAdmin(fakeView({}, MANY));
  const ids: string[] = [];
  let after = "";
  for (let pages = 0; pages < 4; pages++) {
    const { ids: page, next } = await pageOf(admin.ask(`GET /api/v1/connections?limit=1000${after}`));
    ids.push(...page);
    if (next === null) break;
    after = `&after=${next}`;
  }
  expect(ids).toEqual(MANY.map(({ id }) => id));
});

test("a page has 100 connections unless told otherwise", async () => {
  const admin = testAdmin(fakeView({}, MANY));
  expect((await pageOf(admin.ask("GET /api/v1/connections"))).items).toHaveLength(100);
  expect((await pageOf(admin.ask("GET /api/v1/connections?limit=7"))).items).toHaveLength(7);
});

test("there is no next page after one that is exactly full", async () => {
  const admin = testAdmin(fakeView({}, MANY.slice(0, 100)));
  const { items, next } = await pageOf(admin.ask("GET /api/v1/connections"));
  expect([items.length, next]).toEqual([100, null]);
  expect(await pageOf(testAdmin(fakeView({}, [])).ask("GET /api/v1/connections"))).toEqual({
    items: [],
    ids: [],
    next: null,
  });
});

test.each<[string, ConnectionFilter]>([
  ["", {}],
  ["route=orders-db", { route: "orders-db" }],
  ["route=a%20%C3%A9%26&backend=%5B::1%5D:80", { route: "a é&", backend: "[::1]:80" }],
  ["source=10.0.0.1", { source: "10.0.0.1" }],
  ["source=10.0.0.0/8", { source: "10.0.0.0/8" }],
  ["source=2001:db8::/32", { source: "2001:db8::/32" }],
  ["sni=db.example.com", { sni: "db.example.com" }],
  ["source=::ffff:10.0.0.1", { source: "::ffff:10.0.0.1" }],
])("the filter %s is understood, for the list and for killing", async (query, filter) => {
  const seen: ConnectionFilter[] = [];
  const admin = testAdmin(
    fakeView({
      connections: async (given) => {
        seen.push(given);
        return [];
      },
      killWhere: async (given) => {
        seen.push(given);
        return 3;
      },
    }),
  );
  await admin.ask(`GET /api/v1/connections?${query}`);
  expect(seen).toEqual([filter]);
  if (query === "") return;
  expect(await (await admin.order(`DELETE /api/v1/connections?${query}`)).json()).toEqual({ killed: 3 });
  expect(seen).toEqual([filter, filter]);
});

describe.each([
  ["rout=a"],
  ["route="],
  ["route=a&route=b"],
  ["route=a&source="],
  ["source=example.com"],
  ["source=10.0.0.0/33"],
  ["source=10.0.0"],
  ["sni="],
  ["sni=*.example.com"],
  ["sni=10.0.0.1"],
  ["source=::/129"],
  ["source=10.0.0.0/8/8"],
  ["source=fe80::1%25eth0"],
  ["backend=a&extra=1"],
  ["__proto__=a"],
  [`route=${"x".repeat(513)}`],
])("the filter %s", (query) => {
  test("is refused for the list", async () => {
    expect(await refusalOf(testAdmin().ask(`GET /api/v1/connections?${query}`))).toBe("400 invalid-parameter");
  });

  test("kills nothing", async () => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view).order(`DELETE /api/v1/connections?${query}`))).toBe("400 invalid-parameter");
    expect(view.calls).toEqual([]);
  });
});

test("a refusal names every parameter that is wrong", async () => {
  const answer = await testAdmin().ask("GET /api/v1/connections?source=x&limit=0&foo=1");
  const error = at(await answer.json(), "error");
  expect(error["details"]).toEqual({
    parameters: [
      { parameter: "source", message: "must be an IP address or a CIDR" },
      { parameter: "limit", message: "must be a number from 1 to 1000" },
      { parameter: "foo", message: "is not a parameter of this request" },
    ],
  });
  expect(error["message"]).toContain('"source" must be an IP address or a CIDR');
});

test.each(["0", "1001", "-1", "1.5", "1e2", "", "abc", "99999", "NaN", "0x10"])(
  "the limit %j is refused",
  async (limit) => {
    expect(await refusalOf(testAdmin().ask(`GET /api/v1/connections?limit=${limit}`))).toBe("400 invalid-parameter");
  },
);

test("killing without any filter is refused", async () => {
  const view = fakeView();
  expect(await refusalOf(testAdmin(view).order("DELETE /api/v1/connections"))).toBe("400 filter-required");
  expect(await refusalOf(testAdmin(view).order("DELETE /api/v1/connections?"))).toBe("400 filter-required");
  expect(await refusalOf(testAdmin(view).order("DELETE /api/v1/connections?limit=5"))).toBe("400 invalid-parameter");
  expect(view.calls).toEqual([]);
});

test("one connection is killed by its id", async () => {
  const view = fakeView();
  const admin = testAdmin(view);
  expect(await (await admin.order("DELETE /api/v1/connections/c000001")).json()).toEqual({ killed: 1 });
  expect(await refusalOf(admin.order("DELETE /api/v1/connections/none"))).toBe("404 connection-not-found");
  expect(await refusalOf(admin.order("DELETE /api/v1/connections/..%2F.."))).toBe("404 connection-not-found");
  expect(view.calls).toEqual([
    ["kill", "c000001"],
    ["kill", "none"],
    ["kill", "../.."],
  ]);
});
