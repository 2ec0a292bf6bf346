import { describe, expect, test } from "bun:test";
import type { AddressRefusal } from "../../src/admin/address.ts";
import { GatewayError } from "../../src/base/gateway-error.ts";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import { fakeView, SAMPLE_ADDRESSES, sampleAddress } from "../support/admin-view.ts";
import { at } from "../support/json-schema.ts";

const JSON_TYPE = { "content-type": "application/json" };
const LIST = "/api/v1/addresses";

async function idsOf(query: string): Promise<readonly unknown[]> {
  const body = at(await (await testAdmin().ask(`GET ${LIST}${query}`)).json());
  const items = Array.isArray(body["items"]) ? body["items"].map((item) => at(item)["id"]) : [];
  return [...items, body["next"]];
}

describe("the list of addresses", () => {
  test("shows them as they are, the newest first", async () => {
    const answer = await testAdmin().ask(`GET ${LIST}`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { items: JSON.parse(JSON.stringify(SAMPLE_ADDRESSES)), next: null },
    ]);
  });

  test.each([
    ["?limit=1", ["ra_2", "ra_2"]],
    ["?limit=1&after=ra_2", ["ra_1", null]],
    ["?after=ra_1", [null]],
    ["?after=ra_15", ["ra_1", null]],
    ["?limit=2", ["ra_2", "ra_1", null]],
    ["?addr=LOCALHOST:30001", ["ra_1", null]],
    ["?addr=localhost:1", [null]],
  ])("with %s is a page, whether or not the last one is there any more", async (query, wanted) => {
    expect(await idsOf(query)).toEqual(wanted);
  });

  test.each(["limit=0", "limit=1001", "after=", "addr=", "addr=a&addr=b", "port=20000"])(
    "with %s is refused",
    async (query) => {
      expect(await refusalOf(testAdmin().ask(`GET ${LIST}?${query}`))).toBe("400 invalid-parameter");
    },
  );
});

describe("reserving an address", () => {
  test.each([
    ["{}", {}],
    ['{"port":20000}', { port: 20_000 }],
    ['{"host":"localhost","port":1}', { host: "localhost", port: 1 }],
    ['{"description":"","metadata":"{}"}', { description: "", metadata: "{}" }],
    [JSON.stringify({ description: "é".repeat(255) }), { description: "é".repeat(255) }],
    [JSON.stringify({ metadata: "é".repeat(2048) }), { metadata: "é".repeat(2048) }],
  ])("by %.60s asks for just that", async (body, wish) => {
    const view = fakeView();
    const answer = await testAdmin(view).order(`POST ${LIST}`, JSON_TYPE, body);
    expect([answer.status, answer.headers.get("location")]).toEqual([201, `${LIST}/ra_3`]);
    expect(at(await answer.json())["addr"]).toStartWith("localhost:");
    expect(view.calls).toEqual([["createAddress", wish]]);
  });

  const PORT = "must be a whole number from 1 to 65535";
  test.each([
    ["null", "", "must be a JSON object"],
    ["[]", "", "must be a JSON object"],
    ["5", "", "must be a JSON object"],
    ['{"addr":"localhost:1"}', "addr", "is not a field of an address"],
    ['{"__proto__":1}', "__proto__", "is not a field of an address"],
    ['{"host":1}', "host", "must be a text"],
    ['{"port":"20000"}', "port", PORT],
    ['{"port":0}', "port", PORT],
    ['{"port":65536}', "port", PORT],
    ['{"port":1.5}', "port", PORT],
    ['{"description":null}', "description", "must be a text"],
    [JSON.stringify({ description: "a".repeat(256) }), "description", "must not be longer than 255 characters"],
    [JSON.stringify({ description: "a".repeat(9999) }), "description", "must not be longer than 255 characters"],
    ['{"metadata":{}}', "metadata", "must be a text"],
    [JSON.stringify({ metadata: "é".repeat(2049) }), "metadata", "must not be longer than 4096 bytes"],
    [JSON.stringify({ metadata: "a".repeat(4097) }), "metadata", "must not be longer than 4096 bytes"],
  ])("by %.60s is refused and says why", async (body, field, message) => {
    const view = fakeView();
    const answer = await testAdmin(view).order(`POST ${LIST}`, JSON_TYPE, body);
    expect(at(await answer.clone().json(), "error", "details")["fields"]).toEqual([{ field, message }]);
    expect(await refusalOf(answer)).toBe("422 body-invalid");
    expect(view.calls).toEqual([]);
  });

  test("without a body is refused: nobody gets an address by mistake", async () => {
    expect(await refusalOf(testAdmin().order(`POST ${LIST}`, JSON_TYPE))).toBe("400 body-not-json");
  });

  test("that somebody has is a conflict that says who", async () => {
    const answer = await testAdmin().order(`POST ${LIST}`, JSON_TYPE, '{"port":20002}');
    const error = at(await answer.clone().json(), "error");
    expect(error["message"]).toBe("localhost:20002 is taken: address ra_2 has it");
    expect(error["details"]).toEqual({ holder: "address ra_2" });
    expect(await refusalOf(answer)).toBe("409 address-taken");
  });

  test.each<[AddressRefusal["code"], number]>([
    ["unknown-host", 422],
    ["port-out-of-range", 422],
    ["range-full", 409],
  ])("that cannot be had (%s) is refused with %i", async (code, status) => {
    const view = fakeView({ createAddress: async () => ({ refusal: { code, message: "It cannot be" } }) });
    expect(await refusalOf(testAdmin(view).order(`POST ${LIST}`, JSON_TYPE, "{}"))).toBe(`${status} ${code}`);
  });

  test("while the state file cannot be written says so", async () => {
    const view = fakeView({
      createAddress: () => Promise.reject(new GatewayError("state/full", "The disk is full")),
    });
    expect(await refusalOf(testAdmin(view).order(`POST ${LIST}`, JSON_TYPE, "{}"))).toBe("507 state/full");
  });
});

