import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../src/base/gateway-error.ts";
import type { BackendSnapshot, EngineSnapshot } from "../../src/engine/snapshot.ts";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import {
  fakeView,
  SAMPLE_DIAGNOSTIC,
  SAMPLE_ENGINE,
  SAMPLE_INFO,
  sampleBackend,
  sampleRoute,
} from "../support/admin-view.ts";
import { parsePrometheus } from "../support/prometheus.ts";

const of = (route: string, state: BackendSnapshot["state"]) => ({ ...sampleBackend(route, "x:1"), state });

describe("what can be read", () => {
  test("/ says what this is and points to the description", async () => {
    const answer = await testAdmin().ask("GET /");
    expect(await answer.json()).toEqual({ name: "sallyport", version: "1.2.3", openapi: "/openapi.json" });
  });

  test("/healthz is fine while the process lives, whatever else is wrong", async () => {
    const admin = testAdmin(fakeView({ notReady: async () => ["x"], engine: () => Promise.reject(new Error("bug")) }));
    expect((await admin.ask("GET /healthz")).status).toBe(200);
  });

  test("/readyz tells the reasons with 503", async () => {
    const ready = await testAdmin().ask("GET /readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }]);
    const reasons = ["listener *:80 is not bound"];
    const not = await testAdmin(fakeView({ notReady: async () => reasons })).ask("GET /readyz");
    expect([not.status, await not.json()]).toEqual([503, { ready: false, reasons }]);
  });

  test("/metrics is Prometheus text about the running process", async () => {
    const answer = await testAdmin().ask("GET /metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const metrics = parsePrometheus(await answer.text());
    expect(metrics.get("sallyport_plan_generation")?.samples.get("sallyport_plan_generation")).toBe(7);
    const resident = metrics.get("process_resident_memory_bytes")?.samples.get("process_resident_memory_bytes");
    expect(resident).toBeGreaterThan(1_000_000);
  });

  test("status is the gateway's information with totals", async () => {
    expect(await (await testAdmin().ask("GET /api/v1/status")).json()).toEqual({
      ...SAMPLE_INFO,
      draining: false,
      connections: { active: 2, total: 13, limit: 10_000 },
      listeners: { total: 2, failed: 1 },
      routes: 1,
      backends: { total: 1, notUp: 1, routesWithout: 1 },
      resources: { total: 3, notReady: 2 },
      diagnostics: { error: 1, warning: 0, notice: 1 },
    });
  });

  test("status counts the backends that are not up, and the routes that are left without one", async () => {
    const engine: EngineSnapshot = {
      ...SAMPLE_ENGINE,
      routes: ["a", "b", "c", "d", "e"].map(sampleRoute),
      backends: [of("a", "up"), of("a", "down"), of("b", "failing"), of("c", "drained"), of("d", "down")],
    };
    const answer = await testAdmin(fakeView({ engine: async () => engine })).ask("GET /api/v1/status");
    expect(await answer.json()).toMatchObject({ backends: { total: 5, notUp: 4, routesWithout: 3 } });
  });

  test.each([
    ["listeners", SAMPLE_ENGINE.listeners],
    ["routes", SAMPLE_ENGINE.routes],
    ["backends", SAMPLE_ENGINE.backends],
    ["diagnostics", [SAMPLE_DIAGNOSTIC, { ...SAMPLE_DIAGNOSTIC, severity: "notice" }]],
  ])("%s is a list of them as they run", async (path, items) => {
    const answer = await testAdmin().ask(`GET /api/v1/${path}`);
    expect(await answer.json()).toEqual({ items: JSON.parse(JSON.stringify(items)), next: null });
  });

  test("HEAD answers like GET without a body", async () => {
    const answer = await testAdmin().ask("HEAD /api/v1/status");
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });
});

describe("what is refused", () => {
  test.each([
    "/none",
    "/api/v1",
    "/api/v1/",
    "/healthz/",
    "//healthz",
    "/api/v1/documents/a/b",
    "/api/v1/connections/",
  ])("%s is not found", async (path) => {
    expect(await refusalOf(testAdmin().ask(`GET ${path}`))).toBe("404 not-found");
  });

  test.each([
    ["POST /healthz", "GET, HEAD"],
    ["GET /api/v1/reload", "POST"],
    ["PUT /api/v1/drain", "POST"],
    ["PATCH /api/v1/documents/a", "GET, HEAD, PUT, DELETE"],
    ["POST /api/v1/connections", "GET, HEAD, DELETE"],
    ["GET /api/v1/connections/c1", "DELETE"],
    ["OPTIONS /api/v1/reload", "POST"],
    ["POST /openapi.json", "GET, HEAD"],
  ])("%s is no method there and the answer names those that are", async (line, allowed) => {
    const view = fakeView();
    const answer = await testAdmin(view).order(line);
    expect(answer.headers.get("allow")?.split(", ").toSorted()).toEqual(allowed.split(", ").toSorted());
    expect(await refusalOf(answer)).toBe("405 method-not-allowed");
    expect(view.calls).toEqual([]);
  });

  test.each([
    "/%",
    "/%zz",
    "/%ff",
    "/api/v1/connections?route=%",
    "/api/v1/connections?route=%e0%80%80",
    "/healthz?%c0",
  ])("the malformed address %s", async (path) => {
    expect(await refusalOf(testAdmin().ask(`GET ${path}`))).toBe("400 malformed-url");
  });

  test.each([
    "POST /api/v1/reload",
    "POST /api/v1/drain",
    "DELETE /api/v1/connections?route=a",
    "DELETE /api/v1/documents/a",
  ])("a big body where none is needed: %s", async (line) => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view).order(line, {}, "x".repeat(70_000)))).toBe("413 body-too-large");
    expect(view.calls).toEqual([]);
    expect((await testAdmin(view).order(line, {}, "{}")).status).not.toBe(413);
  });
});

