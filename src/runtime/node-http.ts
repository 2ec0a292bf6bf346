// An HTTP/1.1 server for a fetch-style handler on `node:http`: Request out of IncomingMessage, Response into
// ServerResponse, both streamed. Knows nothing of the admin port; limits on bodies are the handler's.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { emitWarning } from "node:process";
import { Readable } from "node:stream";
import { asError } from "./error-code.ts";

/** Makes a server, not yet listening. A handler that throws is a bug: the client gets a bare 500. */
export function createFetchServer(handle: (request: Request) => Response | Promise<Response>): Server {
  const server = createServer((incoming, outgoing) => {
    void answer(server, handle, incoming, outgoing);
  });
  return server;
}

async function answer(
  server: Server,
  handle: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const aborted = new AbortController();
  outgoing.once("close", () => aborted.abort());
  // A client that leaves in the middle of a body: `close` above says so, nobody else has to know.
  incoming.on("error", () => aborted.abort());
  const request = toRequest(incoming, aborted.signal);
  if (request === undefined) {
    outgoing.writeHead(400).end();
    return;
  }
  try {
    const response = await handle(request);
    // A server that stops waits for its connections: this one ends with its answer.
    if (!server.listening) outgoing.setHeader("connection", "close");
    await send(response, outgoing, request.method === "HEAD");
  } catch (cause) {
    if (aborted.signal.aborted) return;
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500).end();
    // Said on stderr, as Bun does with what a handler throws; one bad answer must not end the process.
    emitWarning(asError(cause));
  }
}

/** `undefined` when the peer sent what no Request can be made of: a target that is no URL, a forbidden method. */
function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const method = incoming.method ?? "GET";
  try {
    const target = `http://${incoming.headers.host ?? "localhost"}${pathOf(incoming.url ?? "/")}`;
    const headers = new Headers();
    for (const [name, values] of Object.entries(incoming.headersDistinct)) {
      for (const value of values ?? []) headers.append(name, value);
    }
    const body = method === "GET" || method === "HEAD" ? null : toWeb(incoming);
    // `duplex` says that the answer may begin before the body ended; without it a streamed body is refused.
    const init: RequestInit & { duplex: "half" } = { method, headers, body, signal, duplex: "half" };
    return new Request(target, init);
  } catch {
    return undefined;
  }
}

/** Path and query of a request target. Clients of a proxy send a whole URL; whom they mean is said in the Host header. */
function pathOf(target: string): string {
  if (target.startsWith("/")) return target;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** The body of a request, read as it is asked for. */
function toWeb(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = Readable.from(incoming)[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

async function send(response: Response, outgoing: ServerResponse, headOnly: boolean): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  if (headOnly || response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  // A client that leaves ends the source too, or an event stream would be written for ever.
  outgoing.once("close", () => void reader.cancel());
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await room(outgoing);
  }
  outgoing.end();
}

/** Resolves when more can be written, or never will be. */
function room(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
  });
}
