import { describe, expect, test } from "bun:test";
import { createAdmin } from "../../src/admin/app.ts";
import type { AdminView } from "../../src/admin/view.ts";
import { testAdmin, TOKEN } from "../support/admin-request.ts";
import { fakeView } from "../support/admin-view.ts";
import { at, isObject, mistakesIn } from "../support/json-schema.ts";
import type { JsonObject } from "../support/json-schema.ts";

const METHODS = ["get", "put", "post", "patch", "delete"];

async function describedBy(admin = testAdmin()): Promise<JsonObject> {
  const document: unknown = await (await admin.ask("GET /openapi.json", { authorization: `Bearer ${TOKEN}` })).json();
  return at(document);
}

test("it is OpenAPI 3.1 with the version of the gateway and a bearer scheme", async () => {
  const document = await describedBy();
  expect(document["openapi"]).toBe("3.1.0");
  expect(at(document, "info")).toMatchObject({ title: "sallyport", version: "1.2.3" });
  expect(at(document, "components", "securitySchemes", "token")).toEqual({ type: "http", scheme: "bearer" });
});

test("it is the same when asked again", async () => {
  const admin = testAdmin();
  expect(await describedBy(admin)).toEqual(await describedBy(admin));
});

test("every registered route is described, and nothing else", async () => {
  const app = createAdmin(fakeView(), { token: TOKEN, reach: "loopback", onError: () => {} });
  const registered = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const described = Object.entries(at(await describedBy(), "paths")).flatMap(([path, item]) =>
    Object.keys(at(item)).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual([...new Set(registered)].toSorted());
  expect(described.length).toBeGreaterThanOrEqual(21);
});

test("every operation has its own id, a summary, and the refusals that are always possible", async () => {
  const ids = new Set<unknown>();
  const operations = Object.values(at(await describedBy(), "paths")).flatMap((item) => Object.entries(at(item)));
  for (const [method, operation] of operations) {
    expect(METHODS).toContain(method);
    const { operationId, summary, responses } = at(operation);
    expect(ids).not.toContain(operationId);
    ids.add(operationId);
    expect(summary).toBeString();
    expect(Object.keys(at(responses))).toEqual(expect.arrayContaining(["400", "401", "403", "500"]));
  }
});

test("every change needs the token in the description; reading needs it only on a network address", async () => {
  const document = await describedBy();
  for (const item of Object.values(at(document, "paths"))) {
    for (const [method, operation] of Object.entries(at(item))) {
      expect(at(operation)["security"]).toEqual(method === "get" ? undefined : [{ token: [] }]);
    }
  }
  expect(document["security"]).toEqual([{ token: [] }, {}]);
  expect((await describedBy(testAdmin(fakeView(), "network")))["security"]).toEqual([{ token: [] }]);
});

test("parameters are described with what they take", async () => {
  const paths = at(await describedBy(), "paths");
  const parametersOf = (path: string, method: string) =>
    Object.fromEntries(
      [at(paths, path, method)["parameters"]].flat().map((parameter) => {
        const { in: place, name, required = false, schema } = at(parameter);
        return [`${String(place)} ${String(name)}`, { required, type: at(schema)["type"] }];
      }),
    );
  expect(parametersOf("/api/v1/connections", "get")).toEqual({
    "query route": { required: false, type: "string" },
    "query source": { required: false, type: "string" },
    "query backend": { required: false, type: "string" },
    "query sni": { required: false, type: "string" },
    "query limit": { required: false, type: "integer" },
    "query after": { required: false, type: "string" },
  });
  expect(parametersOf("/api/v1/resources", "get")).toEqual({
    "query kind": { required: false, type: "string" },
    "query namespace": { required: false, type: "string" },
    "query name": { required: false, type: "string" },
    "query limit": { required: false, type: "integer" },
    "query after": { required: false, type: "string" },
  });
  expect(parametersOf("/api/v1/backends", "get")).toEqual({
    "query route": { required: false, type: "string" },
    "query backend": { required: false, type: "string" },
  });
  expect(parametersOf("/api/v1/backends", "patch")).toEqual({
    "query route": { required: false, type: "string" },
    "query backend": { required: true, type: "string" },
  });
  expect(parametersOf("/api/v1/documents/{name}", "put")).toEqual({ "path name": { required: true, type: "string" } });
  expect(parametersOf("/api/v1/connections/{id}", "delete")).toEqual({ "path id": { required: true, type: "string" } });
});

test("what can be set for a backend is described with its bounds", async () => {
  const body = at(await describedBy(), "paths", "/api/v1/backends", "patch", "requestBody");
  const schema = at(body, "content", "application/json", "schema");
  expect(schema).toMatchObject({ type: "object", additionalProperties: false, minProperties: 1 });
  expect(at(schema, "properties", "weight")["anyOf"]).toEqual([
    { type: "null" },
    { const: "auto" },
    { type: "integer", minimum: 0, maximum: 1_000_000 },
  ]);
  expect(at(schema, "properties", "state")["anyOf"]).toEqual([
    expect.objectContaining({ enum: ["up", "drain", "down", "auto"] }),
    { type: "null" },
  ]);
});

test("every reference leads somewhere", async () => {
  const document = await describedBy();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]*)"/g)].map(([, path = ""]) => path);
  expect(references.length).toBeGreaterThan(10);
  for (const reference of references) expect(isObject(at(document, ...reference.split("/")))).toBe(true);
});

