// One bound address: accepts, finds the route, refuses cheaply or starts a connection. A bind that fails is tried again
// until it succeeds or the listener is no longer wanted. Which routes it serves is swapped by one assignment.

import { lookupCidr } from "../base/cidr-map.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { parseIp } from "../base/ip.ts";
import type { ClientFacts } from "./hello/client-facts.ts";
import type { HelloPlan, ListenerPlan } from "../plan/plan.ts";
import type { Listening } from "../runtime/runtime.ts";
import type { Socket, SocketOwner } from "../socket/socket.ts";
import { LIMITED, NO_ROUTE, type Refusal } from "./limit/refusal.ts";
import { room } from "./connection/connection-limit.ts";
import { Course } from "./course.ts";
import { type Arrival, serveConnection } from "./connection/connection.ts";
import { clientAddress } from "./connection/peer.ts";
import { recordRefusal } from "./connection/refuse.ts";
import { receiveClient } from "./hello/reception.ts";
import { PostgresSessions } from "./postgres-sessions.ts";
import { NO_TICKET, type Route, type RunningEntry } from "./route.ts";
import { Visitor } from "./policy/visitor.ts";
import type { Services } from "./services.ts";
import type { ListenerSnapshot } from "./snapshot.ts";

/** Between attempts to bind, in milliseconds. Ports are usually freed by somebody who is restarting just now. */
const REBIND_MS = 1_000;

/** A full gateway says so once per interval, in milliseconds, not once per refused client. */
const FULL_WARN_INTERVAL_MS = 10_000;

/**
 * The share of the connection limit that clients may hold whose route is not known yet. Beyond it the one that has been
 * at it longest goes: whoever means to connect has said so within milliseconds.
 */
const RECEIVED_SHARE = 0.5;

