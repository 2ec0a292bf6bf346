import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../src/base/gateway-error.ts";
import type { OverrideChange } from "../../src/admin/view.ts";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import { fakeView, SAMPLE_ENGINE, sampleBackend } from "../support/admin-view.ts";
import { at } from "../support/json-schema.ts";

const BACKEND = "10.0.0.11:5432";
const JSON_TYPE = { "content-type": "application/json" };

const BACKENDS = [sampleBackend("a", "x:1"), sampleBackend("a", "y:1"), sampleBackend("b", "x:1")];

/** Sets something, and tells what the view was asked for. */
async function changed(query: string, body: string): Promise<unknown> {
  const view = fakeView();
  const answer = await testAdmin(view).order(`PATCH /api/v1/backends?${query}`, JSON_TYPE, body);
  expect(answer.status).toBe(200);
  return view.calls;
}

describe("the list of backends", () => {
  test.each([
    ["", ["a x:1", "a y:1", "b x:1"]],
    ["?route=a", ["a x:1", "a y:1"]],
    ["?backend=x:1", ["a x:1", "b x:1"]],
    ["?route=b&backend=x%3A1", ["b x:1"]],
    ["?route=b&backend=y:1", []],
  ])("with %j is what matches", async (query, wanted) => {
    const admin = testAdmin(fakeView({ engine: async () => ({ ...SAMPLE_ENGINE, backends: BACKENDS }) }));
    const body = at(await (await admin.ask(`GET /api/v1/backends${query}`)).json());
    const items = Array.isArray(body["items"]) ? body["items"].map((item) => at(item)) : [];
    expect(items.map(({ route, backend }) => `${String(route)} ${String(backend)}`)).toEqual(wanted);
    expect(body["next"]).toBeNull();
  });

  test.each(["rout=a", "route=", "route=a&route=b", "backend=", "state=up", "limit=5", "__proto__=a"])(
    "with %s is refused",
    async (query) => {
      expect(await refusalOf(testAdmin().ask(`GET /api/v1/backends?${query}`))).toBe("400 invalid-parameter");
    },
  );
});

