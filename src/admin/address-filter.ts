// The part of CEL that is useful in a filter of addresses: fields compared with texts, and `&&`. Whatever else is written is told;
// nothing is guessed, because who filters and deletes must not get more than was meant. Total and bounded.

/** Texts of an address by the names of fields. */
export type FilteredFields = Readonly<Record<FilterField, string>>;

/** Whether an address is meant. */
export type AddressFilter = (fields: FilteredFields) => boolean;

const FIELDS = ["id", "uri", "addr", "description", "metadata", "region"] as const;
type FilterField = (typeof FIELDS)[number];

/** Longer than anybody writes; metadata that is compared has to fit. */
const MAX_CHARS = 8192;
const MAX_TERMS = 32;
const WANTED =
  'wanted is obj.FIELD == "…", !=, .contains("…"), .startsWith("…") or .endsWith("…"), and && between several';

/** What can be asked of a field, as it is written before the text. */
const TESTS: Readonly<Record<string, (value: string, text: string) => boolean>> = {
  "==": (value, text) => value === text,
  "!=": (value, text) => value !== text,
  contains: (value, text) => value.includes(text),
  startsWith: (value, text) => value.startsWith(text),
  endsWith: (value, text) => value.endsWith(text),
};
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", '"': '"', "'": "'", n: "\n", r: "\r", t: "\t" };

const START = /\s*obj\.([a-z_]+)\s*(?:(==|!=)|\.(contains|startsWith|endsWith)\s*\()\s*/y;
const TEXT = /"((?:[^"\\\n\r]|\\["'\\nrt])*)"|'((?:[^'\\\n\r]|\\["'\\nrt])*)'/y;
const CLOSE = /\s*\)/y;
const NEXT = /\s*(?:(&&)|$)/y;

/** Reads a filter, or tells what is wrong with it: a phrase that can follow a colon. */
export function parseAddressFilter(text: string): AddressFilter | { readonly problem: string } {
  if (text.length > MAX_CHARS) return { problem: `it must not be longer than ${MAX_CHARS} characters` };
  const terms: AddressFilter[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const stop = (): { readonly problem: string } => ({
    problem: `cannot read it from character ${at + 1} on; ${WANTED}`,
  });
  for (;;) {
    if (terms.length === MAX_TERMS) return { problem: `it must not compare more than ${MAX_TERMS} times` };
    const start = take(START);
    if (start === null) return stop();
    const [, name, operator, method] = start;
    const field = FIELDS.find((known) => known === name);
    if (field === undefined)
      return { problem: `there is no text "${name ?? ""}" to compare: there are ${FIELDS.join(", ")}` };
    const literal = take(TEXT);
    const test = TESTS[operator ?? method ?? ""];
    if (literal === null || test === undefined || (method !== undefined && take(CLOSE) === null)) return stop();
    const wanted = (literal[1] ?? literal[2] ?? "").replaceAll(/\\(.)/g, (_, mark: string) => ESCAPES[mark] ?? mark);
    terms.push((fields) => test(fields[field], wanted));
    const next = take(NEXT);
    if (next === null) return stop();
    if (next[1] === undefined) return (fields) => terms.every((term) => term(fields));
  }
}
