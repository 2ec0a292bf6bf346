// A strict reader of the Prometheus text format 0.0.4: throws on whatever a Prometheus server or `promtool check metrics`
// would refuse, and on what we promise beyond that (HELP and TYPE before samples, families in one piece).

export interface Family {
  readonly help: string;
  readonly type: string;
  /** Series with its labels in the order written → value. */
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const TYPES = ["counter", "gauge", "histogram"];

export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("The last line does not end");
  const families = new Map<string, Family>();
  let current: { name: string; family: Family } | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, keyword, name = "", rest = ""] = comment;
      if (!NAME.test(name)) throw new Error(`Bad name: ${line}`);
      if (keyword === "HELP") {
        help = { name, text: rest };
        continue;
      }
      if (help?.name !== name) throw new Error(`TYPE without HELP: ${line}`);
      if (families.has(name)) throw new Error(`Family appears twice: ${line}`);
      if (!TYPES.includes(rest)) throw new Error(`Unknown type: ${line}`);
      if ((rest === "counter") !== name.endsWith("_total")) throw new Error(`Only counters end in _total: ${line}`);
      current = { name, family: { help: help.text, type: rest, samples: new Map() } };
      families.set(name, current.family);
      continue;
    }
    const { name, set, value } = parseSample(line);
    if (current === undefined) throw new Error(`Sample without family: ${line}`);
    const { family } = current;
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!suffixes.some((suffix) => name === `${current?.name}${suffix}`)) throw new Error(`Foreign sample: ${line}`);
    const key = set === "" ? name : `${name}{${set}}`;
    if (family.samples.has(key)) throw new Error(`Series appears twice: ${line}`);
    if (family.type === "counter" && !(value >= 0)) throw new Error(`Negative counter: ${line}`);
    family.samples.set(key, value);
  }
  for (const [name, family] of families) if (family.type === "histogram") checkHistogram(name, family);
  return families;
}

/** Label values with escapes undone. */
export function labelsOf(series: string): Record<string, string> {
  const set = /^[^{]*\{(.*)\}$/s.exec(series)?.[1] ?? "";
  return Object.fromEntries(
    [...set.matchAll(/([a-z]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value.replaceAll(/\\(.)/g, (_all, escaped: string) => (escaped === "n" ? "\n" : escaped)),
    ]),
  );
}

function parseSample(line: string): { name: string; set: string; value: number } {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\[\\"n])*")*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`Not a sample: ${line}`);
  const [, name = "", set = "", text = ""] = match;
  const pairs = /^(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*"(?:,(?!$)|$))*$/;
  if (!pairs.test(set)) throw new Error(`Bad labels: ${line}`);
  const names = [...set.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label);
  if (new Set(names).size !== names.length) throw new Error(`Label appears twice: ${line}`);
  return { name, set, value: parseValue(text, line) };
}

function parseValue(text: string, line: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (text === "NaN") return NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new Error(`Not a number: ${line}`);
  return Number(text);
}

function checkHistogram(name: string, { samples }: Family): void {
  const buckets = new Map<string, [bound: number, count: number][]>();
  for (const [series, count] of samples) {
    const match = /^(.*)_bucket\{(.*?),?le="([^"]*)"\}$/s.exec(series);
    if (match === null) continue;
    const [, , set = "", bound = ""] = match;
    const list = buckets.get(set) ?? [];
    list.push([parseValue(bound, series), count]);
    buckets.set(set, list);
  }
  for (const [set, list] of buckets) {
    for (const [index, [bound, count]] of list.entries()) {
      const before = list[index - 1];
      if (before !== undefined && !(before[0] < bound && before[1] <= count)) throw new Error(`${name}{${set}} falls`);
    }
    const last = list.at(-1);
    if (last?.[0] !== Infinity) throw new Error(`${name}{${set}} has no +Inf`);
    if (samples.get(`${name}_count{${set}}`) !== last[1]) throw new Error(`${name}_count{${set}} differs from +Inf`);
    if (samples.get(`${name}_sum{${set}}`) === undefined) throw new Error(`${name}{${set}} has no sum`);
  }
}
