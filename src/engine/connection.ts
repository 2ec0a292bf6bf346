// The life of one connection, top to bottom: admitted → dialling, one target after the other → piping → ended, with
// one close reason, one access record and one set of counters. The client's bytes wait in the pipe until a backend is
// there. Matching and refusing happen before (`listener.ts`), so that a refused client costs less than an accepted one.

import { type TimerWheel, WheelEntry } from "../base/timer-wheel.ts";
import type { Log } from "../observe/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CloseReason } from "../socket/close-reason.ts";
import type { DirectReader } from "../socket/direct-reader.ts";
import { Pipe, type PipeOwner } from "../socket/pipe.ts";
import type { Socket } from "../socket/socket.ts";
import type { EngineCounters } from "./counters.ts";
import { Dial, type Dialling } from "./dial.ts";
import { clientAddress, refusalOf } from "./peer.ts";
import type { Choice } from "./pool.ts";
import type { Route } from "./route.ts";
import type { ConnectionSnapshot } from "./snapshot.ts";
import { attemptKey, type Target } from "./target.ts";
import type { RouteTimeouts } from "../resource/route.ts";

/** Targets that share the connect timeout: with more, each would get too little of it for a slow but healthy one. */
const SHARED_ATTEMPTS = 3;

/**
 * The share of the connection limit that dials to one target may hold which were given up and cannot be cancelled: a target
 * that never answers must not use up what the others need.
 */
const ABANDONED_SHARE = 0.25;

/** The least an attempt is given, in milliseconds: one lost SYN is sent again after a second. */
const LEAST_ATTEMPT_MS = 1_500;

/** What every connection of an engine shares. */
export interface Services {
  readonly runtime: Runtime;
  readonly log: Log;
  readonly wheel: TimerWheel;
  readonly reader: DirectReader | null;
  /** Live connections by id, in the order they were accepted. */
  readonly connections: Map<number, Connection>;
  readonly counters: EngineCounters;
}

/** Takes over an admitted client and dials for it. */
export function serveConnection(
  client: Socket,
  route: Route,
  listener: string,
  portOffset: number,
  services: Services,
): void {
  new Connection(client, route, listener, portOffset, services).begin();
}

export class Connection extends WheelEntry implements PipeOwner, Dialling {
  readonly id: number;
  readonly route: Route;
  readonly listener: string;
  /** `address:port`, read while the socket is open: it is gone when the connection is logged. */
  readonly client: string;
  /** Monotonic milliseconds. */
  readonly openedMs: number;
  readonly pipe: Pipe;
  /** The target that is being dialled or is connected. */
  target: Target | null = null;

  readonly #services: Services;
  readonly #timeouts: RouteTimeouts;
  readonly #portOffset: number;
  #dial: Dial | null = null;
  #tried: Set<string> | null = null;
  #attemptDueMs = 0;
  #connectMs = -1;

  constructor(client: Socket, route: Route, listener: string, portOffset: number, services: Services) {
    super();
    this.#services = services;
    this.id = ++services.counters.accepted;
    this.route = route;
    this.listener = listener;
    this.client = clientAddress(client);
    this.openedMs = performance.now();
    this.#timeouts = route.plan.timeouts;
    this.#portOffset = portOffset;
    this.pipe = new Pipe(client, this);
  }

  /** Counts it as live and dials the first target. */
  begin(): void {
    this.#services.wheel.hold();
    this.route.connectionsActive++;
    this.#services.connections.set(this.id, this);
    this.#dialNext();
  }

