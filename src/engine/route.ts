// A route as it runs: its plan, whom it admits, and its counters. The counters live as long as the route's name is in
// the plan or a connection of it is alive; the plan is swapped by one assignment and connections keep what they took.

import { isDeepStrictEqual } from "node:util";
import { lookupCidr } from "../base/cidr-map.ts";
import { type Ip, parseIp } from "../base/ip.ts";
import { isClosed } from "../plan/closed.ts";
import type { RoutePlan } from "../plan/plan.ts";
import type { CloseReason } from "../socket/close-reason.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { countReason, reasonCounts } from "./counters.ts";
import { type Admission, ROUTE_FULL, ROUTE_TOO_FAST, SOURCE_FULL, SOURCE_TOO_FAST } from "./limit/admission.ts";
import { DENIED_ADDRESS, LIMIT_NAMES, LIMITED, type LimitName, type Refusal, ROUTE_CLOSED } from "./limit/refusal.ts";
import type { Verdict } from "./policy/policy-note.ts";
import { compileProgram, type Program } from "./policy/program.ts";
import { CONNECT_SECONDS, CONNECTION_SECONDS, Histogram } from "./histogram.ts";
import type { Pool } from "./pool/pool.ts";
import { Shares } from "./shares.ts";
import { ServerTls } from "./tls-contexts.ts";

const LIMIT_OF_REFUSAL: ReadonlyMap<number, LimitName> = new Map([
  [ROUTE_FULL, "connections"],
  [ROUTE_TOO_FAST, "rate"],
  [SOURCE_FULL, "perSource.connections"],
  [SOURCE_TOO_FAST, "perSource.rate"],
]);

/** Of a connection that no limit counts. */
export const NO_TICKET = -1;

/** A route's claim on a listener, with the route as it runs. */
export interface RunningEntry {
  readonly route: Route;
  /** Added to the first port of a backend with a range. */
  readonly portOffset: number;
}

/** Whom a route takes, and what it asks of them; not by which certificate of its own, which may be exchanged. */
function claimOf({ sources, hostnames, alpn, clientCert, protocol, proxyAccept, tls }: RoutePlan): object {
  const { trust, mode } = (tls?.mode === "terminate" ? tls.clientAuth : undefined) ?? {};
  return { sources, hostnames, alpn, clientCert, protocol, proxyAccept, tls: tls?.mode, trust, mode };
}

/** Which of the clients with valid certificates it lets in. */
function allowedBy({ tls }: RoutePlan): unknown {
  return tls?.mode === "terminate" ? tls.clientAuth?.allow : undefined;
}

/** Of clients that were admitted and that no pool gets; nobody is admitted by a closed route. */
function refusalOf({ refused }: RoutePlan): Refusal {
  return refused === undefined ? ROUTE_CLOSED : { reason: refused.reason, detail: refused.detail };
}

export class Route {
  connectionsActive = 0;
  /** Of ended connections; the live ones know their own. */
  bytesIn = 0;
  bytesOut = 0;
  /** Dials after the first one of a connection. */
  retries = 0;
  /** Counts what its limits are about; `null`: it has none. */
  admission: Admission | null = null;
  /** What its connections may move in a second; `null`: as much as they can. */
  bandwidth: Bandwidth | null = null;
  readonly tls = new ServerTls();
  readonly connectSeconds = new Histogram(CONNECT_SECONDS);
  readonly connectionSeconds = new Histogram(CONNECTION_SECONDS);
  readonly #ended = new Map<CloseReason, number>();
  readonly #limited = new Map<LimitName, number>();
  /** Rule → verdict → how many clients; made when there is the first one. */
  #verdicts: Map<string, Map<Verdict, number>> | null = null;

  #plan: RoutePlan;
  #shares: Shares;
  /** Of clients whose share is nobody's. */
  #refusal: Refusal;
  #program: Program | null;

  /** `pools` are those of the plan, in its order. */
  constructor(plan: RoutePlan, pools: readonly Pool[]) {
    this.#plan = plan;
    this.#shares = new Shares(plan, pools);
    this.#refusal = refusalOf(plan);
    this.#program = plan.policy === undefined ? null : compileProgram(plan.policy, null);
  }

  get plan(): RoutePlan {
    return this.#plan;
  }

  /** In the order of the plan. */
  get pools(): readonly Pool[] {
    return this.#shares.pools;
  }

