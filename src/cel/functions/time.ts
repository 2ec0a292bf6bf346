// Functions of times where the library's own are not what CEL says.

import { type CelFunc, celFunc } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { INT, TIMESTAMP } from "../type.ts";
import { timeInput } from "../value.ts";

/** Years 1 to 9999, in seconds since 1970. */
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

/** Functions of times. */
export const TIME_FUNCTIONS: readonly CelFunc[] = [
  // The library takes the integer for milliseconds.
  celFunc("timestamp", [INT], TIMESTAMP, (seconds) => {
    if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return timeInput(Number(seconds) * 1000);
    throw new CelError("overflow", "A time is out of range");
  }),
];
