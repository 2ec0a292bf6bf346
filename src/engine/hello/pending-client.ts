// A client that has no connection yet, and all that can become of it: it is served, its request to cancel is passed on, or
// it is refused, with one record and one set of counts. What it has to say first is read by `reception.ts`.

import { isDeepStrictEqual } from "node:util";
import { parseIp } from "../../base/ip.ts";
import { WheelEntry } from "../../base/timer-wheel.ts";
import type { HelloPlan, ListenerPlan, RoutePlan } from "../../plan/plan.ts";
import type { Socket } from "../../socket/socket.ts";
import { room } from "../connection/connection-limit.ts";
import { Course } from "../course.ts";
import type { TlsSeen } from "../policy/visitor-tls.ts";
import { Visitor } from "../policy/visitor.ts";
import { serveConnection } from "../connection/connection.ts";
import { clientAddress } from "../connection/peer.ts";
import { recordRefusal } from "../connection/refuse.ts";
import type { Admission } from "../limit/admission.ts";
import { DENIED_ADDRESS, DENIED_POLICY, isDenial, type Refusal } from "../limit/refusal.ts";
import type { PostgresSessions, SessionOwner } from "../postgres-sessions.ts";
import { NO_TICKET, type Route, type RunningEntry } from "../route.ts";
import type { Services } from "../services.ts";
import { CancelCopy } from "./cancel-copy.ts";
import type { ClientFacts } from "./client-facts.ts";
import { HelloBytes } from "./hello-bytes.ts";

/** The listener that accepted the client, as it is now: a reload may come while a client takes its time. */
export interface ReceptionHost {
  readonly name: string;
  readonly plan: ListenerPlan;
  readonly entries: readonly RunningEntry[];
  readonly sessions: PostgresSessions;
  /** No plan has it any more. */
  readonly removed: boolean;
}

/** `here`: it is being read. `leaving`: it was refused with an answer, or others pass on what it wants. `gone`: it is nobody's business any more here. */
type State = "here" | "leaving" | "gone";

export abstract class PendingClient extends WheelEntry {
  protected readonly services: Services;
  protected readonly host: ReceptionHost;
  protected readonly facts: ClientFacts;
  /** Read, and not passed on yet. */
  protected readonly bytes = new HelloBytes();
  /** Of its TLS, for policies; absent: it speaks none that is read. */
  protected seen: TlsSeen | undefined;
  /** The client's, or its TLS socket. */
  protected socket: Socket;
  /** The route that is known, and has let the client in as far as its address goes. */
  protected entry: RunningEntry | null = null;
  #state: State = "here";
  /** Of the routes found; only a client whose TLS ends here has any. */
  #plans: ReadonlyMap<Route, RoutePlan> | null = null;
  /** Where its request to cancel went; only one with several places to go to has any. */
  #copies: CancelCopy[] | null = null;
  #ticket = NO_TICKET;
  #admission: Admission | null = null;

  constructor(client: Socket, host: ReceptionHost, services: Services) {
    super();
    this.services = services;
    this.host = host;
    this.socket = client;
    const id = ++services.counters.accepted;
    const openedMs = performance.now();
    this.facts = { id, openedMs, client: clientAddress(client), host: client.remoteAddress };
    services.counters.greeting++;
    services.receptions.add(this);
  }

  /** Ends it from outside. */
  abort(refusal: Refusal): void {
    this.refuse(this.entry?.route, refusal);
  }

  protected get isHere(): boolean {
    return this.#state === "here";
  }

  protected get isLeaving(): boolean {
    return this.#state === "leaving";
  }

  protected get ip(): ReturnType<typeof parseIp> {
    const { host } = this.facts;
    return host === undefined ? undefined : parseIp(host);
  }

  /** Whether its listener still reads clients by `hello`; whom it chooses by what they say is another matter. */
  protected isReadBy(hello: HelloPlan): boolean {
    const { protocol = "tcp", proxy } = this.host.plan.hello ?? {};
    return !this.host.removed && protocol === hello.protocol && isDeepStrictEqual(proxy, hello.proxy);
  }

  /** What is left to choose from, with a handshake to come: see `isStill`. */
  protected found(entries: readonly RunningEntry[]): void {
    this.#plans = new Map(entries.map(({ route }) => [route, route.plan]));
  }

  /** Whether a route that was found takes the client as it did then; `certified` as for `takesAs`. */
  protected isStill({ route }: RunningEntry, certified = false): boolean {
    const plan = this.#plans?.get(route);
    return !this.host.removed && plan !== undefined && route.takesAs(plan, this.facts.host, certified);
  }

  /** Whether the route lets the client in; if not, that is told. */
  protected admit(entry: RunningEntry): boolean {
    const { route } = entry;
    const admitted = route.admit(this.facts.host);
    if (typeof admitted !== "number") {
      this.refuse(route, admitted);
      return false;
    }
    this.entry = entry;
    this.#ticket = admitted;
    this.#admission = route.admission;
    // As soon as that is known: not a byte of TLS is answered.
    if (route.refusesAll) this.refuse(route, route.refusal);
    return this.isHere;
  }

