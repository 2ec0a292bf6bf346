// Lengths of time as people write them: `1500ms`, `30s`, `1h30m`, `off`. Milliseconds inside, 0 for "no limit".

/** Milliseconds per unit, longest first. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);
/** Ten years: longer than any timeout that is meant, and far inside exact integers. */
const MAX_DURATION_MS = 3650 * 86_400_000;
/** Longer texts are no duration; keeps the pattern's work small. */
const MAX_DURATION_CHARS = 40;

/**
 * Parses a duration into milliseconds: units `d h m s ms`, longest first, each at most once, fractions allowed; `0` and
 * `off` give 0. `undefined` when it is none, is not 0 but below 1 ms, or is longer than ten years. Total: never throws.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0" || text === "off") return 0;
  if (text.length > MAX_DURATION_CHARS || !/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return undefined;
  let total = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    const unitMs = UNIT_MS.get(unit ?? "") ?? 0;
    if (unitMs >= last) return undefined;
    last = unitMs;
    total += Number(amount) * unitMs;
  }
  const ms = Math.round(total);
  if (total > 0 && ms === 0) return undefined;
  return ms > MAX_DURATION_MS ? undefined : ms;
}

/** Writes milliseconds in the form that `parseDuration` reads; 0 is `off`. */
export function formatDuration(ms: number): string {
  if (ms <= 0) return "off";
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, unitMs] of UNIT_MS) {
    const amount = Math.floor(rest / unitMs);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * unitMs;
  }
  return text;
}
