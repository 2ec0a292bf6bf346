// The `dial` of a route, as a person writes it, and what becomes of what is left out. How it fits the connect timeout is in
// `route-together.ts`.

import * as v from "valibot";

import { closedMap } from "./rule.ts";
import { boundedDurationRule, wholeRule } from "./scalar-rule.ts";

/** How a backend is dialled, within the connect timeout. */
export interface DialSpec {
  /** Dials for one client at most. */
  readonly attempts: number;
  /** For one dial, in milliseconds; 0: a share of what is left of the connect timeout. */
  readonly attemptMs: number;
}

/** Enough for any pool whose targets are not all dead. */
const DEFAULT_ATTEMPTS = 10;
const MAX_ATTEMPTS = 1000;
/** Fails fast enough for a client to try elsewhere, and waits long enough for a loaded backend. */
export const DEFAULT_CONNECT_MS = 5000;

/** The keys of `dial`. */
export const dialKeys = {
  attempts: v.optional(wholeRule("bad-number", 1, MAX_ATTEMPTS)),
  timeout: v.optional(boundedDurationRule(1, "off")),
};

export const dialRule = closedMap(dialKeys);

/** Fills in every default. */
export function dialOf(written: v.InferOutput<typeof dialRule> | undefined): DialSpec {
  return { attempts: written?.attempts ?? DEFAULT_ATTEMPTS, attemptMs: written?.timeout ?? 0 };
}
