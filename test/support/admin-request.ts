// Asks an admin app without a port, as curl on the same machine would: a loopback Host header unless told otherwise, and
// the token only when wanted.

import { createAdmin } from "../../src/admin/app.ts";
import type { AdminReach } from "../../src/admin/reach.ts";
import type { AdminView } from "../../src/admin/view.ts";
import { fakeView } from "./admin-view.ts";

export const TOKEN = "test-token-0123456789";

/** Headers that carry the token. */
export const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

export interface TestAdmin {
  /** What `onError` heard. */
  readonly errors: Error[];
  fetch(request: Request): Response | Promise<Response>;
  /** `METHOD /path`; the answer's JSON is `unknown` until compared. */
  ask(
    line: string,
    headers?: Record<string, string>,
    body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<Response>;
  /** The same with the token. */
  order(
    line: string,
    headers?: Record<string, string>,
    body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<Response>;
}

export function testAdmin(view: AdminView = fakeView(), reach: AdminReach = "loopback"): TestAdmin {
  const errors: Error[] = [];
  const app = createAdmin(view, { token: TOKEN, reach, onError: (error) => errors.push(error) });
  const ask: TestAdmin["ask"] = async (line, headers = {}, body) => {
    const [method = "", path = ""] = line.split(" ");
    return app.request(path, {
      method,
      headers: { host: "127.0.0.1:4040", ...headers },
      ...(body === undefined ? {} : { body }),
    });
  };
  return {
    errors,
    fetch: (request) => app.fetch(request),
    ask,
    order: (line, headers = {}, body) => ask(line, { ...WITH_TOKEN, ...headers }, body),
  };
}

/** Status and error code of an answer, after checking that it has the shape of every error and nothing more. */
export async function refusalOf(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  const body: unknown = await response.json();
  if (typeof body === "object" && body !== null && Object.keys(body).join() === "error" && "error" in body) {
    const { error } = body;
    if (typeof error === "object" && error !== null && Object.keys(error).join() === "code,message,details") {
      if ("code" in error && "message" in error && typeof error.message === "string" && error.message !== "") {
        return `${response.status} ${String(error.code)}`;
      }
    }
  }
  throw new Error(`Not an error answer: ${response.status} ${JSON.stringify(body)}`);
}
