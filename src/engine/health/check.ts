// One check of one address: connect, ask, judge, say goodbye. On `node:net` and `node:tls` instead of the runtime's own
// sockets, because a dial that is given up has to be gone at once: one that hangs on would hold a descriptor for minutes, and
// the next check would have to wait for it. Knows neither how often to check nor what follows from the outcome.

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { formatDuration } from "../../base/duration.ts";
import { parseIp } from "../../base/ip.ts";
import type { CheckSpec } from "../../resource/health.ts";
import { errorCode } from "../../runtime/error-code.ts";
import { isOwnShortage } from "../../runtime/own-shortage.ts";
import type { Runtime, SocketAddress } from "../../runtime/runtime.ts";
import { type CheckDialogue, judgeAnswer, MAX_ANSWER_BYTES, quoteAnswer } from "../../wire/check-dialogue.ts";
import { exchangeDialogue } from "../../wire/check/exchange.ts";
import { mysqlDialogue } from "../../wire/check/mysql.ts";
import { natsDialogue } from "../../wire/check/nats.ts";
import { postgresDialogue } from "../../wire/check/postgres.ts";
import { redisDialogue } from "../../wire/check/redis.ts";

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

/** Checks once, now. */
export function runCheck(
  address: SocketAddress,
  spec: CheckSpec,
  timeoutMs: number,
  runtime: Pick<Runtime, "descriptorsExhausted">,
  owner: CheckOwner,
): RunningCheck {
  return new Check(address, spec, timeoutMs, runtime, owner);
}

class Check implements RunningCheck {
  readonly #runtime: Pick<Runtime, "descriptorsExhausted">;
  readonly #timeoutMs: number;
  readonly #dialogue: CheckDialogue | undefined;
  readonly #owner: CheckOwner;
  #judged = false;
  #gone = false;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout>;
  #connected = false;
  #answer = new Uint8Array(0);
  #error: unknown;

  constructor(
    address: SocketAddress,
    spec: CheckSpec,
    timeoutMs: number,
    runtime: Pick<Runtime, "descriptorsExhausted">,
    owner: CheckOwner,
  ) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.#dialogue = dialogueOf(spec);
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#timedOut(), timeoutMs);
    this.#timer.unref();
    try {
      this.#listen(dial(address, spec), spec);
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

  #listen(socket: Socket, spec: CheckSpec): void {
    this.#socket = socket;
    socket.on("connect", () => this.#opened(spec));
    socket.on("secureConnect", () => this.#finish("good"));
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    // What comes after the verdict, such as a complaint about a missing client certificate, changes nothing.
    socket.on("error", (error) => (this.#error = error));
    socket.on("close", () => this.#closed());
  }

  #opened(spec: CheckSpec): void {
    this.#connected = true;
    if (spec.kind === "tcp") this.#finish("good");
    else if (this.#dialogue?.send !== undefined) this.#socket?.write(this.#dialogue.send);
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
      if (verdict !== "more") this.#finish(verdict);
    }
  }

  #closed(): void {
    if (this.#judged) this.#release();
    else if (!this.#connected && this.#lacked()) this.#finish("shortage");
    else this.#finish({ bad: this.#whyClosed() });
  }

  #lacked(): boolean {
    return isOwnShortage(this.#error) || this.#runtime.descriptorsExhausted();
  }

  #timedOut(): void {
    if (this.#judged) return this.#release();
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    if (!this.#connected) this.#finish({ bad: `No connection ${within}` });
    else if (this.#dialogue === undefined) this.#finish({ bad: `No TLS handshake ${within}` });
    else if (this.#answer.length === 0) this.#finish({ bad: `No answer ${within}` });
    else this.#finish({ bad: `No verdict ${within}: ${quoteAnswer(this.#answer)}` });
  }

  /** Tells the outcome. A backend that works is left politely, any other at once. */
  #finish(outcome: CheckOutcome): void {
    this.#judged = true;
    clearTimeout(this.#timer);
    if (outcome === "good" && this.#socket !== null && !this.#socket.destroyed) {
      this.#socket.end();
      this.#timer = setTimeout(() => this.#release(), GOODBYE_MS);
      this.#timer.unref();
    } else {
      this.#release();
    }
    this.#owner.judged(outcome);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#socket = null;
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.gone();
  }

  #whyClosed(): string {
    const code = errorCode(this.#error) ?? (this.#error === undefined ? undefined : String(this.#error));
    if (!this.#connected) return `Cannot connect: ${code ?? "closed"}`;
    if (this.#dialogue === undefined) return `TLS handshake failed: ${code ?? "closed"}`;
    const after = this.#answer.length === 0 ? "before an answer" : `after ${quoteAnswer(this.#answer)}`;
    return code === undefined ? `Connection closed ${after}` : `Connection lost ${after}: ${code}`;
  }
}

function dial(address: SocketAddress, spec: CheckSpec): Socket {
  const to = "unix" in address ? { path: address.unix } : { host: address.host, port: address.port };
  if (spec.kind !== "tls") return connectTcp(to);
  const { serverName } = spec;
  // Server names are names: an IP address must not be sent as one (RFC 6066, 3).
  const name = serverName === undefined || parseIp(serverName) !== undefined ? {} : { servername: serverName };
  return connectTls({ ...to, ...name, rejectUnauthorized: false });
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
