import { describe, expect, test } from "bun:test";
import { refusalOf, testAdmin } from "../support/admin-request.ts";
import { fakeView, SAMPLE_DIAGNOSTIC, SAMPLE_RELOAD } from "../support/admin-view.ts";

const MAX_BYTES = 8 * 1024 * 1024;

test("a document is put, read as it was put, replaced, listed and deleted", async () => {
  const admin = testAdmin();
  const text = "\ufefflisten: 5432\r\n# é 🏰\n";
  const created = await admin.order("PUT /api/v1/documents/web", {}, text);
  expect([created.status, created.headers.get("location")]).toEqual([201, "/api/v1/documents/web"]);
  expect(await created.json()).toEqual({ ...SAMPLE_RELOAD });

  const read = await admin.ask("GET /api/v1/documents/web");
  expect(read.headers.get("content-type")).toBe("application/yaml; charset=utf-8");
  expect(read.headers.get("last-modified")).toBe("Fri, 02 Jan 2026 12:00:00 GMT");
  expect(new Uint8Array(await read.arrayBuffer())).toEqual(new TextEncoder().encode(text));

  const replaced = await admin.order("PUT /api/v1/documents/web", {}, "é");
  expect([replaced.status, replaced.headers.get("location")]).toEqual([200, null]);
  expect(await (await admin.ask("GET /api/v1/documents")).json()).toEqual({
    items: [{ name: "web", updatedAt: "2026-01-02T12:00:00.000Z", bytes: 2 }],
    next: null,
  });

  const deleted = await admin.order("DELETE /api/v1/documents/web");
  expect([deleted.status, await deleted.json()]).toEqual([200, { ...SAMPLE_RELOAD }]);
  expect(await refusalOf(admin.ask("GET /api/v1/documents/web"))).toBe("404 document-not-found");
  expect(await refusalOf(admin.order("DELETE /api/v1/documents/web"))).toBe("404 document-not-found");
});

test("a private key in a document is not read back: reading needs no token", async () => {
  const admin = testAdmin();
  const [begin, end] = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"];
  const text = `key: |\n  ${begin}\n  MC4C\n  ${end}\ncertificate: x.crt\n{"key": "${begin}\\nMC4C\\n${end}"}\ncut: ${begin}\n  MC4C`;
  await admin.order("PUT /api/v1/documents/web", {}, text);
  const read = await (await admin.ask("GET /api/v1/documents/web")).text();
  expect(read).not.toContain("MC4C");
  expect(read).toContain("certificate: x.crt");
});

test("a document with mistakes is refused with its diagnostics and nothing is changed", async () => {
  const admin = testAdmin();
  await admin.order("PUT /api/v1/documents/web", {}, "good");
  const answer = await admin.order("PUT /api/v1/documents/web", {}, "mistake");
  expect(answer.status).toBe(422);
  expect(await answer.json()).toEqual({
    error: {
      code: "document-invalid",
      message: "The document has mistakes; nothing was changed",
      details: { diagnostics: [{ ...SAMPLE_DIAGNOSTIC }] },
    },
  });
  expect(await (await admin.ask("GET /api/v1/documents/web")).text()).toBe("good");
});

describe("names", () => {
  test.each(["a", "A", "0", "a.b", "a_b-c.yaml", "x".repeat(63)])("%s is a name", async (name) => {
    expect((await testAdmin().order(`PUT /api/v1/documents/${name}`, {}, "x")).status).toBe(201);
  });

  test.each([
    "%2e%2e",
    ".a",
    "-a",
    "_a",
    "a%2Fb",
    "..%2F..%2Fetc",
    "a%00",
    "a%0a",
    "%C3%A9",
    "a%20b",
    "a+b",
    "a:b",
    "x".repeat(64),
  ])("%s is none", async (name) => {
    const view = fakeView();
    const admin = testAdmin(view);
    // The client resolves "%2e%2e" itself, which leaves another address.
    const expected = name === "%2e%2e" ? /^40[45] / : /^400 invalid-parameter$/;
    expect(await refusalOf(admin.order(`PUT /api/v1/documents/${name}`, {}, "x"))).toMatch(expected);
    expect(await refusalOf(admin.ask(`GET /api/v1/documents/${name}x/../${name}`))).toMatch(expected);
    expect(await refusalOf(admin.order(`DELETE /api/v1/documents/${name}`))).toMatch(expected);
    expect(view.calls).toEqual([]);
  });
});

