// Chance, for sharing clients out and for trying something on some of them; not for secrets. The checker gives each of
// these functions one more argument: a number from 0 up to and without 1, which comes from the scope.

import { type CelFunc, celFunc } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { DOUBLE, INT } from "../type.ts";

/** More values than a double can tell apart. */
const MAX_SPAN = 2n ** 53n;

/** Functions of chance. */
export const RANDOM_FUNCTIONS: readonly CelFunc[] = [
  celFunc("rand.double", [DOUBLE], DOUBLE, (random) => random),
  celFunc("rand.int", [DOUBLE], INT, (random) => pick(0n, 1n, random)),
  celFunc("rand.int", [INT, INT, DOUBLE], INT, pick),
];

/** Both bounds are among the results. */
function pick(min: bigint, max: bigint, random: number): bigint {
  if (max < min) throw new CelError("bad-argument", `rand.int() wants the smaller number first, not ${min} and ${max}`);
  const span = max - min + 1n;
  if (span > MAX_SPAN) throw new CelError("bad-argument", "rand.int() wants bounds that are nearer to one another");
  return min + BigInt(Math.floor(random * Number(span)));
}
