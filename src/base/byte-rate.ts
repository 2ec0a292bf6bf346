// How many bytes a second, as people write it: `10MB/s`, `512KiB/s`, `1Gbit/s`. Bytes per second inside.

/** Bytes per unit. Bits are only written by the thousand: nobody limits to single ones. */
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["kbit", 125],
  ["Mbit", 125e3],
  ["Gbit", 125e6],
]);
/** A terabyte a second: above any network, and far inside exact integers. */
const MAX_BYTES_PER_SECOND = 1e12;
/** Longer texts are no rate; keeps the pattern's work small. */
const MAX_CHARS = 40;

/**
 * Parses a rate of bytes: a number, fractions allowed, a unit and `/s`. Whole bytes per second; `undefined` when it is none,
 * is below one byte or above a terabyte. Total: never throws.
 */
export function parseByteRate(text: string): number | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)([A-Za-z]+)\/s$/.exec(text) ?? [];
  const unitBytes = UNIT_BYTES.get(unit);
  if (unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(amount) * unitBytes);
  return bytes >= 1 && bytes <= MAX_BYTES_PER_SECOND ? bytes : undefined;
}

/** The rate that `written` was probably meant to be: with `/s`, without spaces, its unit in the right case. */
export function correctByteRate(written: string): string | undefined {
  if (written.length > MAX_CHARS) return undefined;
  const [, amount, word] = /^ *(\d+(?:\.\d+)?) *([A-Za-z]*) *(?:\/ *s)? *$/.exec(written) ?? [];
  if (amount === undefined || word === undefined) return undefined;
  // "Mbps" says bits, "b" alone could be either.
  const plain = word.toLowerCase().replace(/bps$/, "bit");
  const unit = plain === "" ? "B" : [...UNIT_BYTES.keys()].find((known) => known.toLowerCase() === plain);
  const text = `${amount}${unit}/s`;
  return unit === undefined || parseByteRate(text) === undefined ? undefined : text;
}