describe("answers are as described", () => {
  const failing: Partial<AdminView> = {
    engine: () => Promise.reject(new Error("bug")),
    notReady: async () => ["listener *:80 is not bound"],
  };
  const cases: [line: string, path: string, status: number, body?: string | undefined, view?: Partial<AdminView>][] = [
    ["GET /", "/", 200],
    ["GET /healthz", "/healthz", 200],
    ["GET /readyz", "/readyz", 200],
    ["GET /readyz", "/readyz", 503, undefined, failing],
    ["GET /api/v1/status", "/api/v1/status", 200],
    ["GET /api/v1/status", "/api/v1/status", 500, undefined, failing],
    ["GET /api/v1/listeners", "/api/v1/listeners", 200],
    ["GET /api/v1/routes", "/api/v1/routes", 200],
    ["GET /api/v1/backends", "/api/v1/backends", 200],
    ["GET /api/v1/backends?route=", "/api/v1/backends", 400],
    ["PATCH /api/v1/backends?backend=10.0.0.11:5432", "/api/v1/backends", 200, '{"weight":0}'],
    ["PATCH /api/v1/backends", "/api/v1/backends", 400, '{"weight":0}'],
    ["PATCH /api/v1/backends?backend=none", "/api/v1/backends", 404, '{"weight":0}'],
    ["PATCH /api/v1/backends?backend=10.0.0.11:5432", "/api/v1/backends", 422, "{}"],
    ["GET /api/v1/diagnostics", "/api/v1/diagnostics", 200],
    ["GET /api/v1/resources", "/api/v1/resources", 200],
    ["GET /api/v1/resources?kind=none", "/api/v1/resources", 400],
    ["GET /api/v1/resources/gtw/default/front", "/api/v1/resources/{kind}/{namespace}/{name}", 200],
    ["GET /api/v1/resources/gtw/default/none", "/api/v1/resources/{kind}/{namespace}/{name}", 404],
    ["GET /api/v1/connections?limit=1", "/api/v1/connections", 200],
    ["GET /api/v1/connections?limit=0", "/api/v1/connections", 400],
    ["DELETE /api/v1/connections?route=orders-db", "/api/v1/connections", 200],
    ["DELETE /api/v1/connections", "/api/v1/connections", 400],
    ["DELETE /api/v1/connections/c000001", "/api/v1/connections/{id}", 200],
    ["DELETE /api/v1/connections/none", "/api/v1/connections/{id}", 404],
    ["PUT /api/v1/documents/a", "/api/v1/documents/{name}", 201, "listen: 1"],
    ["PUT /api/v1/documents/kept", "/api/v1/documents/{name}", 200, "listen: 1"],
    ["PUT /api/v1/documents/a", "/api/v1/documents/{name}", 422, "mistake"],
    ["PUT /api/v1/documents/-", "/api/v1/documents/{name}", 400, "listen: 1"],
    ["GET /api/v1/documents", "/api/v1/documents", 200],
    ["GET /api/v1/documents/none", "/api/v1/documents/{name}", 404],
    ["DELETE /api/v1/documents/kept", "/api/v1/documents/{name}", 200],
    ["DELETE /api/v1/documents/none", "/api/v1/documents/{name}", 404],
    ["GET /api/v1/addresses", "/api/v1/addresses", 200],
    ["GET /api/v1/addresses?limit=0", "/api/v1/addresses", 400],
    ["POST /api/v1/addresses", "/api/v1/addresses", 201, "{}"],
    ["POST /api/v1/addresses", "/api/v1/addresses", 409, '{"port":20002}'],
    ["POST /api/v1/addresses", "/api/v1/addresses", 422, '{"port":0}'],
    ["GET /api/v1/addresses/ra_1", "/api/v1/addresses/{id}", 200],
    ["GET /api/v1/addresses/none", "/api/v1/addresses/{id}", 404],
    ["PATCH /api/v1/addresses/ra_1", "/api/v1/addresses/{id}", 200, '{"metadata":""}'],
    ["PATCH /api/v1/addresses/ra_1", "/api/v1/addresses/{id}", 422, "{}"],
    ["DELETE /api/v1/addresses/ra_1", "/api/v1/addresses/{id}", 200],
    ["DELETE /api/v1/addresses/none", "/api/v1/addresses/{id}", 404],
    ["GET /reserved_addrs", "/reserved_addrs", 200],
    ["GET /reserved_addrs?limit=0", "/reserved_addrs", 400],
    ["POST /reserved_addrs", "/reserved_addrs", 201, "{}"],
    ["POST /reserved_addrs", "/reserved_addrs", 400, "[]"],
    ["GET /reserved_addrs/ra_1", "/reserved_addrs/{id}", 200],
    ["GET /reserved_addrs/none", "/reserved_addrs/{id}", 404],
    ["PATCH /reserved_addrs/ra_1", "/reserved_addrs/{id}", 200, '{"metadata":""}'],
    ["PATCH /reserved_addrs/ra_1", "/reserved_addrs/{id}", 400, "{}"],
    ["DELETE /reserved_addrs/none", "/reserved_addrs/{id}", 404],
    ["POST /api/v1/reload", "/api/v1/reload", 200],
    ["POST /api/v1/drain", "/api/v1/drain", 202],
  ];

  test.each(cases)("%s as %s with %i", async (line, path, status, body, replaced) => {
    const view = fakeView(replaced);
    await view.putDocument("kept", "listen: 2");
    const admin = testAdmin(view);
    const isJson = line.startsWith("PATCH") || line.startsWith("POST");
    const headers = isJson ? { "content-type": "application/json" } : undefined;
    const answer = await admin.order(line, headers, body);
    expect(answer.status).toBe(status);
    const document = await describedBy(admin);
    const method = line.split(" ", 1).join().toLowerCase();
    const content = at(document, "paths", path, method, "responses", String(status), "content");
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    expect(mistakesIn(await answer.json(), at(content, "application/json", "schema"), document)).toEqual([]);
  });
});
