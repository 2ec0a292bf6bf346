// Addresses and ports by chance, in the form that reading gives.

import { formatIp } from "../../src/base/ip.ts";
import type { ProxyEndpoint } from "../../src/wire/proxy-header.ts";
import type { Random } from "./random.ts";

export function randomEndpoint(random: Random): ProxyEndpoint {
  const port = random.below(65_536);
  const word = (): number => random.below(2 ** 32);
  if (random.chance(2)) return { host: formatIp(word()), port };
  // Many zeros, for the short form to find; never an IPv4-mapped address.
  const words = Uint32Array.from({ length: 4 }, () => (random.chance(2) ? 0 : word() >>> random.below(32)));
  words[0] = (words[0] ?? 0) | 0x2000_0000;
  return { host: formatIp(words), port };
}
