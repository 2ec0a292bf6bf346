// The shape that scripts for ngrok's API know: facts from its documentation, version 2.

import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../src/base/gateway-error.ts";
import { testAdmin, type TestAdmin } from "../support/admin-request.ts";
import { fakeView, sampleAddress } from "../support/admin-view.ts";
import { at } from "../support/json-schema.ts";

const HEADERS = { "content-type": "application/json", "ngrok-version": "2" };
const PATH = "/reserved_addrs";
/** Of the tests' requests. */
const BASE = "http://localhost";

const SHOWN = {
  id: "ra_2",
  uri: `${BASE}${PATH}/ra_2`,
  created_at: "2026-01-02T12:00:00Z",
  description: "Number 20002",
  metadata: '{"owner":"orders"}',
  addr: "localhost:20002",
  region: "us",
  endpoint_configuration: null,
};

/** Status and code of an error in ngrok's form, and its message. */
async function errorOf(answer: Promise<Response>): Promise<readonly [string, unknown]> {
  const response = await answer;
  const body = at(await response.json());
  expect(Object.keys(body)).toEqual(["error_code", "status_code", "msg", "details"]);
  expect(body["status_code"]).toBe(response.status);
  for (const detail of Object.values(at(body["details"]))) expect(detail).toBeString();
  return [`${response.status} ${String(body["error_code"])}`, body["msg"]];
}

async function page(admin: TestAdmin, uri: string): Promise<{ ids: readonly unknown[]; next: unknown; uri: unknown }> {
  const url = new URL(uri, BASE);
  const body = at(await (await admin.ask(`GET ${url.pathname}${url.search}`, HEADERS)).json());
  const list = Array.isArray(body["reserved_addrs"]) ? body["reserved_addrs"] : [];
  return { ids: list.map((item) => at(item)["id"]), next: body["next_page_uri"], uri: body["uri"] };
}

