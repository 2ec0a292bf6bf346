// One check of one address: connect, ask, judge, say goodbye. On `node:net` and `node:tls` instead of the runtime's own
// sockets, because a dial that is given up has to be gone at once: one that hangs on would hold a descriptor for minutes, and
// the next check would have to wait for it. Knows neither how often to check nor what follows from the outcome.

import { connect, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { formatDuration } from "../../base/duration.ts";
import type { CheckSpec } from "../../resource/health.ts";
import { asError, errorCode } from "../../runtime/error-code.ts";
import { isOwnShortage } from "../../runtime/own-shortage.ts";
import type { Runtime, SocketAddress } from "../../runtime/runtime.ts";
import { type CheckDialogue, judgeAnswer, MAX_ANSWER_BYTES, quoteAnswer } from "../../wire/check-dialogue.ts";
import { exchangeDialogue } from "../../wire/check/exchange.ts";
import { mysqlDialogue } from "../../wire/check/mysql.ts";
import { natsDialogue } from "../../wire/check/nats.ts";
import { postgresTlsDialogue } from "../../wire/postgres-tls-request.ts";
import { postgresDialogue } from "../../wire/check/postgres.ts";
import { redisDialogue } from "../../wire/check/redis.ts";
import type { ReadyApproach } from "./approach.ts";
import { beginUnjudged } from "./tls-client.ts";
import { describeTlsError, isTlsError } from "../tls-failure.ts";

/**
 * How long a backend that was judged may take to answer our FIN, in milliseconds. A connection that vanishes is noise in the
 * log of many servers; one second is ample for a process that is alive.
 */
const GOODBYE_MS = 1_000;

/**
 * `shortage`: this machine lacked what it takes to connect (a descriptor, memory, a local port), which says nothing about the
 * backend. An address of a family of which this machine has no address may look the same for ever: then nothing gets known
 * about that backend, which is used as one that is not checked. Dials to it fail at once and go on to others.
 */
export type CheckOutcome = "good" | "shortage" | { readonly bad: string };

/** Who hears of a check, once `runCheck` has returned. */
export interface CheckOwner {
  /** Once, within `timeoutMs`, unless it is cancelled before. */
  judged(outcome: CheckOutcome): void;
  /** Once, cancelled or not: it holds no socket any more. Before `judged` where the backend is not left politely. */
  gone(): void;
}

export interface RunningCheck {
  /** Releases everything before it returns; the outcome is not told any more. Harmless when the check is over. */
  cancel(): void;
}

/** Checks once, now; `approach` comes before what the check itself says. */
export function runCheck(
  address: SocketAddress,
  spec: CheckSpec,
  timeoutMs: number,
  runtime: Pick<Runtime, "descriptorsExhausted">,
  owner: CheckOwner,
  approach: ReadyApproach = {},
): RunningCheck {
  return new Check(address, spec, timeoutMs, runtime, owner, approach);
}

/**
 * How far it is: `asking` whether TLS may begin (PostgreSQL alone is asked), `securing` while the handshake goes on,
 * `talking` while it says what it has to and waits for the answer.
 */
type Phase = "connecting" | "asking" | "securing" | "talking";

class Check implements RunningCheck {
  readonly #spec: CheckSpec;
  readonly #approach: ReadyApproach;
  readonly #runtime: Pick<Runtime, "descriptorsExhausted">;
  readonly #timeoutMs: number;
  readonly #owner: CheckOwner;
  #judged = false;
  #gone = false;
  #socket: Socket | null = null;
  /** Takes the place of the socket below it. */
  #secure: TLSSocket | null = null;
  #timer: ReturnType<typeof setTimeout>;
  #phase: Phase = "connecting";
  #dialogue: CheckDialogue | undefined;
  #answer = new Uint8Array(0);
  #error: unknown;
  readonly #listeners = {
    data: (bytes: Uint8Array): void => this.#received(bytes),
    close: (): void => this.#closed(),
  };

  constructor(
    address: SocketAddress,
    spec: CheckSpec,
    timeoutMs: number,
    runtime: Pick<Runtime, "descriptorsExhausted">,
    owner: CheckOwner,
    approach: ReadyApproach,
  ) {
    this.#spec = spec;
    this.#approach = approach;
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#timedOut(), timeoutMs);
    this.#timer.unref();
    try {
      const to = "unix" in address ? { path: address.unix } : { host: address.host, port: address.port };
      this.#socket = connect(to);
      this.#socket.on("connect", () => this.#opened());
      this.#hear(this.#socket);
    } catch (error) {
      // A port or path that no socket can have is judged at once; the outcome is told later, like any other.
      this.#error = error;
      queueMicrotask(() => this.#closed());
    }
  }

  cancel(): void {
    this.#judged = true;
    this.#release();
  }

  #hear(socket: Socket): void {
    socket.on("data", this.#listeners.data);
    // What comes after the verdict, such as a complaint about a missing client certificate, changes nothing.
    socket.on("error", (error) => (this.#error = error));
    socket.on("close", this.#listeners.close);
  }

  #opened(): void {
    const { header, tls } = this.#approach;
    if (header !== undefined) this.#socket?.write(header);
    const { kind } = this.#spec;
    if (kind === "postgres" && tls !== undefined) this.#say("asking", postgresTlsDialogue());
    else if (kind === "tls" || tls !== undefined) this.#beginTls();
    else this.#talk();
  }

  #beginTls(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#phase = "securing";
    this.#answer = new Uint8Array(0);
    // From here everything is told by the socket above it, its end too.
    socket.off("data", this.#listeners.data).off("close", this.#listeners.close);
    try {
      const { tls } = this.#approach;
      const name = this.#spec.kind === "tls" ? this.#spec.serverName : undefined;
      this.#secure = tls === undefined ? beginUnjudged(socket, name) : tls.begin(socket);
    } catch (error) {
      this.#finish({ bad: `Cannot begin TLS: ${asError(error).message}` });
      return;
    }
    // Not told of a certificate that must not be believed: that is an error.
    this.#secure.on("secureConnect", () => this.#talk());
    this.#hear(this.#secure);
  }

  #talk(): void {
    if (this.#judged) return;
    const dialogue = dialogueOf(this.#spec);
    if (dialogue === undefined) this.#finish("good");
    else this.#say("talking", dialogue);
  }

  #say(phase: Phase, dialogue: CheckDialogue): void {
    this.#phase = phase;
    this.#dialogue = dialogue;
    if (dialogue.send !== undefined) (this.#secure ?? this.#socket)?.write(dialogue.send);
  }

  #received(bytes: Uint8Array): void {
    const room = MAX_ANSWER_BYTES - this.#answer.length;
    const answer = new Uint8Array(this.#answer.length + Math.min(bytes.length, room));
    answer.set(this.#answer);
    answer.set(bytes.subarray(0, room), this.#answer.length);
    this.#answer = answer;
    if (this.#judged) {
      if (bytes.length > room) this.#release(); // It goes on talking although we said goodbye.
    } else if (this.#dialogue !== undefined) {
      const verdict = judgeAnswer(this.#dialogue, answer);
      if (verdict === "good" && this.#phase === "asking") this.#beginTls();
      else if (verdict !== "more") this.#finish(verdict);
    }
  }

  #closed(): void {
    if (this.#judged) this.#release();
    else if (this.#phase === "connecting" && this.#lacked()) this.#finish("shortage");
    else this.#finish({ bad: this.#whyClosed() });
  }

  #lacked(): boolean {
    return isOwnShortage(this.#error) || this.#runtime.descriptorsExhausted();
  }

  #timedOut(): void {
    if (this.#judged) return this.#release();
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    if (this.#phase === "connecting") this.#finish({ bad: `No connection ${within}` });
    else if (this.#phase === "securing") this.#finish({ bad: `No TLS handshake ${within}` });
    else if (this.#answer.length === 0) this.#finish({ bad: `No answer ${within}` });
    else this.#finish({ bad: `No verdict ${within}: ${quoteAnswer(this.#answer)}` });
  }

  /** Tells the outcome. A backend that works is left politely, any other at once. */
  #finish(outcome: CheckOutcome): void {
    this.#judged = true;
    clearTimeout(this.#timer);
    const socket = this.#secure ?? this.#socket;
    if (outcome === "good" && socket !== null && !socket.destroyed) {
      socket.end();
      this.#timer = setTimeout(() => this.#release(), GOODBYE_MS);
      this.#timer.unref();
    } else {
      this.#release();
    }
    this.#owner.judged(outcome);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#secure?.destroy();
    this.#secure = null;
    this.#socket?.destroy();
    this.#socket = null;
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.gone();
  }

  #whyClosed(): string {
    const code = this.#describeError();
    if (this.#phase === "connecting") return `Cannot connect: ${code ?? "closed"}`;
    if (this.#phase === "securing") return `TLS handshake failed: ${code ?? "closed"}`;
    const after = this.#answer.length === 0 ? "before an answer" : `after ${quoteAnswer(this.#answer)}`;
    return code === undefined ? `Connection closed ${after}` : `Connection lost ${after}: ${code}`;
  }

  #describeError(): string | undefined {
    const error = this.#error;
    const code = errorCode(error);
    if (code === undefined) return error === undefined ? undefined : String(error);
    return isTlsError(error) ? describeTlsError(code, error, this.#approach.tls?.verified) : code;
  }
}

/** What to say and hear; nothing for checks that a connection or a handshake passes. */
function dialogueOf(spec: CheckSpec): CheckDialogue | undefined {
  switch (spec.kind) {
    case "tcp":
    case "tls":
      return undefined;
    case "postgres":
      return postgresDialogue(spec.user);
    case "redis":
      return redisDialogue();
    case "mysql":
      return mysqlDialogue();
    case "nats":
      return natsDialogue();
    case "exchange":
      return exchangeDialogue(spec.send, spec.expect);
  }
}
