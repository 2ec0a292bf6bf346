// How often something may happen, as people write it: `50/s`, `300/m`, `10/h`.

/** A written rate. */
export interface Rate {
  /** The number that was written: how often in one of its units. A whole number from 1 to `MAX_RATE`. */
  readonly count: number;
  /** The same for a second; below 1 for what is rare. */
  readonly perSecond: number;
}

/** More than any machine can do, and far inside exact integers. */
export const MAX_RATE = 1_000_000_000;

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
]);

/** Parses a rate. `undefined` when it is none, is 0, or more than `MAX_RATE`. Total: never throws. */
export function parseRate(text: string): Rate | undefined {
  const [, amount = "", unit = ""] = /^(\d{1,10})\/([smh])$/.exec(text) ?? [];
  const seconds = UNIT_SECONDS.get(unit);
  const count = Number(amount);
  if (seconds === undefined || count < 1 || count > MAX_RATE) return undefined;
  return { count, perSecond: count / seconds };
}
