// A route as it runs: its plan, whom it admits, and its counters. The counters live as long as the route's name is in
// the plan or a connection of it is alive; the plan is swapped by one assignment and connections keep what they took.

import { lookupCidr } from "../base/cidr-map.ts";
import { parseIp } from "../base/ip.ts";
import type { RoutePlan } from "../plan/plan.ts";
import { CLOSE_REASONS, type CloseReason } from "../socket/close-reason.ts";
import type { Socket } from "../socket/socket.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { type Admission, REFUSED_RATE } from "./limit/admission.ts";
import { CONNECT_SECONDS, CONNECTION_SECONDS, Histogram } from "./histogram.ts";
import type { Pool } from "./pool/pool.ts";

/** Of a connection that no limit counts. */
export const NO_TICKET = -1;

export class Route {
  plan: RoutePlan;
  pool: Pool;
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
  readonly connectSeconds = new Histogram(CONNECT_SECONDS);
  readonly connectionSeconds = new Histogram(CONNECTION_SECONDS);
  readonly #ended = new Map<CloseReason, number>();

  constructor(plan: RoutePlan, pool: Pool) {
    this.plan = plan;
    this.pool = pool;
  }

  /**
   * A ticket for its admission, NO_TICKET without one, or the reason to refuse a client. Its address is looked at only when
   * the route has source lists or limits.
   */
  admit(client: Socket): number | CloseReason {
    const { admission } = this;
    const { allow, deny } = this.plan;
    if (allow === undefined && deny === undefined && admission === null) return NO_TICKET;
    const { remoteAddress } = client;
    const ip = remoteAddress === undefined ? undefined : parseIp(remoteAddress);
    // Fail closed: an address that cannot be read is neither allowed nor known not to be denied.
    if (ip === undefined && (allow !== undefined || deny !== undefined)) return "denied-address";
    if (ip !== undefined) {
      if (deny !== undefined && lookupCidr(deny, ip) !== -1) return "denied-address";
      if (allow !== undefined && lookupCidr(allow, ip) === -1) return "denied-address";
    }
    if (admission === null) return NO_TICKET;
    // A limit that was set while connections were live counts those too, which have no ticket.
    const { connections } = this.plan.limits;
    if (connections !== 0 && this.connectionsActive >= connections) return "denied-concurrency";
    const ticket = admission.admit(ip, (performance.timeOrigin + performance.now()) * 1000);
    if (ticket >= 0) return ticket;
    return ticket === REFUSED_RATE ? "denied-rate" : "denied-concurrency";
  }

  countEnd(reason: CloseReason): void {
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
  }

  /** Ended connections by reason, in the order of `CLOSE_REASONS`. */
  endedByReason(): Partial<Record<CloseReason, number>> {
    const counts: Partial<Record<CloseReason, number>> = {};
    for (const reason of CLOSE_REASONS) {
      const count = this.#ended.get(reason);
      if (count !== undefined) counts[reason] = count;
    }
    return counts;
  }
}
