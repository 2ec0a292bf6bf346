// The life of one connection, top to bottom: admitted → dialling (`dialler.ts`) → piping → ended, with one close reason,
// one access record and one set of counters. The client's bytes wait in the pipe until a backend is there. Matching and
// refusing happen before (`listener.ts`), so that a refused client costs less than an accepted one.

import { WheelEntry } from "../../base/timer-wheel.ts";
import type { RouteTimeouts } from "../../resource/route.ts";
import type { CloseReason } from "../../socket/close-reason.ts";
import type { DirectReader } from "../../socket/direct-reader.ts";
import { Pipe, type PipeOwner } from "../../socket/pipe.ts";
import type { Socket } from "../../socket/socket.ts";
import type { Bandwidth } from "../bandwidth.ts";
import type { DiallerOwner } from "./dial-wish.ts";
import { Dialler } from "./dialler.ts";
import type { Course } from "../course.ts";
import type { Admission } from "../limit/admission.ts";
import type { Refusal } from "../limit/refusal.ts";
import type { ClientFacts } from "../hello/client-facts.ts";
import { type PostgresSessions, SessionWatch } from "../postgres-sessions.ts";
import type { Introduction } from "./introduction.ts";
import { introductionTo } from "./introduction-of.ts";
import { clientAddress, hostOf } from "./peer.ts";
import type { Pool } from "../pool/pool.ts";
import { NO_TICKET, type Route } from "../route.ts";
import type { LiveConnection, Services } from "../services.ts";
import type { ConnectionSnapshot } from "../snapshot.ts";
import type { Target } from "../pool/target.ts";

/** How a client came in. */
export interface Arrival {
  readonly route: Route;
  /** Chosen for this client. */
  readonly pool: Pool;
  /** What has chosen the pool, and goes on when that has nobody for it; `null`: the route alone. */
  readonly course: Course | null;
  /** Of the route's `admit`. */
  readonly ticket: number;
  /** What gave out the ticket: a reload may have given the route another one, or taken its limits away. */
  readonly admission: Admission | null;
  readonly listener: string;
  /** Added to the first port of a backend with a range. */
  readonly portOffset: number;
  /** What it said before its route was known; `null` where only its address was asked for. */
  readonly facts: ClientFacts | null;
  /** What was read of it and belongs to the backend; `null`: nothing was read. */
  readonly received: Uint8Array | null;
  /** Where its PostgreSQL session is to be findable; `null`: it has none. */
  readonly sessions: PostgresSessions | null;
  /** The only target that will do; `null`: any of the route's. */
  readonly target: Target | null;
}

/** Takes over an admitted client and dials for it. */
export function serveConnection(client: Socket, arrival: Arrival, services: Services): void {
  new Connection(client, arrival, services).begin(arrival.received);
}

/** What a connection keeps of a client that had something to say before its route was known. */
class Received {
  readonly facts: ClientFacts;
  readonly admittedMs: number;
  /** Once a PostgreSQL session is under way. */
  session: { close(): void } | null = null;
  readonly #sessions: PostgresSessions | null;
  readonly #portOffset: number;

  constructor(facts: ClientFacts, { sessions, portOffset }: Arrival, admittedMs: number) {
    this.facts = facts;
    this.admittedMs = admittedMs;
    this.#sessions = sessions;
    this.#portOffset = portOffset;
  }