describe("one address", () => {
  test("is shown, changed and deleted by its id", async () => {
    const view = fakeView();
    const admin = testAdmin(view);
    const address = JSON.parse(JSON.stringify(sampleAddress("ra_2", 20_002)));
    expect(await (await admin.ask(`GET ${LIST}/ra_2`)).json()).toEqual(address);
    const changed = await admin.order(`PATCH ${LIST}/ra_2`, JSON_TYPE, '{"metadata":"x"}');
    expect([changed.status, await changed.json()]).toEqual([200, { ...address, metadata: "x" }]);
    const deleted = await admin.order(`DELETE ${LIST}/ra_2`);
    expect([deleted.status, await deleted.json()]).toEqual([200, address]);
    expect(view.calls).toEqual([
      ["updateAddress", "ra_2", { metadata: "x" }],
      ["deleteAddress", "ra_2"],
    ]);
  });

  test.each(["GET", "PATCH", "DELETE"])("that is not there is not found by %s", async (method) => {
    const body = method === "PATCH" ? '{"metadata":"x"}' : undefined;
    const answer = testAdmin().order(`${method} ${LIST}/ra_9`, body === undefined ? {} : JSON_TYPE, body);
    expect(await refusalOf(answer)).toBe("404 address-not-found");
  });

  test.each([
    ["{}", "must have description, metadata or both"],
    ['{"port":1}', "is not a field of an address"],
    ['{"description":5}', "must be a text"],
  ])("cannot be changed by %s", async (body, message) => {
    const view = fakeView();
    const answer = await testAdmin(view).order(`PATCH ${LIST}/ra_2`, JSON_TYPE, body);
    expect(at(await answer.clone().json(), "error")["message"]).toContain(message);
    expect(await refusalOf(answer)).toBe("422 body-invalid");
    expect(view.calls).toEqual([]);
  });
});

test.each([`POST ${LIST}`, `PATCH ${LIST}/ra_2`, `DELETE ${LIST}/ra_2`])("%s needs the token", async (line) => {
  const view = fakeView();
  expect(await refusalOf(testAdmin(view).ask(line, JSON_TYPE, "{}"))).toBe("401 unauthorized");
  expect(view.calls).toEqual([]);
});
