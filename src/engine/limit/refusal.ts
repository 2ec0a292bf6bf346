// Why a client was not let in: the close reason, and for limits the name of the one that it met, which is the key in the
// route's file.

import type { CloseReason } from "../../socket/close-reason.ts";

/** Limits by their keys in a route; `gateway` is the one that the descriptors set. */
export const LIMIT_NAMES = [
  "gateway",
  "connections",
  "rate",
  "perSource.connections",
  "perSource.rate",
  "queue.size",
  "queue.timeout",
] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

/** A refused client. */
export interface Refusal {
  readonly reason: CloseReason;
  /** Absent when it was no limit. */
  readonly limit?: LimitName;
  /** What was wrong, for the log; without a byte of the client's. */
  readonly detail?: string;
}

/** Made once: a flood of refused clients makes no garbage. */
export const DENIED_ADDRESS: Refusal = { reason: "denied-address" };
export const DENIED_POLICY: Refusal = { reason: "denied-policy" };
export const NO_ROUTE: Refusal = { reason: "no-route" };
/** Of a route that has mistakes, and keeps its clients from a wider one. */
export const CLOSED_DETAIL = "The route has mistakes: see its diagnostics";
export const ROUTE_CLOSED: Refusal = { reason: "denied-address", detail: CLOSED_DETAIL };
/** By a reload, while the client waited. */
export const ROUTE_CHANGED: Refusal = { reason: "no-route", detail: "The route has changed meanwhile" };
/** Of a client that had our certificate, and went. */
export const LEFT_AFTER_HANDSHAKE: Refusal = {
  reason: "tls-failed",
  detail: "The client left after the handshake, and may not accept the certificate",
};
export const LIMITED: Readonly<Record<LimitName, Refusal>> = {
  gateway: { reason: "denied-concurrency", limit: "gateway" },
  connections: { reason: "denied-concurrency", limit: "connections" },
  rate: { reason: "denied-rate", limit: "rate" },
  "perSource.connections": { reason: "denied-concurrency", limit: "perSource.connections" },
  "perSource.rate": { reason: "denied-rate", limit: "perSource.rate" },
  "queue.size": { reason: "denied-concurrency", limit: "queue.size" },
  "queue.timeout": { reason: "denied-concurrency", limit: "queue.timeout" },
};

/** Whether a client was not wanted, and not only unlucky. */
export function isDenial(reason: CloseReason): boolean {
  return reason.startsWith("denied-");
}
