// What became of a section's routes once they were compiled and run: whether they got their addresses, and whether those could be
// bound. Asked each time a status is shown, because a port can become free.

import type { EmittedSection } from "./unit.ts";

/** What the running gateway knows. */
export interface Outcome {
  /** Why a route did not get the addresses that it wants; `undefined`: it did. */
  refusalOf(route: string): string | undefined;
  /** Why a listener is not bound; `undefined`: it is, or it is not known. */
  bindErrorOf(listener: string): BindError | undefined;
}

export interface BindError {
  readonly message: string;
  /** Whether the address is not this machine's. */
  readonly foreign: boolean;
}

/** When nothing runs. */
export const NOTHING_RUNS: Outcome = { refusalOf: () => undefined, bindErrorOf: () => undefined };

/** What keeps a section from being there. */
export interface Obstacle {
  readonly reason: "PortUnavailable" | "AddressNotUsable";
  readonly message: string;
}

/** What keeps a section from being there; `undefined`: nothing. */
export function obstacleOf(emitted: EmittedSection | undefined, outcome: Outcome): Obstacle | undefined {
  if (emitted === undefined) return undefined;
  const [first] = emitted.routes;
  const refusal = first === undefined ? undefined : outcome.refusalOf(first);
  // As long as one of its routes is there, the others are a matter of their own.
  if (refusal !== undefined && emitted.routes.every((route) => outcome.refusalOf(route) !== undefined)) {
    return { reason: "PortUnavailable", message: refusal };
  }
  if (outcome === NOTHING_RUNS) return undefined;
  for (const listener of emitted.listeners()) {
    const error = outcome.bindErrorOf(listener);
    if (error !== undefined) {
      return { reason: error.foreign ? "AddressNotUsable" : "PortUnavailable", message: error.message };
    }
  }
  return undefined;
}

/** Hosts of these listeners that are not this machine's. */
export function foreignHosts(emitted: EmittedSection | undefined, outcome: Outcome): readonly string[] {
  if (emitted === undefined || outcome === NOTHING_RUNS) return [];
  const foreign = emitted.listeners().filter((listener) => outcome.bindErrorOf(listener)?.foreign === true);
  return foreign.map((listener) => listener.slice(0, listener.lastIndexOf(":")).replaceAll(/^\[|\]$/g, ""));
}