  /** Makes the session on `target` findable; what is to see its bytes, besides `bandwidth`, or `null`. */
  watchSession(
    { route, client }: Connection,
    pool: Pool,
    target: Target,
    bandwidth: Bandwidth | null,
  ): SessionWatch | null {
    if (this.#sessions === null) return null;
    const owner = { route, pool, target, portOffset: this.#portOffset };
    if (this.facts.postgresTls === true) {
      this.session = this.#sessions.addSealed(client, owner);
      return null;
    }
    const watch = new SessionWatch(this.#sessions, owner, bandwidth);
    this.session = watch;
    return watch;
  }
}

class Connection extends WheelEntry implements LiveConnection, PipeOwner, DiallerOwner {
  readonly id: number;
  readonly route: Route;
  readonly listener: string;
  /** `address:port`, read while the socket is open: it is gone when the connection is logged. */
  readonly client: string;
  /** Monotonic milliseconds. */
  readonly openedMs: number;
  readonly pipe: Pipe;
  target: Target | null = null;

  readonly #services: Services;
  readonly #timeouts: RouteTimeouts;
  /** Whose target it is connected to. */
  #pool: Pool;
  readonly #ticket: number;
  readonly #admission: Admission | null;
  /** In one place, which most connections do not have: each field of ours is paid for by every idle one. */
  readonly #received: Received | null;
  #dialler: Dialler | null;
  #connectMs = -1;
  /** Why it got no backend. */
  #refusal: Refusal | null = null;

  constructor(client: Socket, arrival: Arrival, services: Services) {
    super();
    const { route, pool, course, ticket, listener, portOffset, facts, target: pinned } = arrival;
    this.#ticket = ticket;
    this.#admission = ticket === NO_TICKET ? null : arrival.admission;
    this.#services = services;
    this.id = facts === null ? ++services.counters.accepted : facts.id;
    this.route = route;
    this.listener = listener;
    this.client = facts === null ? clientAddress(client) : facts.client;
    const nowMs = performance.now();
    this.openedMs = facts === null ? nowMs : facts.openedMs;
    this.#received = facts === null ? null : new Received(facts, arrival, nowMs);
    this.#timeouts = route.plan.timeouts;
    this.#pool = pool;
    this.#dialler = new Dialler(this, { route, pool, course, plan: route.plan, portOffset, pinned }, services);
    this.pipe = new Pipe(client, this);
  }

  /** Counts it as live and looks for a backend; `received` is what it sent before. */
  begin(received: Uint8Array | null): void {
    this.#services.wheel.hold();
    this.route.connectionsActive++;
    this.#services.connections.set(this.id, this);
    if (received !== null && received.length > 0) this.pipe.inbound.received(received);
    this.#dialler?.next();
  }

  get sni(): string | undefined {
    return this.#received?.facts.serverName;
  }

  get clientHost(): string {
    return hostOf(this.client);
  }

  get clock(): { readonly nowMs: number } {
    return this.#services.wheel;
  }

  get reader(): DirectReader | null {
    return this.#services.reader;
  }

  abort(reason: CloseReason): void {
    this.pipe.abort(reason);
  }

  /** When its route was known and a backend was looked for; monotonic milliseconds. */
  get #admittedMs(): number {
    return this.#received === null ? this.openedMs : this.#received.admittedMs;
  }

  // --- dialling ---------------------------------------------------------------------------------------------------

  introduce(target: Target, pool: Pool): Introduction | null | undefined {
    const { source } = this.pipe.inbound;
    return introductionTo(target, pool, this.route, source, this.id, this.#received?.facts ?? null, this.#services);
  }

  dialled(target: Target, pool: Pool, socket: Socket): void {
    this.#dialler = null;
    this.#pool = pool;
    this.target = target;
    this.#connectMs = performance.now() - this.#admittedMs;
    this.route.connectSeconds.observe(this.#connectMs / 1000);
    const { bandwidth } = this.route;
    this.pipe.join(socket, this.#received?.watchSession(this, pool, target, bandwidth) ?? bandwidth);
    this.deadlineChanged();
  }

  gaveUp(refusal: Refusal): void {
    this.#refusal = refusal;
    this.abort(refusal.reason);
  }

  // --- deadlines --------------------------------------------------------------------------------------------------

  deadlineChanged(): void {
    // Joining two sockets may end them at once; an ended connection must not be scheduled again.
    if (this.pipe.closed) return;
    const { lifetimeMs } = this.#timeouts;
    let due = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : this.openedMs + lifetimeMs;
    if (this.#dialler !== null) due = Math.min(due, this.#dialler.dueMs);
    else due = Math.min(due, this.pipe.deadline(this.#timeouts) || Number.POSITIVE_INFINITY);
    // One that is scheduled earlier finds out when it fires: a short connection is linked into the wheel only once.
    if (this.nextEntry !== null && this.dueMs <= due) return;
    if (due !== Number.POSITIVE_INFINITY) this.#services.wheel.schedule(this, due);
  }

  override expired(nowMs: number): void {
    const { lifetimeMs } = this.#timeouts;
    if (lifetimeMs !== 0 && nowMs >= this.openedMs + lifetimeMs) {
      this.abort("max-lifetime");
    } else if (this.#dialler === null) {
      const reason = this.pipe.overdue(nowMs, this.#timeouts);
      if (reason === null) this.deadlineChanged();
      else this.abort(reason);
    } else if (nowMs < this.#dialler.dueMs) {
      this.deadlineChanged();
    } else {
      this.#dialler.expired();
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
    this.#dialler?.cancel();
    this.#dialler = null;
    this.#received?.session?.close();
    connections.delete(this.id);
    const nowMs = performance.now();
    const durationMs = nowMs - this.openedMs;
    const bytesIn = pipe.inbound.bytes;
    const bytesOut = pipe.outbound === null ? 0 : pipe.outbound.bytes;
    if (target !== null) {
      const answered = bytesOut > 0 || (pipe.outbound !== null && pipe.outbound.pendingBytes > 0);
      this.#pool.ended(target, nowMs - this.#admittedMs - this.#connectMs, {
        answered,
        reset: reason === "backend-reset",
      });
    }
    this.#admission?.leave(this.#ticket);
    route.connectionsActive--;
    route.bytesIn += bytesIn;
    route.bytesOut += bytesOut;
    route.connectionSeconds.observe(durationMs / 1000);
    route.countEnd(reason, this.#refusal?.limit);
    if (!log.access) return;
    const facts = this.#received?.facts;
    log.connection({
      id: String(this.id),
      route: route.plan.name,
      listener: this.listener,
      client: this.client,
      backend: target === null ? undefined : target.backend.plan.address,
      bytesIn,
      bytesOut,
      durationMs,
      connectMs: this.#connectMs < 0 ? undefined : this.#connectMs,
      reason,
      limit: this.#refusal?.limit,
      detail: this.#refusal?.detail,
      sni: facts?.serverName,
      proxySource: facts?.proxySource,
      tls: facts?.tls,
      clientCert: facts?.certificate?.label,
      policy: facts?.policy,
    });
  }

  snapshot(): ConnectionSnapshot {
    const { pipe, target } = this;
    const { serverName, proxySource, tls, certificate } = this.#received?.facts ?? {};
    const now = performance.now();
    return {
      id: String(this.id),
      route: this.route.plan.name,
      listener: this.listener,
      client: this.client,
      ...(target === null || pipe.outbound === null ? {} : { backend: target.backend.plan.address }),
      ...(serverName === undefined ? {} : { sni: serverName }),
      ...(proxySource === undefined ? {} : { proxySource }),
      ...(tls === undefined ? {} : { tls }),
      ...(certificate === undefined ? {} : { clientCert: certificate.label }),
      openedAt: new Date(Date.now() - (now - this.openedMs)).toISOString(),
      durationMs: Math.round(now - this.openedMs),
      // By a coarse clock, which may be behind.
      idleMs: Math.round(Math.min(now - this.openedMs, Math.max(0, now - pipe.activeMs))),
      bytesIn: pipe.inbound.bytes,
      bytesOut: pipe.outbound === null ? 0 : pipe.outbound.bytes,
    };
  }
}
