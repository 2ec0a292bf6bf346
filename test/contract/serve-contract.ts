// The part of the Runtime contract about the HTTP server that the admin port stands on.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HTTP_CONNECTIONS } from "../../src/runtime/runtime.ts";
import type { HttpServer, Runtime } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import type { DeclareTest } from "./socket-contract.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

/** Declares the tests about `serve` for `runtime`. */
export function serveContract(runtime: Runtime, test: DeclareTest): void {
  test("a request reaches the handler whole: method, path, headers and body", async () => {
    const server = await runtime.serve(LOCAL, async (request) => {
      const url = new URL(request.url);
      const body = await request.text();
      return Response.json({
        method: request.method,
        path: url.pathname + url.search,
        host: request.headers.get("host"),
        token: request.headers.get("authorization"),
        body,
      });
    });
    const body = "line\n".repeat(100_000);
    const response = await fetch(at(server, "/a/b?c=d%20e"), {
      method: "PUT",
      headers: { authorization: "Bearer secret" },
      body,
    });
    assert.deepEqual(await response.json(), {
      method: "PUT",
      path: "/a/b?c=d%20e",
      host: `127.0.0.1:${server.port}`,
      token: "Bearer secret",
      body,
    });
    await server.stop();
  });

  test("a response reaches the client whole: status, headers and streamed body", async () => {
    const parts = ["one ", "two ", "three"];
    const server = await runtime.serve(LOCAL, () => {
      const headers = new Headers({ "content-type": "text/plain", "x-kept": "yes" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      const body = new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
      return new Response(body, { status: 418, headers });
    });
    const response = await fetch(at(server, "/"));
    assert.equal(response.status, 418);
    assert.equal(response.headers.get("x-kept"), "yes");
    assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await response.text(), parts.join(""));
    const head = await fetch(at(server, "/"), { method: "HEAD" });
    assert.equal(head.status, 418);
    assert.equal(await head.text(), "");
    await server.stop();
  });

  test("a client that leaves ends the event stream it was sent", async () => {
    let cancelled: () => void;
    const gone = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const server = await runtime.serve(LOCAL, () => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("event: hello\n\n"));
        },
        cancel: () => cancelled(),
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const leave = new AbortController();
    const response = await fetch(at(server, "/events"), { signal: leave.signal });
    const first = await response.body?.getReader().read();
    assert.equal(new TextDecoder().decode(first?.value), "event: hello\n\n");
    leave.abort();
    await gone;
    await server.stop();
  });

  test("a second server on the same address is refused", async () => {
    const server = await runtime.serve(LOCAL, () => new Response("first"));
    const second = runtime.serve({ host: "127.0.0.1", port: server.port }, () => new Response("second"));
    await assert.rejects(second, { code: "EADDRINUSE" });
    await server.stop();
  });

  test("stop lets an answer that is under way get out", async () => {
    const asked = Promise.withResolvers<void>();
    const stopping = Promise.withResolvers<void>();
    const server = await runtime.serve(LOCAL, async () => {
      asked.resolve();
      await stopping.promise;
      return new Response("still here");
    });
    const response = fetch(at(server, "/"));
    await asked.promise;
    const stopped = server.stop();
    stopping.resolve();
    assert.equal(await (await response).text(), "still here");
    await stopped;
  });

  test("stop ends an open event stream and gives the port free", async () => {
    const server = await runtime.serve(LOCAL, () => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("hello"));
        },
      });
      return new Response(body);
    });
    const response = await fetch(at(server, "/"));
    const reader = response.body?.getReader();
    await reader?.read();
    await Promise.allSettled([server.stop(), reader?.read()]);
    const again = await runtime.serve({ host: "127.0.0.1", port: server.port }, () => new Response("again"));
    assert.equal(await (await fetch(at(again, "/"))).text(), "again");
    await again.stop();
  });

  test("connections over the cap are closed as they come, and there is room again when others have gone", async () => {
    const server = await runtime.serve(LOCAL, () => new Response("fine"));
    await expectCap(() => connect({ host: "127.0.0.1", port: server.port }));
    // That they have gone is heard a moment later; until then this one is closed too.
    const answered = (): Promise<boolean> =>
      exchange(server.port, ASK).then(
        (answer) => answer.includes("fine"),
        () => false,
      );
    await eventually(answered);
    await server.stop();
  });

  test("the cap holds on a unix socket too", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sallyport-serve-"));
    const unix = join(directory, "admin.sock");
    const server = await runtime.serve({ unix }, () => new Response("fine"));
    await expectCap(() => connect(unix));
    await server.stop();
    await rm(directory, { recursive: true });
  });

  const junk = [
    { name: "bytes that are no HTTP", request: "\u0016\u0003\u0001 not http\r\n\r\n" },
    { name: "no Host header", request: "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" },
    { name: "a Host with spaces", request: "GET / HTTP/1.1\r\nHost: a b:c:d\r\nConnection: close\r\n\r\n" },
    { name: "half an IPv6 Host", request: "GET / HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n" },
  ];
  for (const { name, request } of junk) {
    test(`${name}: refused before the handler sees it, and the server goes on`, async () => {
      const server = await runtime.serve(LOCAL, (seen) => new Response(new URL(seen.url).pathname));
      const answer = await exchange(server.port, request);
      assert.match(answer, /^(HTTP\/1.1 400 |$)/);
      assert.equal(await (await fetch(at(server, "/fine"))).text(), "/fine");
      await server.stop();
    });
  }

  test("a whole URL as target is a path at the host that the Host header names", async () => {
    const server = await runtime.serve(LOCAL, (seen) => new Response(seen.url));
    const answer = await exchange(
      server.port,
      "GET http://elsewhere.example/x?y=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert.match(answer, /http:\/\/localhost\/x\?y=1/);
    await server.stop();
  });
}

const ASK = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** Opens more connections than there may be, none of which asks anything, and waits until just the rest was closed. */
async function expectCap(open: () => Socket): Promise<void> {
  const over = 8;
  let closed = 0;
  const sockets = Array.from({ length: HTTP_CONNECTIONS + over }, () => {
    const socket = open();
    // The kernel may hold back a connection on which nothing was said.
    socket.on("connect", () => socket.write("G"));
    socket.on("error", () => undefined); // Closed before it could say so: `close` follows.
    socket.on("close", () => (closed += 1));
    return socket;
  });
  await eventually(() => closed >= over);
  assert.equal(closed, over);
  for (const socket of sockets) socket.destroy();
  await eventually(() => closed === sockets.length);
}

function at(server: HttpServer, path: string): string {
  return `http://127.0.0.1:${server.port}${path}`;
}

/** Sends raw bytes and reads until the server is done with the connection. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port });
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(request, "latin1");
  });
}
