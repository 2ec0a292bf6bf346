// From the name of a balancer in a route to the function that does it.

import type { Balance } from "../../resource/route.ts";
import type { Balancer } from "./candidate.ts";
import { pickLeastConnections } from "./least-connections.ts";
import { randomBalancer } from "./random.ts";
import { pickRoundRobin } from "./round-robin.ts";
import { pickSourceHash } from "./source-hash.ts";

const BALANCERS: Readonly<Record<Balance, Balancer>> = {
  "round-robin": pickRoundRobin,
  "least-connections": pickLeastConnections,
  random: randomBalancer(Math.random),
  "source-hash": pickSourceHash,
};

/** The balancer of that name. What it has to remember it keeps on the candidates, so pools can share it. */
export function balancerOf(balance: Balance): Balancer {
  return BALANCERS[balance];
}