export class Listener implements SocketOwner {
  readonly name: string;
  #plan: ListenerPlan;
  #entries: readonly RunningEntry[];
  readonly sessions = new PostgresSessions();
  removed = false;
  readonly #services: Services;
  #listening: Listening | null = null;
  #error: GatewayError | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(plan: ListenerPlan, entries: readonly RunningEntry[], services: Services) {
    this.name = plan.name;
    this.#plan = plan;
    this.#entries = entries;
    this.#services = services;
  }

  get plan(): ListenerPlan {
    return this.#plan;
  }

  get entries(): readonly RunningEntry[] {
    return this.#entries;
  }

  get bound(): boolean {
    return this.#listening !== null;
  }

  /** Whether the last attempt to bind it failed. */
  get hasFailed(): boolean {
    return this.#error !== null;
  }

  /** Whether it has this very plan, with these routes. */
  isServing(plan: ListenerPlan, routes: ReadonlyMap<string, Route>): boolean {
    return (
      this.#plan === plan &&
      this.#entries.every(({ route }, index) => {
        const name = plan.entries[index]?.route;
        return name !== undefined && routes.get(name) === route;
      })
    );
  }

  /** Serves other routes from the next connection on. */
  update(plan: ListenerPlan, entries: readonly RunningEntry[]): void {
    this.#plan = plan;
    this.#entries = entries;
  }

  /** Tries to bind; true when it listens. On failure the reason is in the snapshot. */
  async bind(): Promise<boolean> {
    try {
      const listening = await this.#listen();
      if (this.#closed) listening.stop();
      else this.#listening = listening;
      this.#error = null;
      return true;
    } catch (error) {
      this.#error = error instanceof GatewayError ? error : new GatewayError("internal", String(error), error);
      return false;
    }
  }

  /** Warns that it is not bound and tries again every second until it is or is closed. */
  keepTrying(): void {
    const { log } = this.#services;
    const message = this.#error?.message ?? `Cannot listen on ${this.name}`;
    log.write("warn", "listen-failed", `${message}; trying again`, { listener: this.name });
    const again = async (): Promise<void> => {
      this.#retry = null;
      if (this.#closed) return;
      if (await this.bind()) log.write("info", "listening", `Listening on ${this.name}`, { listener: this.name });
      else this.#schedule(again);
    };
    this.#schedule(again);
  }

  /** Closes it for good: no plan has it any more. */
  remove(): void {
    this.removed = true;
    this.close();
  }

  /** Stops accepting; live connections are not touched. */
  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#listening?.stop();
    this.#listening = null;
  }

  snapshot(): ListenerSnapshot {
    const proxyFrom = this.#plan.hello?.proxy?.from.size ?? 0;
    return {
      name: this.name,
      port: this.#listening?.port ?? this.#plan.port,
      state: this.#listening === null ? "failed" : "listening",
      ...(this.#error === null ? {} : { error: this.#error.message, errorCode: this.#error.code }),
      routes: this.#entries.map((entry) => entry.route.plan.name),
      ...(proxyFrom === 0 ? {} : { proxyFrom }),
    };
  }

  #schedule(again: () => Promise<void>): void {
    this.#retry = setTimeout(() => void again(), REBIND_MS);
    this.#retry.unref();
  }

  async #listen(): Promise<Listening> {
    const { runtime } = this.#services;
    const { host, port } = this.#plan;
    if (host !== undefined) return runtime.listen({ host, port }, this);
    try {
      return await runtime.listen({ host: "::", port }, this);
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : undefined;
      // A machine without IPv6 has no "::"; everything it has is IPv4.
      if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
      return runtime.listen({ host: "0.0.0.0", port }, this);
    }
  }

  // --- accepting --------------------------------------------------------------------------------------------------

  opened(socket: Socket): void {
    const { hello } = this.#plan;
    if (hello !== undefined) return this.#receive(socket, hello);
    const entry = this.#entryFor(socket);
    if (entry === undefined) return this.#refuse(socket, undefined, NO_ROUTE);
    const { route, portOffset } = entry;
    const admitted = this.#hasRoom() ? route.admit(socket.remoteAddress) : LIMITED.gateway;
    if (typeof admitted !== "number") return this.#refuse(socket, route, admitted);
    const facts = route.hasCourse ? this.#factsOf(socket) : null;
    const course = facts === null ? null : new Course(route, new Visitor(facts, socket), this.#services);
    if (course !== null && facts !== null) facts.policy = course.note;
    const pool = course === null ? (route.choosePool() ?? route.refusal) : course.begin();
    if ("reason" in pool) {
      if (admitted !== NO_TICKET) route.admission?.leave(admitted);
      return this.#refuse(socket, route, pool, facts);
    }
    const arrival: Arrival = {
      route,
      pool,
      course,
      ticket: admitted,
      admission: route.admission,
      listener: this.name,
      portOffset,
      facts,
      received: null,
      sessions: null,
      target: null,
    };
    serveConnection(socket, arrival, this.#services);
  }

  #receive(socket: Socket, hello: HelloPlan): void {
    const { receptions, counters } = this.#services;
    if (!this.#hasRoom()) return this.#refuse(socket, undefined, LIMITED.gateway);
    if (receptions.size >= counters.connectionLimit * RECEIVED_SHARE) {
      const [oldest] = receptions;
      oldest?.abort(LIMITED.gateway);
    }
    receiveClient(socket, this, hello, this.#services);
  }

  #entryFor(socket: Socket): RunningEntry | undefined {
    const { bySource, fallback } = this.#plan;
    if (bySource === undefined) return this.#entries[fallback];
    const ip = socket.remoteAddress === undefined ? undefined : parseIp(socket.remoteAddress);
    const at = ip === undefined ? -1 : lookupCidr(bySource, ip);
    return this.#entries[at === -1 ? fallback : at];
  }

  /** Whether there are descriptors for another connection; when not, that is said from time to time. */
  #hasRoom(): boolean {
    if (room(this.#services) > 0) return true;
    const { counters } = this.#services;
    const nowMs = performance.now();
    if (nowMs - counters.fullWarnedMs > FULL_WARN_INTERVAL_MS) {
      counters.fullWarnedMs = nowMs;
      this.#warnFull();
    }
    return false;
  }

  #warnFull(): void {
    const { connections, counters, monitor, log } = this.#services;
    const { connectionLimit: limit, abandonedDials, besideDials, greeting } = counters;
    const used = { connections: connections.size, greeting, checks: monitor.sockets, abandonedDials, besideDials };
    const beside = `${greeting} clients without a route yet, ${used.checks} checks, ${abandonedDials} dials that were given up, ${besideDials} to a second address`;
    const message = `Refusing clients: descriptors for ${limit} connections are in use: ${used.connections} connections, ${beside}`;
    log.write("warn", "connections-full", message, { limit, ...used });
  }

  /** What is to be known of a client whose address is enough. */
  #factsOf(socket: Socket): ClientFacts {
    const id = ++this.#services.counters.accepted;
    return { id, openedMs: performance.now(), client: clientAddress(socket), host: socket.remoteAddress };
  }

  #refuse(socket: Socket, route: Route | undefined, refusal: Refusal, facts: ClientFacts | null = null): void {
    const id = facts === null ? ++this.#services.counters.accepted : facts.id;
    const who = { id, listener: this.name, client: clientAddress(socket), durationMs: 0, facts };
    recordRefusal(this.#services, route, refusal, who);
    socket.terminate();
  }

  // Events of a socket that was refused: it stays ours until it is closed. Nothing is left to do for it.
  received(): void {}
  writable(): void {}
  ended(): void {}
  closed(): void {}

  failed(error: Error): void {
    const { log } = this.#services;
    log.write("error", "internal", error.message, { listener: this.name, stack: error.stack });
  }
}
