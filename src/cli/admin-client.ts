// Asks a running gateway through its admin port, bounded in time, and turns what can go wrong into what to do next. It uses
// `node:http` rather than `fetch`: `fetch` sends even loopback requests, token included, through $HTTP_PROXY.

import { Buffer } from "node:buffer";
import { request, type IncomingMessage } from "node:http";
import type { SocketAddress } from "../runtime/runtime.ts";
import { formatAdminAddress, formatHostPort, reachableAddress } from "./admin-address.ts";
import { type Answer, isAnswer, textOf } from "./answer.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { isErrnoException } from "./errno.ts";
import type { FoundToken } from "./state-path.ts";

export interface AdminRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly content?: Answer;
  /** Statuses that are answers and not failures, beside 2xx. */
  readonly accept?: readonly number[];
}

export interface AdminAnswer {
  readonly status: number;
  /** Empty when the gateway had nothing to say. */
  readonly body: Answer;
}

export interface AdminClient {
  /** Throws CliError with what to do next. */
  ask(request: AdminRequest): Promise<AdminAnswer>;
}

export interface AdminClientOptions {
  readonly address: SocketAddress;
  readonly token: FoundToken;
  readonly timeoutMs?: number;
}

/** A reload of thousands of files is the slowest thing that can be asked for. */
const TIMEOUT_MS = 10_000;
/** Far above any page of answers: the other side may be anything that listens on this port. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const UNAUTHORIZED = 401;
const NO_TOKEN: FoundToken = { missing: "" };

/** A client for one invocation of one command. */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { address, token, timeoutMs = TIMEOUT_MS } = options;
  const place = formatAdminAddress(address);
  return {
    async ask({ method, path, query = {}, content, accept = [] }) {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
      const target = search.size === 0 ? path : `${path}?${search.toString()}`;
      const signal = AbortSignal.timeout(timeoutMs);
      let received: { status: number; text: string };
      try {
        // Reading needs no token on this machine: whoever else may listen on the port is not told it.
        const open = method === "GET" ? await exchange(address, NO_TOKEN, { method, target }, signal) : undefined;
        const answered = open !== undefined && (open.status !== UNAUTHORIZED || "missing" in token);
        received = answered ? open : await exchange(address, token, { method, target, content }, signal);
      } catch (error) {
        // In the middle of an answer, running out of time looks like a reset.
        throw signal.aborted ? late(place, timeoutMs, error) : unreachable(error, place);
      }
      const { status, text } = received;
      const body = parseBody(text);
      if ((status >= 200 && status < 300) || accept.includes(status)) {
        if (body === undefined) throw new CliError(EXIT.failed, `Cannot understand ${place}: is it a sallyport?`);
        return { status, body };
      }
      throw refused(status, body, token, place);
    },
  };
}

async function exchange(
  address: SocketAddress,
  token: FoundToken,
  asked: { readonly method: string; readonly target: string; readonly content?: Answer | undefined },
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const { method, target, content } = asked;
  const body = content === undefined ? undefined : JSON.stringify(content);
  const reachable = reachableAddress(address);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(
    {
      method,
      // One connection per request: a kept one may be gone by the time of the next.
      agent: false,
      path: target,
      ...("unix" in reachable ? { socketPath: reachable.unix } : { host: reachable.host, port: reachable.port }),
      headers: {
        host: "unix" in reachable ? "localhost" : formatHostPort(reachable.host, reachable.port),
        accept: "application/json",
        connection: "close",
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...("token" in token ? { authorization: `Bearer ${token.token}` } : {}),
      },
      signal,
    },
    resolve,
  );
  outgoing.on("error", reject);
  outgoing.end(body);
  const response = await promise;
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) {
    text += String(part);
    if (text.length > MAX_BODY_BYTES) throw new Error("The answer is longer than 64 MiB");
  }
  return { status: response.statusCode ?? 0, text };
}

function parseBody(text: string): Answer | undefined {
  if (text.trim() === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    return isAnswer(body) ? body : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function late(place: string, timeoutMs: number, cause: unknown): CliError {
  return new CliError(
    EXIT.failed,
    `Cannot reach the gateway at ${place}: no answer within ${timeoutMs / 1000} s`,
    cause,
  );
}

function unreachable(error: unknown, place: string): CliError {
  const code = isErrnoException(error) ? error.code : "";
  if (code === "EACCES" || code === "EPERM") {
    return new CliError(
      EXIT.failed,
      `Cannot open ${place}: this user may not; try the user that runs the gateway`,
      error,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  const next = "is it running? Start it with `sallyport run`, or say where it is with --admin";
  return new CliError(EXIT.failed, `Cannot reach the gateway at ${place}: ${next} (${reason})`, error);
}

function refused(status: number, body: Answer | undefined, token: FoundToken, place: string): CliError {
  const error = body?.["error"];
  const told = isAnswer(error) ? textOf(error, "message", "") : "";
  const said = told === "" ? `HTTP status ${status}` : told;
  if (status === 401) {
    const why =
      "token" in token
        ? "the token is not the one of this gateway: set SALLYPORT_ADMIN_TOKEN, or name its state file with SALLYPORT_STATE"
        : `no token: ${token.missing}; set it, or name the gateway's state file with SALLYPORT_STATE`;
    return new CliError(EXIT.failed, `Cannot do this at ${place}: ${why}`);
  }
  if (status === 403) return new CliError(EXIT.failed, `Cannot do this at ${place}: it is not allowed (${said})`);
  if (body === undefined) return new CliError(EXIT.failed, `Cannot understand ${place}: is it a sallyport? (${said})`);
  return new CliError(EXIT.failed, `Cannot do this at ${place}: ${said}`);
}
