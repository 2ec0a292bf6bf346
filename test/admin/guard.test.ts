import { describe, expect, test } from "bun:test";
import { refusalOf, testAdmin, TOKEN, WITH_TOKEN } from "../support/admin-request.ts";
import { fakeView } from "../support/admin-view.ts";

const READS = [
  "/",
  "/healthz",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/api/v1/status",
  "/api/v1/connections",
  "/none",
];
const CHANGES = [
  "POST /api/v1/reload",
  "POST /api/v1/drain",
  "PUT /api/v1/documents/a",
  "DELETE /api/v1/documents/a",
  "DELETE /api/v1/connections/c000001",
  "DELETE /api/v1/connections?route=orders-db",
  "POST /none",
  "OPTIONS /api/v1/reload",
  "PATCH /healthz",
];

describe("on loopback", () => {
  test.each(READS)("reading %s needs no token", async (path) => {
    const admin = testAdmin();
    expect((await admin.ask(`GET ${path}`)).status).toBe(path === "/none" ? 404 : 200);
    expect((await admin.ask(`HEAD ${path}`)).status).toBe(path === "/none" ? 404 : 200);
  });

  test.each(CHANGES)("%s without the token is refused and changes nothing", async (line) => {
    const view = fakeView();
    const answer = await testAdmin(view).ask(line, {}, line.startsWith("PUT") ? "listen: 1" : undefined);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="sallyport"');
    expect(await refusalOf(answer)).toBe("401 unauthorized");
    expect(view.calls).toEqual([]);
  });

  test.each([
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
    `Bearer "${TOKEN}"`,
    `Basic ${TOKEN}`,
    `Basic ${btoa(`:${TOKEN}`)}`,
    TOKEN,
    `Bearer${TOKEN}`,
    `Bearer ${"x".repeat(10_000)}`,
  ])("the authorization %j is refused", async (authorization) => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view).ask("POST /api/v1/reload", { authorization }))).toBe("401 unauthorized");
    expect(view.calls).toEqual([]);
  });

  test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `])(
    "the authorization %j is good",
    async (authorization) => {
      const view = fakeView();
      expect((await testAdmin(view).ask("POST /api/v1/reload", { authorization })).status).toBe(200);
      expect(view.calls).toEqual([["reload"]]);
    },
  );

  test.each(["evil.example", "evil.example:4040", "localhost.evil.example", "10.0.0.1", "", "[::2]:4040", "a b"])(
    "the Host %j is refused, for reading and, even with the token, for changes",
    async (host) => {
      const view = fakeView();
      const admin = testAdmin(view);
      for (const path of READS) {
        expect(await refusalOf(admin.ask(`GET ${path}`, { host }))).toBe("403 host-not-allowed");
      }
      for (const line of CHANGES) {
        expect(await refusalOf(admin.order(line, { host }))).toBe("403 host-not-allowed");
      }
      expect(view.calls).toEqual([]);
    },
  );

  test("a request without a Host header is refused", async () => {
    const answer = testAdmin().fetch(new Request("http://127.0.0.1:4040/healthz"));
    expect(await refusalOf(answer)).toBe("403 host-not-allowed");
  });

  test.each([
    "http://evil.example",
    "https://evil.example:4040",
    "null",
    "",
    "file://",
    "http://localhost.evil.example",
    "http://localhost/x",
  ])("a change from a page of %j is refused, even with the token", async (origin) => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view).order("POST /api/v1/reload", { origin }))).toBe("403 origin-not-allowed");
    expect(view.calls).toEqual([]);
  });

  test.each(["http://localhost:3000", "http://127.0.0.1:4040", "https://[::1]"])(
    "a change from a page of %s is allowed with the token",
    async (origin) => {
      const admin = testAdmin();
      expect((await admin.order("POST /api/v1/reload", { origin })).status).toBe(200);
      expect(await refusalOf(admin.ask("POST /api/v1/reload", { origin }))).toBe("401 unauthorized");
    },
  );

  test("pages of other origins may not see answers", async () => {
    const answer = await testAdmin().ask("GET /api/v1/status", { origin: "http://evil.example" });
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });
});

describe("on a unix socket", () => {
  test("the Host does not matter and reading is free", async () => {
    const admin = testAdmin(fakeView(), "unix");
    expect((await admin.ask("GET /api/v1/status", { host: "whatever" })).status).toBe(200);
    expect((await admin.fetch(new Request("http://gateway/healthz"))).status).toBe(200);
  });

  test.each(CHANGES)("%s needs the token", async (line) => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view, "unix").ask(line))).toBe("401 unauthorized");
    expect(view.calls).toEqual([]);
  });

  test("a page may not change anything", async () => {
    const answer = testAdmin(fakeView(), "unix").order("POST /api/v1/reload", { origin: "http://evil.example" });
    expect(await refusalOf(answer)).toBe("403 origin-not-allowed");
  });
});

describe("on a network address", () => {
  test.each(READS)("reading %s needs the token", async (path) => {
    const admin = testAdmin(fakeView(), "network");
    expect(await refusalOf(admin.ask(`GET ${path}`))).toBe("401 unauthorized");
    expect((await admin.ask(`HEAD ${path}`)).status).toBe(401);
    expect((await admin.order(`GET ${path}`, { host: "gateway.example" })).status).toBe(path === "/none" ? 404 : 200);
  });

  test.each(CHANGES)("%s needs the token", async (line) => {
    const view = fakeView();
    expect(await refusalOf(testAdmin(view, "network").ask(line))).toBe("401 unauthorized");
    expect(view.calls).toEqual([]);
  });

  test("a page that the gateway itself served may change something with the token, another may not", async () => {
    const admin = testAdmin(fakeView(), "network");
    const ask = (origin: string) =>
      admin.fetch(
        new Request("http://x/api/v1/reload", {
          method: "POST",
          headers: { ...WITH_TOKEN, host: "gw.example:4040", origin },
        }),
      );
    expect((await ask("http://GW.example:4040")).status).toBe(200);
    expect(await refusalOf(ask("http://gw.example:4041"))).toBe("403 origin-not-allowed");
    expect(await refusalOf(ask("http://evil.example"))).toBe("403 origin-not-allowed");
  });
});

test("every answer, refusals included, tells browsers to keep away", async () => {
  const admin = testAdmin(fakeView({ reload: () => Promise.reject(new Error("bug")) }));
  const answers = await Promise.all([
    admin.ask("GET /healthz"),
    admin.ask("GET /metrics"),
    admin.ask("GET /none"),
    admin.ask("GET /healthz", { host: "evil.example" }),
    admin.ask("POST /api/v1/reload"),
    admin.order("POST /healthz"),
    admin.order("POST /api/v1/reload"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 403, 401, 405, 500]);
  for (const { headers } of answers) {
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
});
