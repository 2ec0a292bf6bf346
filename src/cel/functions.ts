// All functions of expressions: the library's own, its extension for strings, and ours, which are in functions/.

import { type CelEnv, celEnv, type CelFunc, type CelType } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";

import { compilePattern, type Pattern } from "./pattern.ts";

/** What is declared of a function. */
export interface Signature {
  /** Absent: it is no method. */
  readonly target: CelType | undefined;
  readonly args: readonly CelType[];
  readonly result: CelType;
}

const OURS: CelFunc[] = [...strings];

/**
 * An environment in which expressions are planned. `patterns` are compiled already; any other pattern is compiled when it
 * is used.
 */
export function makeEnvironment(patterns: ReadonlyMap<string, Pattern>): CelEnv {
  return celEnv({ funcs: OURS, re2: { compile: (source) => patterns.get(source) ?? compilePattern(source) } });
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
