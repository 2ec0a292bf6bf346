// A route as it runs: its plan, whom it admits, and its counters. The counters live as long as the route's name is in
// the plan or a connection of it is alive; the plan is swapped by one assignment and connections keep what they took.

import { lookupCidr } from "../base/cidr-map.ts";
import { parseIp } from "../base/ip.ts";
import type { RoutePlan } from "../plan/plan.ts";
import { CLOSE_REASONS, type CloseReason } from "../socket/close-reason.ts";
import type { Socket } from "../socket/socket.ts";
import { CONNECT_SECONDS, CONNECTION_SECONDS, Histogram } from "./histogram.ts";
import type { Pool } from "./pool.ts";

export class Route {
  plan: RoutePlan;
  pool: Pool;
  connectionsActive = 0;
  /** Of ended connections; the live ones know their own. */
  bytesIn = 0;
  bytesOut = 0;
  readonly connectSeconds = new Histogram(CONNECT_SECONDS);
  readonly connectionSeconds = new Histogram(CONNECTION_SECONDS);
  readonly #ended = new Map<CloseReason, number>();

  constructor(plan: RoutePlan, pool: Pool) {
    this.plan = plan;
    this.pool = pool;
  }

  /** The reason to refuse a client, or `null`. Its address is looked at only when the route has source lists. */
  refusal(client: Socket): CloseReason | null {
    const { allow, deny, limits } = this.plan;
    if (allow !== undefined || deny !== undefined) {
      const { remoteAddress } = client;
      const ip = remoteAddress === undefined ? undefined : parseIp(remoteAddress);
      // Fail closed: an address that cannot be read is neither allowed nor known not to be denied.
      if (ip === undefined) return "denied-address";
      if (deny !== undefined && lookupCidr(deny, ip) !== -1) return "denied-address";
      if (allow !== undefined && lookupCidr(allow, ip) === -1) return "denied-address";
    }
    if (limits.connections !== 0 && this.connectionsActive >= limits.connections) return "denied-concurrency";
    return null;
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