describe("types of bodies", () => {
  test.each([
    "application/yaml",
    "Application/YAML",
    "application/yaml; charset=utf-8",
    'text/yaml;charset="UTF-8"',
    "text/plain;charset=utf8",
    "application/json",
    "application/yaml; version=1.2",
    "",
  ])("%j is accepted", async (type) => {
    expect((await testAdmin().order("PUT /api/v1/documents/a", { "content-type": type }, "x")).status).toBe(201);
  });

  test("no type is accepted", async () => {
    const answer = await testAdmin().order("PUT /api/v1/documents/a", {}, new TextEncoder().encode("x"));
    expect(answer.status).toBe(201);
  });

  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/yaml; charset=iso-8859-1",
    "text/plain; charset=utf-16",
    "text/html",
    "yaml",
    ";",
    "application/yaml, text/plain",
  ])("%j is refused", async (type) => {
    const view = fakeView();
    const answer = testAdmin(view).order("PUT /api/v1/documents/a", { "content-type": type }, "x");
    expect(await refusalOf(answer)).toBe("415 unsupported-media-type");
    expect(view.calls).toEqual([]);
  });

  test("a compressed body is refused", async () => {
    const answer = testAdmin().order("PUT /api/v1/documents/a", { "content-encoding": "gzip" }, Bun.gzipSync("x"));
    expect(await refusalOf(answer)).toBe("415 unsupported-media-type");
  });

  test("a body that is not UTF-8 is refused", async () => {
    const view = fakeView();
    const bytes = new Uint8Array([0x61, 0xff, 0x62]);
    expect(await refusalOf(testAdmin(view).order("PUT /api/v1/documents/a", {}, bytes))).toBe("400 body-not-utf8");
    expect(view.calls).toEqual([]);
  });
});

describe("sizes of bodies", () => {
  test("8 MiB are accepted, one byte more is refused", async () => {
    const view = fakeView();
    const admin = testAdmin(view);
    expect((await admin.order("PUT /api/v1/documents/a", {}, "x".repeat(MAX_BYTES))).status).toBe(201);
    const answer = admin.order("PUT /api/v1/documents/b", {}, "x".repeat(MAX_BYTES + 1));
    expect(await refusalOf(answer)).toBe("413 body-too-large");
    expect(view.calls).toEqual([["putDocument", "a"]]);
  });

  test("an announced length that is too big is refused before anything is read", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({ pull: () => void pulled++ }, { highWaterMark: 0 });
    const answer = testAdmin().order("PUT /api/v1/documents/a", { "content-length": String(MAX_BYTES + 1) }, body);
    expect(await refusalOf(answer)).toBe("413 body-too-large");
    expect(pulled).toBe(0);
  });

  test("a body without a length is counted and no longer read once it is too big", async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new Uint8Array(1024 * 1024));
        },
        cancel: () => {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await refusalOf(testAdmin().order("PUT /api/v1/documents/a", {}, endless))).toBe("413 body-too-large");
    expect([pulled, cancelled]).toEqual([9, true]);
  });

  test("a body that breaks off is the client's mistake, not ours", async () => {
    const admin = testAdmin();
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
    expect(await refusalOf(admin.order("PUT /api/v1/documents/a", {}, broken))).toBe("400 body-broken");
    expect(admin.errors).toEqual([]);
  });

  test("an empty body is for the view to judge", async () => {
    const view = fakeView();
    expect((await testAdmin(view).order("PUT /api/v1/documents/a")).status).toBe(201);
    expect(view.calls).toEqual([["putDocument", "a"]]);
  });
});

test("a text with a Secret in it is for those who have the token, also where reading is free", async () => {
  const admin = testAdmin();
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, stringData: { password: "hunter2" } };
  const list = { apiVersion: "v1", kind: "List", items: [secret] };
  const texts = [JSON.stringify(secret), JSON.stringify(list), "{kind: &kind Secret}", "kind: !!str\n  Secret\n"];
  for (const text of texts) {
    await admin.order("PUT /api/v1/documents/web", {}, text);
    const refused = await admin.ask("GET /api/v1/documents/web");
    expect(await refused.text()).not.toContain("hunter2");
    expect(refused.status).toBe(401);
    const read = await admin.order("GET /api/v1/documents/web");
    expect([read.status, await read.text()]).toEqual([200, text]);
  }
});
