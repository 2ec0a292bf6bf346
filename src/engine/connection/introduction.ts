// What a backend hears before a client's first byte: a PROXY header, a request for TLS as PostgreSQL has it, a handshake.
// Only then is it reached; what goes wrong before counts as a dial that failed, and another target may be tried.

import { GatewayError } from "../../base/gateway-error.ts";
import { asError, errorCode } from "../../runtime/error-code.ts";
import type { Handshake, Tls, TlsClientContext, TlsOwner } from "../../runtime/tls.ts";
import type { Socket } from "../../socket/socket.ts";
import { describeTlsError, isTlsError } from "../tls-failure.ts";
import { judgePostgresTls, POSTGRES_TLS_REQUEST } from "../../wire/postgres-tls-request.ts";

/** What is said to whichever target is dialled for one client. */
export interface Introduction {
  /** `null`: none. */
  readonly proxyHeader: Uint8Array | null;
  /** PostgreSQL's request for TLS comes before it, and has to be granted. */
  readonly asksForTls: boolean;
  /** `null`: the client's bytes come next, as they are. */
  readonly tls: {
    readonly engine: Tls;
    readonly context: TlsClientContext;
    /** Name or IP that the target must have; absent: there is none, and none is verified. */
    readonly serverName: string | undefined;
  } | null;
}

/** Who waits for the outcome: exactly one of the two, unless the introduction was cancelled. */
export interface Introducing {
  introduced(socket: Socket): void;
  notIntroduced(error: Error): void;
}

/** Begins at once, on a socket that has just been opened. */
export function introduce(socket: Socket, what: Introduction, waiting: Introducing): { cancel(): void } {
  const run = new Run(socket, what, waiting);
  run.begin();
  return run;
}

class Run implements TlsOwner {
  readonly #what: Introduction;
  #socket: Socket;
  #waiting: Introducing | null;
  #inTls = false;

  constructor(socket: Socket, what: Introduction, waiting: Introducing) {
    this.#socket = socket;
    this.#what = what;
    this.#waiting = waiting;
  }

  begin(): void {
    const { proxyHeader, asksForTls } = this.#what;
    this.#socket.data = this;
    if (proxyHeader !== null && !this.#send(proxyHeader)) return;
    if (asksForTls) this.#send(POSTGRES_TLS_REQUEST);
    else this.#afterRequest();
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#socket.terminate();
  }

  #send(bytes: Uint8Array): boolean {
    // An empty send buffer takes more than this; one that does not belongs to a connection that is gone.
    if (this.#socket.write(bytes) === bytes.length) return true;
    this.#fail("It closed the connection at once");
    return false;
  }

  #afterRequest(): void {
    const { tls } = this.#what;
    if (tls === null) return this.#done(this.#socket);
    this.#inTls = true;
    try {
      const secured = tls.engine.start(this.#socket, tls.context, tls.serverName, this);
      if (this.#waiting !== null) this.#socket = secured;
    } catch (cause) {
      this.#fail(asError(cause).message);
    }
  }

  secured(socket: Socket, _handshake: Handshake): void {
    this.#done(socket);
  }

  #done(socket: Socket): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) socket.terminate();
    else waiting.introduced(socket);
  }

  #fail(why: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#socket.terminate();
    waiting?.notIntroduced(new GatewayError("backend/introduction", why));
  }

  opened(): void {}

  /** The answer to the request for TLS: nothing else may come before a handshake. */
  received(bytes: Uint8Array): void {
    if (this.#waiting === null) return;
    const verdict = judgePostgresTls(bytes);
    if (verdict === "good") this.#afterRequest();
    else if (verdict !== "more") this.#fail(verdict.bad);
  }

  writable(): void {}

  ended(): void {
    this.#fail("It ended the connection before it was ready");
  }

  closed(error?: Error): void {
    if (error === undefined) return this.#fail("It closed the connection before it was ready");
    const { message } = error;
    const code = isTlsError(error) ? errorCode(error) : undefined;
    const why = code === undefined ? message : describeTlsError(code, error, this.#what.tls?.serverName);
    this.#fail(`${this.#inTls ? "TLS handshake failed: " : ""}${why}`);
  }

  failed(error: Error): void {
    this.#fail(error.message);
  }
}