  /** Hands it over to a connection of the route that let it in, if one of its pools gets it. `sessions`: where its session is to be found. */
  protected serve(sessions: PostgresSessions | null): void {
    const { entry } = this;
    if (entry === null) return this.refuse(undefined, { reason: "internal" });
    const { route, portOffset } = entry;
    const course = route.hasCourse ? this.#courseOf(route) : null;
    const pool = course === null ? (route.choosePool() ?? route.refusal) : course.begin();
    if ("reason" in pool) return this.refuse(route, pool);
    const { name: listener } = this.host;
    const [ticket, received] = [this.#ticket, this.bytes.take()];
    this.#leave();
    const from = { ticket, admission: this.#admission, listener, facts: this.facts };
    const arrival = { ...from, route, pool, course, portOffset, received, sessions, target: null };
    serveConnection(this.socket, arrival, this.services);
  }

  /**
   * Passes a request to cancel on to where the session is, or to all that may have it: one at least. It counts against no
   * limit: it must get through when all is full. Of several, none outlives the client, nor its time for a hello.
   */
  protected serveCancel(owners: readonly SessionOwner[], length: number): void {
    const { counters } = this.services;
    const listed = owners.filter(({ route }) => route.allows(this.facts.host));
    const allowed = listed.filter(({ route }) => this.#denialOf(route) === null);
    const [first, ...others] = allowed;
    if (first === undefined) {
      const [denied = owners[0]] = listed;
      const why = listed.length === 0 ? denied?.route.denial : DENIED_POLICY;
      return this.refuse(denied?.route, why ?? DENIED_ADDRESS);
    }
    this.#giveBack();
    // Nothing belongs to a request but itself.
    const received = this.bytes.take().subarray(0, length);
    if (others.length === 0) {
      this.#leave();
      return this.#passCancel(this.socket, this.facts, first, received);
    }
    const copies = allowed.slice(0, Math.max(1, Math.floor(room(this.services))));
    this.#state = "leaving";
    const sent: CancelCopy[] = [];
    this.#copies = sent;
    let waiting = copies.length;
    const ended = (): void => {
      // The client waits for the end: only then may it send what must not be cancelled.
      if (--waiting === 0 && this.#state === "leaving") this.socket.shutdown();
    };
    for (const owner of copies) {
      const facts = owner === first ? this.facts : { ...this.facts, id: ++counters.accepted };
      const copy = new CancelCopy(this.socket, ended);
      sent.push(copy);
      this.#passCancel(copy, facts, owner, received);
    }
  }

  #passCancel(
    client: Socket,
    facts: ClientFacts,
    { route, pool, target, portOffset }: SessionOwner,
    received: Uint8Array,
  ): void {
    const { name: listener } = this.host;
    const from = { ticket: NO_TICKET, admission: null, listener, facts };
    const arrival = { ...from, route, pool, course: null, portOffset, received, sessions: null, target };
    serveConnection(client, arrival, this.services);
  }

  /** Resets it. */
  protected refuse(route: Route | undefined, refusal: Refusal): void {
    if (this.#state === "gone") return;
    if (this.#state === "here") this.#record(route, refusal);
    this.#giveBack();
    this.#leave();
    this.socket.terminate();
  }

  /** Refuses it with an answer; it stays until it has that and goes, or its time is up. */
  protected refuseWith(answer: Uint8Array, route: Route | undefined, refusal: Refusal): void {
    if (this.#state !== "here") return;
    this.#record(route, refusal);
    this.#giveBack();
    this.#state = "leaving";
    this.bytes.take();
    this.socket.write(answer);
    this.socket.shutdown();
  }

  #record(route: Route | undefined, refusal: Refusal): void {
    const { id, client, openedMs } = this.facts;
    const durationMs = performance.now() - openedMs;
    const who = { id, listener: this.host.name, client, durationMs, facts: this.facts };
    recordRefusal(this.services, route, refusal, who);
  }

  /** Why a route's policy lets nobody in who wants to cancel; `null`: it does. Where it would send the client is no matter. */
  #denialOf(route: Route): Refusal | null {
    if (!route.hasCourse) return null;
    const outcome = this.#courseOf(route).begin();
    return "reason" in outcome && isDenial(outcome.reason) ? outcome : null;
  }

  #courseOf(route: Route): Course {
    const course = new Course(route, new Visitor(this.facts, this.socket, this.seen), this.services);
    this.facts.policy = course.note;
    return course;
  }

  /** What a route has admitted does not come in after all. */
  #giveBack(): void {
    if (this.#ticket !== NO_TICKET) this.#admission?.leave(this.#ticket);
    this.#ticket = NO_TICKET;
    this.entry = null;
  }

  #leave(): void {
    this.#state = "gone";
    for (const copy of this.#copies ?? []) copy.terminate();
    const { wheel, receptions, counters } = this.services;
    wheel.cancel(this);
    receptions.delete(this);
    counters.greeting--;
  }
}
