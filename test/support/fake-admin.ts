// An admin port that answers what the test says and remembers what it was asked.

export interface FakeAdmin extends Disposable {
  /** For `--admin`. */
  readonly address: string;
  /** `METHOD /path?query`, in order. */
  readonly asked: readonly string[];
  /** Headers of each. */
  readonly headers: readonly Headers[];
  /** Body of each. */
  readonly bodies: readonly string[];
}

/** An answer: a JSON value, or a whole Response. */
export type FakeAnswer = unknown;

/** `answers` by `METHOD /path`; what is not there is 404. On a unix socket when `unix` is given. */
export function startFakeAdmin(
  answers: Readonly<Record<string, FakeAnswer | ((request: Request) => FakeAnswer)>>,
  unix?: string,
): FakeAdmin {
  const headers: Headers[] = [];
  const asked: string[] = [];
  const bodies: string[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    // A copy: the runtime takes its own back with the answer.
    headers.push(new Headers(request.headers));
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    bodies.push(await request.text());
    const found = answers[`${request.method} ${url.pathname}`];
    const value: unknown = typeof found === "function" ? await found(request) : found;
    if (value instanceof Response) return value;
    return value === undefined
      ? Response.json({ error: { code: "not-found", message: "There is no such thing" } }, { status: 404 })
      : Response.json(value);
  };
  const server =
    unix === undefined
      ? Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer })
      : Bun.serve({ unix, fetch: answer });
  return {
    address: unix === undefined ? `127.0.0.1:${server.port}` : `unix:${unix}`,
    asked,
    headers,
    bodies,
    [Symbol.dispose]: () => void server.stop(true),
  };
}