  /** Takes over a new plan and its pools. One that is as it was stays the same object, and shares go on in their cycle. */
  follow(plan: RoutePlan, pools: readonly Pool[]): void {
    const before = this.#plan;
    if (isDeepStrictEqual(before, plan) && pools.every((pool, index) => pool === this.pools[index])) return;
    const same = isDeepStrictEqual(before.pools, plan.pools) && before.refused?.weight === plan.refused?.weight;
    if (!same || pools.some((pool, index) => pool !== this.pools[index])) this.#shares = new Shares(plan, pools);
    this.#plan = plan;
    this.#refusal = refusalOf(plan);
    const { policy } = plan;
    if (policy === undefined) this.#program = null;
    else if (!isDeepStrictEqual(policy, this.#program?.plan)) this.#program = compileProgram(policy, this.#program);
  }

  /** Its policy; `null`: it has none. */
  get program(): Program | null {
    return this.#program;
  }

  /** Whether there is more to where a client goes than to take one of its pools: see `course.ts`. */
  get hasCourse(): boolean {
    return this.#program !== null || this.#plan.members !== undefined;
  }

  /** The pool of an admitted client: chosen once for each, by weight. `null`: it is refused, see `refusal`. */
  choosePool(): Pool | null {
    return this.#shares.choose();
  }

  /** Why a client is refused that no pool gets. */
  get refusal(): Refusal {
    return this.#refusal;
  }

  /** Whether every client is refused that it admits. */
  get refusesAll(): boolean {
    return this.pools.length === 0 && !this.hasCourse;
  }

  /**
   * A ticket for its admission, NO_TICKET without one, or the reason to refuse a client. Its address, an IP, is looked at
   * only when the route has source lists or limits.
   */
  admit(address: string | undefined): number | Refusal {
    const { admission } = this;
    const { allow, deny } = this.plan;
    if (allow === undefined && deny === undefined && admission === null) return NO_TICKET;
    const ip = address === undefined ? undefined : parseIp(address);
    if (!this.#allowsIp(ip)) return this.denial;
    if (admission === null) return NO_TICKET;
    // A limit that was set while connections were live counts those too, which have no ticket.
    const { connections } = this.plan.limits;
    if (connections !== 0 && this.connectionsActive >= connections) return LIMITED.connections;
    const ticket = admission.admit(ip, (performance.timeOrigin + performance.now()) * 1000);
    return ticket >= 0 ? ticket : LIMITED[LIMIT_OF_REFUSAL.get(ticket) ?? "connections"];
  }

  /** Whether its source lists let an address in, whatever limits say. */
  allows(address: string | undefined): boolean {
    return this.#allowsIp(address === undefined ? undefined : parseIp(address));
  }

  /** Whether it is only a claim: see `plan/closed.ts`. */
  get closed(): boolean {
    return isClosed(this.#plan);
  }

  /** Why a client is refused whose address is not allowed. */
  get denial(): Refusal {
    return this.closed ? ROUTE_CLOSED : DENIED_ADDRESS;
  }

  /**
   * Whether it still takes the clients that it took by an earlier plan, one from `address` among them. Whoever was chosen,
   * and waited while a reload came, asks before it goes on. `certified`: its certificate is judged by the new plan anyway.
   */
  takesAs(before: RoutePlan, address: string | undefined, certified = false): boolean {
    if (before === this.plan) return true;
    if (!isDeepStrictEqual(claimOf(before), claimOf(this.plan)) || !this.allows(address)) return false;
    return certified || isDeepStrictEqual(allowedBy(before), allowedBy(this.plan));
  }

  #allowsIp(ip: Ip | undefined): boolean {
    const { allow, deny } = this.plan;
    // Fail closed: an address that cannot be read is neither allowed nor known not to be denied.
    if (ip === undefined) return allow === undefined && deny === undefined;
    if (deny !== undefined && lookupCidr(deny, ip) !== -1) return false;
    return allow === undefined || lookupCidr(allow, ip) !== -1;
  }

  /** `limit`: the one that ended it, where one did. */
  countEnd(reason: CloseReason, limit: LimitName | undefined): void {
    countReason(this.#ended, reason);
    if (limit !== undefined) this.#limited.set(limit, (this.#limited.get(limit) ?? 0) + 1);
  }

  countVerdict(rule: string, verdict: Verdict): void {
    this.#verdicts ??= new Map();
    const counts = this.#verdicts.get(rule) ?? new Map<Verdict, number>();
    this.#verdicts.set(rule, counts);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }

  /** What its policy has come to, by rule. */
  verdicts(): readonly { readonly rule: string; readonly verdict: Verdict; readonly count: number }[] {
    const all = this.#verdicts ?? new Map<string, Map<Verdict, number>>();
    return Array.from(all).flatMap(([rule, counts]) =>
      Array.from(counts, ([verdict, count]) => ({ rule, verdict, count })),
    );
  }

  /** Clients refused by limit, in the order of `LIMIT_NAMES`. */
  limitedByName(): Partial<Record<LimitName, number>> {
    const counts: Partial<Record<LimitName, number>> = {};
    for (const limit of LIMIT_NAMES) {
      const count = this.#limited.get(limit);
      if (count !== undefined) counts[limit] = count;
    }
    return counts;
  }

  /** Ended connections by reason, in the order of `CLOSE_REASONS`. */
  endedByReason(): Partial<Record<CloseReason, number>> {
    return reasonCounts(this.#ended);
  }
}