describe("setting a backend", () => {
  test.each<[string, OverrideChange]>([
    ['{"weight":0}', { weight: 0 }],
    ['{"weight":1000000}', { weight: 1_000_000 }],
    ['{"weight":null}', { weight: null }],
    ['{"weight":"auto"}', { weight: null }],
    ['{"state":"up"}', { state: "up" }],
    ['{"state":"drain"}', { state: "drain" }],
    ['{"state":"down"}', { state: "down" }],
    ['{"state":"auto"}', { state: null }],
    ['{"state":null}', { state: null }],
    ['{"weight":5,"state":"drain"}', { weight: 5, state: "drain" }],
  ])("to %s asks for just that", async (body, change) => {
    expect(await changed(`backend=${BACKEND}`, body)).toEqual([["overrideBackends", { backend: BACKEND }, change]]);
  });

  test("may be for one route, and answers with the backends as they are then", async () => {
    const view = fakeView();
    const query = `route=orders-db&backend=${BACKEND}`;
    const answer = await testAdmin(view).order(`PATCH /api/v1/backends?${query}`, JSON_TYPE, '{"weight":1}');
    expect(view.calls).toEqual([["overrideBackends", { route: "orders-db", backend: BACKEND }, { weight: 1 }]]);
    const items = JSON.parse(JSON.stringify(SAMPLE_ENGINE.backends));
    expect([answer.status, await answer.json()]).toEqual([200, { items, next: null }]);
  });

  test("needs the token", async () => {
    const view = fakeView();
    const answer = testAdmin(view).ask(`PATCH /api/v1/backends?backend=${BACKEND}`, JSON_TYPE, '{"weight":1}');
    expect(await refusalOf(answer)).toBe("401 unauthorized");
    expect(view.calls).toEqual([]);
  });

  test("that no route has is refused and says where to look", async () => {
    const answer = await testAdmin().order("PATCH /api/v1/backends?backend=none:1", JSON_TYPE, '{"weight":1}');
    expect(at(await answer.clone().json(), "error")["message"]).toContain("GET /api/v1/backends");
    expect(await refusalOf(answer)).toBe("404 not-found");
  });

  test("that only what is stored has answers with no backend", async () => {
    const admin = testAdmin(fakeView({ overrideBackends: async () => [] }));
    const answer = await admin.order("PATCH /api/v1/backends?backend=gone:1", JSON_TYPE, '{"state":"auto"}');
    expect([answer.status, await answer.json()]).toEqual([200, { items: [], next: null }]);
  });

  test.each(["", "route=a", "backend=", "backend=a&backend=b", "backend=a&rout=b", "backend=a&source=10.0.0.1"])(
    "with the parameters %j is refused",
    async (query) => {
      const view = fakeView();
      const answer = testAdmin(view).order(`PATCH /api/v1/backends?${query}`, JSON_TYPE, '{"weight":1}');
      expect(await refusalOf(answer)).toBe("400 invalid-parameter");
      expect(view.calls).toEqual([]);
    },
  );

  test("without a backend says that it must be given", async () => {
    const answer = await testAdmin().order("PATCH /api/v1/backends?route=a&x=1", JSON_TYPE, '{"weight":1}');
    expect(at(await answer.json(), "error")["details"]).toEqual({
      parameters: [
        { parameter: "backend", message: "must be given" },
        { parameter: "x", message: "is not a parameter of this request" },
      ],
    });
  });

  test.each([
    ["{}", "", "must have weight, state or both"],
    ["[]", "", "must be a JSON object"],
    ["null", "", "must be a JSON object"],
    ["5", "", "must be a JSON object"],
    ['{"wieght":5}', "wieght", "is not a setting of a backend"],
    ['{"weight":5,"route":"a"}', "route", "is not a setting of a backend"],
    ['{"__proto__":5}', "__proto__", "is not a setting of a backend"],
    ['{"weight":-1}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"weight":1000001}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"weight":1.5}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"weight":1e999}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"weight":"5"}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"weight":[5]}', "weight", "must be a whole number from 0 to 1000000, auto or null"],
    ['{"state":"drained"}', "state", "must be one of up, drain, down and auto, or null"],
    ['{"state":true}', "state", "must be one of up, drain, down and auto, or null"],
  ])("to %s is refused and names the field", async (body, field, message) => {
    const view = fakeView();
    const answer = await testAdmin(view).order(`PATCH /api/v1/backends?backend=${BACKEND}`, JSON_TYPE, body);
    expect(at(await answer.clone().json(), "error")["details"]).toEqual({ fields: [{ field, message }] });
    expect(await refusalOf(answer)).toBe("422 body-invalid");
    expect(view.calls).toEqual([]);
  });

  test("names every field that is wrong", async () => {
    const answer = await testAdmin().order("PATCH /api/v1/backends?backend=a", JSON_TYPE, '{"weight":-1,"state":"x"}');
    expect(at(await answer.json(), "error")["message"]).toMatch(
      /^Cannot use the body: "weight" must .+; "state" must /,
    );
  });

  test.each([
    ["", "400 body-not-json"],
    ["weight=5", "400 body-not-json"],
    ['{"weight":5', "400 body-not-json"],
    ["{}".padEnd(64 * 1024 + 1), "413 body-too-large"],
    [new Uint8Array([0x22, 0xff, 0x22]), "400 body-not-utf8"],
  ])("to %j is refused", async (body, refusal) => {
    const view = fakeView();
    const answer = testAdmin(view).order(`PATCH /api/v1/backends?backend=${BACKEND}`, JSON_TYPE, body);
    expect(await refusalOf(answer)).toBe(refusal);
    expect(view.calls).toEqual([]);
  });

  test.each([
    [{ "content-type": "application/x-www-form-urlencoded" }],
    [{ "content-type": "text/plain" }],
    [{ ...JSON_TYPE, "content-encoding": "gzip" }],
  ])("in a body with %j is refused", async (headers) => {
    const answer = testAdmin().order(`PATCH /api/v1/backends?backend=${BACKEND}`, headers, '{"weight":1}');
    expect(await refusalOf(answer)).toBe("415 unsupported-media-type");
  });

  test("while the state file cannot be used is refused as something that may pass", async () => {
    const admin = testAdmin(
      fakeView({ overrideBackends: () => Promise.reject(new GatewayError("state/locked", "It is locked")) }),
    );
    const answer = admin.order(`PATCH /api/v1/backends?backend=${BACKEND}`, JSON_TYPE, '{"weight":1}');
    expect(await refusalOf(answer)).toBe("503 state/locked");
  });
});
