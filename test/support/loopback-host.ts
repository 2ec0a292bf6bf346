// Loopback addresses that nobody else uses: every Gateway of a test gets its own, as it would in a cluster, so that ports are
// written as people write them and test files that run beside each other are not in each other's way. Linux has all of 127/8.

import { randomInt } from "node:crypto";

/** An address out of 127.1.0.0 to 127.254.255.255; two of them are the same once in millions of times. */
export function loopbackHost(): string {
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}
