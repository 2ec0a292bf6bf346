// How the endpoints of a Service are used: what its BackendPolicy says, and the usual for the rest.

import { dialOf } from "../../resource/dial-rule.ts";
import { healthOf } from "../../resource/health-rule.ts";
import type { BackendPolicySpec } from "../../resource/manifest/policy.ts";
import { DEFAULT_RESOLVE_MS } from "../../resource/pool.ts";
import type { PoolSpec } from "../../resource/route.ts";
import type { UpstreamTlsSpec } from "../../resource/tls.ts";

/** Of Services that nobody has a policy for; the same values for all, so that they are compared at once. */
const USUAL = healthOf(undefined);
const USUAL_DIAL = dialOf(undefined);
const NOTHING: Partial<BackendPolicySpec> = {};

/** A pool of these backends; what `wishes` leave out is as in a Route that says nothing. */
export function poolSpec(
  backends: PoolSpec["backends"],
  wishes: BackendPolicySpec | undefined,
  upstreamTls: UpstreamTlsSpec | undefined,
): PoolSpec {
  const { health, passive = USUAL.passive } = wishes ?? NOTHING;
  return {
    backends,
    balance: wishes?.balance ?? "round-robin",
    ...(health === undefined ? {} : { health }),
    ...(passive === undefined || passive === "off" ? {} : { passive }),
    onDown: wishes?.onDown ?? USUAL.onDown,
    slowStartMs: wishes?.slowStartMs ?? USUAL.slowStartMs,
    dial: wishes?.dial ?? USUAL_DIAL,
    resolveIntervalMs: wishes?.resolveIntervalMs ?? DEFAULT_RESOLVE_MS,
    ...(wishes?.proxySend === undefined ? {} : { proxySend: wishes.proxySend }),
    ...(upstreamTls === undefined ? {} : { upstreamTls }),
  };
}