describe("in the shape of ngrok's API", () => {
  test("an address is reserved, shown, changed and deleted", async () => {
    const view = fakeView();
    const admin = testAdmin(view);
    const body = '{"description":"d","metadata":"m","region":"eu"}';
    const created = await admin.order(`POST ${PATH}`, HEADERS, body);
    const made = { ...SHOWN, id: "ra_3", uri: `${BASE}${PATH}/ra_3`, addr: "localhost:20003" };
    expect([created.status, await created.json()]).toEqual([201, { ...made, description: "d", metadata: "m" }]);
    expect(await (await admin.ask(`GET ${PATH}/ra_2`, HEADERS)).json()).toEqual(SHOWN);
    const changed = await admin.order(`PATCH ${PATH}/ra_2`, HEADERS, '{"description":"x"}');
    expect([changed.status, await changed.json()]).toEqual([200, { ...SHOWN, description: "x" }]);
    const deleted = await admin.order(`DELETE ${PATH}/ra_2`, HEADERS);
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    expect(view.calls).toEqual([
      ["createAddress", { description: "d", metadata: "m" }],
      ["updateAddress", "ra_2", { description: "x" }],
      ["deleteAddress", "ra_2"],
    ]);
  });

  test("a list is read to its end by next_page_uri", async () => {
    const addresses = [5, 4, 3, 2, 1].map((number) => sampleAddress(`ra_${number}`, 20_000 + number));
    const admin = testAdmin(fakeView({ addresses: async () => addresses }));
    const seen: unknown[] = [];
    let uri: unknown = `${PATH}?limit=2`;
    while (typeof uri === "string") {
      const read = await page(admin, uri);
      expect(read.uri).toBe(`${BASE}${PATH}`);
      seen.push(read.ids);
      uri = read.next;
    }
    expect(seen).toEqual([["ra_5", "ra_4"], ["ra_3", "ra_2"], ["ra_1"]]);
    expect((await page(admin, `${PATH}?limit=2`)).next).toBe(`${BASE}${PATH}?before_id=ra_4&limit=2`);
  });

  test("a filter holds on every page", async () => {
    const addresses = [5, 4, 3, 2, 1].map((number) => sampleAddress(`ra_${number}`, 20_000 + (number % 2)));
    const admin = testAdmin(fakeView({ addresses: async () => addresses }));
    const filter = encodeURIComponent('obj.addr == "localhost:20001" && obj.description.contains("Number")');
    const first = await page(admin, `${PATH}?limit=2&filter=${filter}`);
    expect(first.ids).toEqual(["ra_5", "ra_3"]);
    const second = await page(admin, String(first.next));
    expect([second.ids, second.next]).toEqual([["ra_1"], null]);
  });

  test("a filter that is not understood is refused: nobody gets more than was meant", async () => {
    const filter = encodeURIComponent('obj.addr == "a" || true');
    const [code, message] = await errorOf(testAdmin().ask(`GET ${PATH}?filter=${filter}`));
    expect(code).toBe("400 invalid-parameter");
    expect(message).toStartWith('Cannot use "filter": cannot read it from character 16 on; wanted is ');
  });

  test.each(["limit=0", "before_id=", "after=ra_1", "filter=a&filter=b"])(
    "a list with %s is refused",
    async (query) => {
      const [code] = await errorOf(testAdmin().ask(`GET ${PATH}?${query}`));
      expect(code).toBe("400 invalid-parameter");
    },
  );

  test.each(["GET", "PATCH", "DELETE"])("what is not there is told as ngrok tells it, by %s", async (method) => {
    const body = method === "PATCH" ? '{"metadata":"x"}' : undefined;
    const [code] = await errorOf(testAdmin().order(`${method} ${PATH}/ra_9`, HEADERS, body));
    expect(code).toBe("404 ERR_NGROK_7113");
  });

  test("a change of nothing is told as ngrok tells it", async () => {
    const view = fakeView();
    const [code] = await errorOf(testAdmin(view).order(`PATCH ${PATH}/ra_2`, HEADERS, "{}"));
    expect([code, view.calls]).toEqual(["400 ERR_NGROK_506", []]);
  });

  test("a range without a free port is told as ngrok tells it", async () => {
    const view = fakeView({
      createAddress: async () => ({ refusal: { code: "range-full", message: "All ports are taken" } }),
    });
    const found = await errorOf(testAdmin(view).order(`POST ${PATH}`, HEADERS, "{}"));
    expect(found).toEqual(["409 ERR_NGROK_503", "All ports are taken"]);
  });

  test.each([
    ["POST", "[]"],
    ["POST", '{"description":5}'],
    ["POST", '{"port":20000}'],
    ["POST", `{"region":1}`],
    ["PATCH", '{"region":"eu"}'],
    ["PATCH", JSON.stringify({ metadata: "a".repeat(4097) })],
  ])("%s with %.40s is a bad request that names the field", async (method, body) => {
    const line = method === "POST" ? `POST ${PATH}` : `PATCH ${PATH}/ra_2`;
    const view = fakeView();
    const [code, message] = await errorOf(testAdmin(view).order(line, HEADERS, body));
    expect([code, view.calls]).toEqual(["400 body-invalid", []]);
    expect(message).toStartWith("Cannot use the body: ");
  });

  test.each([
    ["401 unauthorized", `POST ${PATH}`, { host: "127.0.0.1" }],
    ["403 host-not-allowed", `GET ${PATH}`, { host: "evil.test" }],
    ["405 method-not-allowed", `PUT ${PATH}`, { authorization: "Bearer test-token-0123456789" }],
    ["404 not-found", `GET ${PATH}/ra_2/more`, {}],
    ["400 unsupported-version", `GET ${PATH}`, { "ngrok-version": "3" }],
  ])("even what is refused before (%s) has that form", async (wanted, line, headers) => {
    const [code] = await errorOf(testAdmin().ask(line, headers, line.startsWith("POST") ? "{}" : undefined));
    expect(code).toBe(wanted);
  });

  test("a failure has that form too, and is in the log", async () => {
    const view = fakeView({
      addresses: () => Promise.reject(new GatewayError("state/io", "The disk reported an error")),
    });
    const admin = testAdmin(view);
    expect(await errorOf(admin.ask(`GET ${PATH}`))).toEqual(["503 state/io", "The disk reported an error"]);
    expect(admin.errors).toHaveLength(1);
  });

  test("a client that does not say a version, or only accepts JSON, is answered", async () => {
    const answer = await testAdmin().ask(`GET ${PATH}/ra_2`, { accept: "application/json" });
    expect(await answer.json()).toEqual(SHOWN);
  });
});
