// Counts and logs a client that gets no connection. What becomes of its socket is the caller's business.

import type { ClientFacts } from "../hello/client-facts.ts";
import { countReason } from "../counters.ts";
import type { Refusal } from "../limit/refusal.ts";
import type { Route } from "../route.ts";
import type { Services } from "../services.ts";

/** Who was refused; `route` is absent when none was found. */
export interface RefusedClient {
  readonly id: number;
  readonly listener: string;
  /** `address:port` */
  readonly client: string;
  readonly durationMs: number;
  readonly facts: ClientFacts | null;
}

/** One count and one access record. */
export function recordRefusal(
  { log, counters }: Services,
  route: Route | undefined,
  { reason, limit, detail }: Refusal,
  { id, listener, client, durationMs, facts }: RefusedClient,
): void {
  if (route === undefined) countReason(counters.unrouted, reason);
  else route.countEnd(reason, limit);
  if (!log.access) return;
  log.connection({
    id: String(id),
    route: route === undefined ? "" : route.plan.name,
    listener,
    client,
    backend: undefined,
    sni: facts?.serverName,
    bytesIn: 0,
    bytesOut: 0,
    durationMs,
    connectMs: undefined,
    reason,
    limit,
    detail,
    proxySource: facts?.proxySource,
    tls: facts?.tls,
    clientCert: facts?.certificate?.label,
    policy: facts?.policy,
  });
}