  /** The client's address alone, for matching. */
  get clientHost(): string {
    return this.client.slice(0, this.client.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  }

  get clock(): { readonly nowMs: number } {
    return this.#services.wheel;
  }

  get reader(): DirectReader | null {
    return this.#services.reader;
  }

  /** Resets both sides. */
  abort(reason: CloseReason): void {
    this.pipe.abort(reason);
  }

  // --- dialling ---------------------------------------------------------------------------------------------------

  #dialNext(): void {
    const { pool } = this.route;
    const { connectionLimit } = this.#services.counters;
    const choice = pool.pick(this.#tried, connectionLimit * ABANDONED_SHARE);
    if (choice !== undefined) {
      this.#dialTo(choice);
    } else if (this.#tried === null && pool.whenResolved(() => this.#resolved())) {
      this.#attemptDueMs = this.#connectDueMs();
      this.deadlineChanged();
    } else {
      this.abort("no-backend");
    }
  }

  #resolved(): void {
    if (this.pipe.reason === null && this.#dial === null) this.#dialNext();
  }

  #dialTo(choice: Choice): void {
    const { runtime, counters } = this.#services;
    const { target, address } = choice;
    const dial = new Dial(choice, this, counters);
    this.#dial = dial;
    this.target = target;
    target.connectionsActive++;
    this.#attemptDueMs = this.#nextAttemptDueMs();
    this.deadlineChanged();
    runtime.connect(target.socketAddress(address, this.#portOffset), dial);
  }

  reached(dial: Dial, socket: Socket): void {
    const { target } = dial.choice;
    this.#dial = null;
    this.#tried = null;
    this.#connectMs = performance.now() - this.openedMs;
    target.lastError = undefined;
    target.connectionsTotal++;
    this.route.connectSeconds.observe(this.#connectMs / 1000);
    this.pipe.join(socket);
    this.deadlineChanged();
  }

  failedToReach(dial: Dial, error: Error): void {
    this.#attemptFailed(dial, refusalOf(error), error.message);
  }

  #attemptFailed(dial: Dial, reason: CloseReason, message: string): void {
    const { target, address } = dial.choice;
    const { log, wheel } = this.#services;
    this.#dial = null;
    this.target = null;
    target.connectionsActive--;
    target.dialFailures++;
    if (target.noteFailure(message, wheel.nowMs)) {
      const fields = { route: this.route.plan.name, backend: target.plan.address, address, reason };
      log.write("warn", "dial-failed", `Cannot reach backend "${target.plan.address}": ${message}`, fields);
    }
    this.#tried ??= new Set();
    this.#tried.add(attemptKey(target, address));
    const late = performance.now() >= this.#connectDueMs();
    if (late || this.route.pool.remaining(this.#tried) === 0) this.abort(reason);
    else this.#dialNext();
  }

  #connectDueMs(): number {
    const { connectMs } = this.#timeouts;
    return connectMs === 0 ? Number.POSITIVE_INFINITY : this.openedMs + connectMs;
  }

  /** An equal part of what is left of the connect timeout, so that a silent target leaves time for the next one. */
  #nextAttemptDueMs(): number {
    const dueMs = this.#connectDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return dueMs;
    const now = performance.now();
    const shares = Math.min(this.route.pool.remaining(this.#tried), SHARED_ATTEMPTS);
    return Math.min(dueMs, now + Math.max((dueMs - now) / Math.max(shares, 1), LEAST_ATTEMPT_MS));
  }

  // --- deadlines --------------------------------------------------------------------------------------------------

  deadlineChanged(): void {
    // Joining two sockets may end them at once; an ended connection must not be scheduled again.
    if (this.pipe.closed) return;
    const { lifetimeMs } = this.#timeouts;
    let due = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : this.openedMs + lifetimeMs;
    if (this.pipe.outbound === null) due = Math.min(due, this.#attemptDueMs);
    else due = Math.min(due, this.pipe.deadline(this.#timeouts) || Number.POSITIVE_INFINITY);
    // One that is scheduled earlier finds out when it fires: a short connection is linked into the wheel only once.
    if (this.nextEntry !== null && this.dueMs <= due) return;
    if (due !== Number.POSITIVE_INFINITY) this.#services.wheel.schedule(this, due);
  }

  override expired(nowMs: number): void {
    const { lifetimeMs } = this.#timeouts;
    if (lifetimeMs !== 0 && nowMs >= this.openedMs + lifetimeMs) {
      this.abort("max-lifetime");
    } else if (this.pipe.outbound !== null) {
      const reason = this.pipe.overdue(nowMs, this.#timeouts);
      if (reason === null) this.deadlineChanged();
      else this.abort(reason);
    } else if (nowMs < this.#attemptDueMs) {
      this.deadlineChanged();
    } else if (this.#dial === null) {
      this.abort("no-backend");
    } else {
      const dial = this.#dial;
      dial.abandon();
      this.#attemptFailed(dial, "dial-timeout", "No answer within the connect timeout");
    }
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  pipeFailed(error: Error): void {
    const { log } = this.#services;
    log.write("error", "internal", error.message, { id: String(this.id), stack: error.stack });
  }

  pipeClosed(reason: CloseReason): void {
    const { route, target, pipe } = this;
    const { wheel, connections, log } = this.#services;
    wheel.cancel(this);
    wheel.release();
    this.#dial?.abandon();
    this.#dial = null;
    connections.delete(this.id);
    const durationMs = performance.now() - this.openedMs;
    const bytesIn = pipe.inbound.bytes;
    const bytesOut = pipe.outbound === null ? 0 : pipe.outbound.bytes;
    if (target !== null) target.connectionsActive--;
    route.connectionsActive--;
    route.bytesIn += bytesIn;
    route.bytesOut += bytesOut;
    route.connectionSeconds.observe(durationMs / 1000);
    route.countEnd(reason);
    if (!log.access) return;
    log.connection({
      id: String(this.id),
      route: route.plan.name,
      listener: this.listener,
      client: this.client,
      backend: target === null ? undefined : target.plan.address,
      bytesIn,
      bytesOut,
      durationMs,
      connectMs: this.#connectMs < 0 ? undefined : this.#connectMs,
      reason,
    });
  }

  snapshot(): ConnectionSnapshot {
    const { pipe, target } = this;
    const now = performance.now();
    return {
      id: String(this.id),
      route: this.route.plan.name,
      listener: this.listener,
      client: this.client,
      ...(target === null || pipe.outbound === null ? {} : { backend: target.plan.address }),
      openedAt: new Date(Date.now() - (now - this.openedMs)).toISOString(),
      durationMs: Math.round(now - this.openedMs),
      idleMs: Math.max(0, Math.round(now - pipe.activeMs)),
      bytesIn: pipe.inbound.bytes,
      bytesOut: pipe.outbound === null ? 0 : pipe.outbound.bytes,
    };
  }
}
