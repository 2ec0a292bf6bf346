// Tells the log of dials that failed: of a backend once per target and interval, of a shortage of ours once per interval.

import type { CloseReason } from "../../socket/close-reason.ts";
import type { Target } from "../pool/target.ts";
import type { Services } from "../services.ts";

/** A shortage of ours is reported once per interval, in milliseconds. */
const SHORTAGE_WARN_INTERVAL_MS = 10_000;

/** A target failed a client of `route`. */
export function reportFailure(
  { log }: Services,
  route: string,
  target: Target,
  reason: CloseReason,
  why: string,
): void {
  if (!target.failed(why, performance.now())) return;
  const backend = target.backend.plan.address;
  const fields = { route, backend, address: target.address, reason };
  log.write("warn", "dial-failed", `Cannot reach backend "${backend}": ${why}`, fields);
}

/** This machine has no descriptor or no local port left. */
export function reportShortage({ log, counters }: Services, error: Error): void {
  const nowMs = performance.now();
  if (nowMs - counters.shortageWarnedMs <= SHORTAGE_WARN_INTERVAL_MS) return;
  counters.shortageWarnedMs = nowMs;
  log.write("warn", "dial-shortage", `Cannot dial: no descriptor or no local port is left (${error.message})`);
}
