// The admin port over real sockets: what only a server, and a client that says what it likes, can show.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdmin } from "../../src/admin/app.ts";
import type { AdminReach } from "../../src/admin/reach.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { refusalOf, TOKEN, WITH_TOKEN } from "../support/admin-request.ts";
import { fakeView } from "../support/admin-view.ts";

const { serve } = bunRuntime();
const errors: Error[] = [];
const view = fakeView();
const app = (reach: AdminReach) => createAdmin(view, { token: TOKEN, reach, onError: (error) => errors.push(error) });
let port = 0;
const cleanups: (() => unknown)[] = [];
const directory = mkdtempSync(join(tmpdir(), "sallyport-admin-"));
const unix = join(directory, "admin.sock");

beforeAll(async () => {
  const [loopback, local] = [app("loopback"), app("unix")];
  const tcp = await serve({ host: "127.0.0.1", port: 0 }, (request) => loopback.fetch(request));
  const socket = await serve({ unix }, (request) => local.fetch(request));
  port = tcp.port;
  cleanups.push(
    () => tcp.stop(),
    () => socket.stop(),
    () => rmSync(directory, { recursive: true }),
  );
});

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** Sends these bytes and reads to the end of the connection; the request should ask for `Connection: close`. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

function url(): string {
  return `http://127.0.0.1:${port}`;
}

/** Puts a document of so many MiB without saying how long it will be. */
function putChunked(name: string, chunks: number): Promise<Response> {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (sent++ < chunks ? controller.enqueue(chunk) : controller.close()),
  });
  return fetch(`${url()}/api/v1/documents/${name}`, { method: "PUT", headers: WITH_TOKEN, body });
}

describe("over TCP", () => {
  test("reading works without and changing with the token", async () => {
    expect(await (await fetch(`${url()}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await refusalOf(fetch(`${url()}/api/v1/reload`, { method: "POST" }))).toBe("401 unauthorized");
    expect((await fetch(`${url()}/api/v1/reload`, { method: "POST", headers: WITH_TOKEN })).status).toBe(200);
  });

  test("a name that was rebound to this machine is refused", async () => {
    const answer = await raw(`GET /api/v1/status HTTP/1.1\r\nHost: evil.example:${port}\r\nConnection: close\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 403");
    expect(answer).toContain("host-not-allowed");
  });

  test.each([
    "",
    "Host:\r\n",
    "Host: a\r\nHost: localhost\r\n",
    "Host: localhost\r\nHost: a\r\n",
    "Host: ][\r\n",
    "Host: a%zz\r\n",
  ])("a request with the header %j is refused", async (header) => {
    const answer = await raw(`GET /api/v1/status HTTP/1.1\r\n${header}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 40[03]/);
  });

  test("an old client without a Host header is refused", async () => {
    expect(await raw("GET /api/v1/status HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.[01] 40[03]/);
  });

  test("an address in absolute form does not stand in for the Host header", async () => {
    const answer = await raw(
      "GET http://localhost/api/v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 40[03]/);
  });

  test("a chunked document is stored, and refused when it gets too big", async () => {
    expect((await putChunked("chunked", 8)).status).toBe(201);
    expect(await refusalOf(putChunked("bigger", 9))).toBe("413 body-too-large");
    expect(await view.document("bigger")).toBeUndefined();
  });

  test("a client that goes away in the middle of a document changes nothing and is no error of ours", async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(`PUT /api/v1/documents/half HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`);
        socket.end("Content-Length: 1000\r\n\r\nlisten: 1\n");
      });
      socket.on("data", () => {});
      socket.on("close", () => resolve());
      socket.on("error", reject);
    });
    expect((await fetch(`${url()}/healthz`)).status).toBe(200);
    expect(await view.document("half")).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test("random requests are answered without a failure of ours", async () => {
    const next = randomFrom(20260102);
    const parts = [
      "/",
      "api",
      "v1",
      "documents",
      "connections",
      "%",
      "%zz",
      "%2e%2e",
      "..",
      "?",
      "&",
      "=",
      "#",
      ":",
      "*",
      "{id}",
      "\\",
    ];
    parts.push(
      "é",
      "\x80",
      "limit",
      "route=",
      "after",
      "[",
      "]",
      "//",
      "a".repeat(2000),
      "healthz",
      "metrics",
      "__proto__",
    );
    const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    const headers = [
      `Authorization: Bearer ${TOKEN}`,
      "Authorization: \x80\xff",
      "Content-Type: ;;;=",
      "Content-Type: application/yaml",
      "Content-Encoding: x",
      "Origin: http://[",
      "Accept: */*;q=x",
      "X: y",
    ];
    const statuses = new Set<string>();
    for (let round = 0; round < 400; round++) {
      const path = `/${Array.from({ length: next(8) }, () => parts[next(parts.length)]).join("")}`.replaceAll(" ", "");
      const lines = Array.from({ length: next(5) }, () => headers[next(headers.length)]);
      const request = [
        `${methods[next(methods.length)]} ${path} HTTP/1.1`,
        "Host: localhost",
        "Connection: close",
        ...lines,
      ];
      const answer = await raw(`${request.join("\r\n")}\r\n\r\n`);
      expect({ request, answer }).toEqual({ request, answer: expect.stringMatching(/^HTTP\/1\.1 [24]/) });
      statuses.add(answer.slice(9, 12));
    }
    expect(errors).toEqual([]);
    expect([...statuses]).toEqual(expect.arrayContaining(["200", "400", "401", "404", "405"]));
  });
});

describe("over a unix socket", () => {
  test("reading is free whatever the Host, changing needs the token", async () => {
    expect((await fetch("http://gateway/api/v1/status", { unix })).status).toBe(200);
    expect(await refusalOf(fetch("http://gateway/api/v1/reload", { unix, method: "POST" }))).toBe("401 unauthorized");
    const put = await fetch("http://gateway/api/v1/documents/u", {
      unix,
      method: "PUT",
      headers: WITH_TOKEN,
      body: "listen: 1",
    });
    expect(put.status).toBe(201);
  });
});

/** A small seeded generator (mulberry32): whole numbers below `limit`, the same in every run. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