describe("what fails", () => {
  test.each([
    ["state/locked", 503],
    ["state/full", 507],
    ["state/corrupt", 503],
    ["request/bad-filter", 400],
    ["EADDRINUSE", 500],
    ["other/failure", 500],
  ])("a GatewayError %s answers %i with its code and message, without its cause", async (code, status) => {
    const error = new GatewayError(code, "Cannot do it: reasons", new Error("secret cause"));
    const admin = testAdmin(fakeView({ reload: () => Promise.reject(error) }));
    const answer = await admin.order("POST /api/v1/reload");
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { error: { code, message: "Cannot do it: reasons", details: {} } },
    ]);
    expect(admin.errors).toEqual(status >= 500 ? [error] : []);
  });

  test("an unexpected error is internal: the client learns nothing, the log everything", async () => {
    const bug = new TypeError("secret of /home/user");
    const admin = testAdmin(fakeView({ engine: () => Promise.reject(bug) }));
    for (const path of ["/metrics", "/api/v1/status", "/api/v1/routes"]) {
      const answer = await admin.ask(`GET ${path}`);
      const text = await answer.clone().text();
      expect(await refusalOf(answer)).toBe("500 internal");
      expect(text).not.toMatch(/secret|TypeError|\.ts|stack/);
    }
    expect(admin.errors).toEqual([bug, bug, bug]);
  });

  test("something thrown that is no Error is internal, too", async () => {
    const admin = testAdmin(fakeView({ reload: () => Promise.reject("secret") }));
    expect(await refusalOf(admin.order("POST /api/v1/reload"))).toBe("500 internal");
    expect(admin.errors.map(({ cause }) => cause)).toEqual(["secret"]);
  });
});

describe("orders", () => {
  test("reload answers with what it did", async () => {
    const view = fakeView();
    const answer = await testAdmin(view).order("POST /api/v1/reload");
    expect(await answer.json()).toMatchObject({ result: "ok", added: ["new"], removed: ["old"], diagnostics: [] });
    expect(view.calls).toEqual([["reload"]]);
  });

  test("drain is accepted", async () => {
    const view = fakeView();
    const answer = await testAdmin(view).order("POST /api/v1/drain");
    expect([answer.status, await answer.json()]).toEqual([202, { draining: true }]);
    expect(view.calls).toEqual([["drain"]]);
  });
});
