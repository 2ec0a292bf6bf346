// All functions of expressions: the library's own, its extension for strings, and ours, which are in functions/.

import { type CelEnv, celEnv, celFunc, type CelFunc, type CelType } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";

import { ADDRESS_FUNCTIONS } from "./functions/address.ts";
import { ENCODING_FUNCTIONS } from "./functions/encoding.ts";
import { HASH_FUNCTIONS } from "./functions/hash.ts";
import { JSON_FUNCTIONS } from "./functions/json.ts";
import { LIST_FUNCTIONS } from "./functions/list.ts";
import { RANDOM_FUNCTIONS } from "./functions/random.ts";
import { TEXT_FUNCTIONS } from "./functions/text.ts";
import { TIME_FUNCTIONS } from "./functions/time.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { BOOL, STRING } from "./type.ts";

/** What is declared of a function. */
export interface Signature {
  /** Absent: it is no method. */
  readonly target: CelType | undefined;
  readonly args: readonly CelType[];
  readonly result: CelType;
}

/** Of two functions with one signature the later one counts. */
const OURS: readonly CelFunc[] = [
  ...strings,
  ...TEXT_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...ENCODING_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...ADDRESS_FUNCTIONS,
  ...RANDOM_FUNCTIONS,
  ...TIME_FUNCTIONS,
];

/**
 * An environment in which expressions are planned. `patterns` are compiled already; any other pattern is compiled when it
 * is used.
 */
export function makeEnvironment(patterns: ReadonlyMap<string, Pattern>): CelEnv {
  const compile = (source: string): Pattern => patterns.get(source) ?? compilePattern(source);
  const matches = celFunc("matches", [STRING, STRING], BOOL, (text, pattern) => compile(pattern).test(text));
  return celEnv({ funcs: [...OURS, matches], re2: { compile } });
}

/** The environment of expressions that have no patterns. */
export const ENVIRONMENT: CelEnv = makeEnvironment(new Map());

/** Signatures by name. Names of operators are such as `_+_`. */
export const FUNCTIONS: ReadonlyMap<string, readonly Signature[]> = signatures();

/** What functions such as `json.decode` begin with. */
export const NAMESPACES: ReadonlySet<string> = new Set([
  ...Array.from(FUNCTIONS.keys(), (name) => name.split(".")).flatMap((parts) =>
    parts.length > 1 ? parts.slice(0, 1) : [],
  ),
  "secrets",
]);

const ON_HTTP = "exists on HTTP endpoints only: on TCP and TLS nothing is read of what a client sends";

/** Why a function that ngrok has elsewhere is none here. */
export const ABSENT_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...["getReqCookie", "getReqHeader", "getQueryParam", "hasQueryParam", "hasReqCookie", "hasReqHeader"].map(
    (name): [string, string] => [name, ON_HTTP],
  ),
  ...["getResCookie", "getResHeader", "hasResCookie", "hasResHeader"].map((name): [string, string] => [name, ON_HTTP]),
  ["secrets.get", "needs a vault, and this gateway has none"],
]);

function signatures(): ReadonlyMap<string, readonly Signature[]> {
  const all = new Map<string, Signature[]>();
  for (const group of ENVIRONMENT.funcs) {
    const { name, target, result } = group;
    const list = all.get(name) ?? [];
    list.push({ target, args: isRandom(name) ? group.arguments.slice(0, -1) : group.arguments, result });
    all.set(name, list);
  }
  return all;
}

/** Functions of chance have one more argument, which the checker adds: a random number. */
function isRandom(name: string): boolean {
  return name.startsWith("rand.");
}
