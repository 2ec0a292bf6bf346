// Checks calls against what the library and we declare of functions: whether there is one, how many arguments it takes, of
// which types. Operators are functions with names such as `_+_`.

import { CelError } from "./cel-error.ts";
import { ABSENT_FUNCTIONS, FUNCTIONS, type Signature } from "./functions.ts";
import { Mistaken, nearest, shorten } from "./mistake.ts";
import { BOOL, common, DYN, fits, formatType, isComparable, isDyn, mayBeBool } from "./type.ts";
import type { CelType } from "@bufbuild/cel";

/** Functions that give a list of what they got, which no declaration can say. */
const KEEPS_TYPE: ReadonlySet<string> = new Set(["_+_", "slice", "sort", "distinct", "reverse"]);
/** Macros, which the parser takes away when they are written as they should be. */
const MACROS: ReadonlyMap<string, string> = new Map([
  ["has", "has(vars.name)"],
  ["all", "list.all(x, x > 1)"],
  ["exists", "list.exists(x, x > 1)"],
  ["exists_one", "list.exists_one(x, x > 1)"],
  ["filter", "list.filter(x, x > 1)"],
  ["map", "list.map(x, x + 1)"],
]);

/** A call, as it is written: with a receiver or without. */
export interface WrittenCall {
  /** With its namespace, such as `json.decode`. */
  readonly name: string;
  readonly receiver: CelType | undefined;
  readonly args: readonly CelType[];
  /** Where to point at. */
  readonly at: number;
}

/** The type that a call gives. Throws Mistaken. */
export function checkCall(call: WrittenCall): CelType {
  const { name, receiver, args } = call;
  const special = checkOperator(call);
  if (special !== undefined) return special;
  const known = FUNCTIONS.get(name)?.filter(({ target }) => (target === undefined) === (receiver === undefined)) ?? [];
  if (known.length === 0) throw unknown(call);
  const fitting = known.filter((signature) => takes(signature, call));
  if (fitting.length === 0) throw misfit(call, known);
  const result = common(fitting.map((signature) => signature.result));
  const first = receiver ?? args[0];
  return result.kind === "list" && KEEPS_TYPE.has(name) && first?.kind === "list"
    ? name === "_+_"
      ? common([first, args[1] ?? first])
      : first
    : result;
}

/** Throws Mistaken for a function that exists elsewhere, and for a macro that is not written as the parser wants it. */
export function refuseAbsent(name: string, at: number): void {
  const macro = MACROS.get(name);
  if (macro !== undefined) throw new Mistaken(at, `${name}() is not written so`, `It is written ${macro}`);
  const absent = ABSENT_FUNCTIONS.get(name);
  if (absent !== undefined) throw new Mistaken(at, `${name}() ${absent}`);
}

/** What an argument that is written as a text would do at every run. Throws Mistaken for what can never be right. */
export function checked<T>(at: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof CelError ? new Mistaken(at, error.message) : error;
  }
}

function checkOperator(call: WrittenCall): CelType | undefined {
  const { name, args, at } = call;
  const [a = DYN, b = DYN, c = DYN] = args;
  switch (name) {
    case "_&&_":
    case "_||_":
      for (const type of args)
        if (!mayBeBool(type)) throw new Mistaken(at, `${symbolOf(name)} wants bool, not ${formatType(type)}`);
      return BOOL;
    case "_?_:_":
      if (!mayBeBool(a)) throw new Mistaken(at, `The condition before "?" is a bool, not ${formatType(a)}`);
      return common([b, c]);
    case "_==_":
    case "_!=_":
      if (!isComparable(a, b)) throw misfit(call, []);
      return BOOL;
    case "@in":
      if (b.kind === "list" && !isComparable(a, b.element)) throw misfit(call, []);
      if (b.kind === "map" && !isComparable(a, b.key)) throw misfit(call, []);
      return undefined;
    case "_[_]":
      return checkIndex(a, b, at);
    case "@not_strictly_false":
      return BOOL;
    default:
      return undefined;
  }
}

function checkIndex(of: CelType, index: CelType, at: number): CelType {
  if (isDyn(of)) return DYN;
  if (of.kind !== "list" && of.kind !== "map")
    throw new Mistaken(at, `A value of type ${formatType(of)} has no elements`);
  const isNumber = ["int", "uint", "double", "dyn"].includes(index.name);
  const isKey = of.kind === "map" && isComparable(of.key, index);
  if (!(of.kind === "list" ? isNumber : isKey))
    throw new Mistaken(at, `A ${formatType(of)} has no element at a ${formatType(index)}`);
  return of.kind === "list" ? of.element : of.value;
}

function takes(signature: Signature, { receiver, args }: WrittenCall): boolean {
  if (signature.args.length !== args.length) return false;
  if (signature.target !== undefined && receiver !== undefined && !fits(signature.target, receiver)) return false;
  return signature.args.every((wanted, index) => fits(wanted, args[index] ?? wanted));
}

function misfit(call: WrittenCall, known: readonly Signature[]): Mistaken {
  const { name, receiver, args, at } = call;
  const symbol = symbolOf(name);
  if (symbol !== undefined) {
    const [first, second] = args.map(formatType);
    const written = second === undefined ? `${symbol}${first}` : `${first} ${symbol} ${second}`;
    return new Mistaken(at, `There is no ${written}`, convert(args));
  }
  const wanted = known.map((signature) => write(name, signature.target, signature.args)).join(", or ");
  return new Mistaken(at, `There is no ${write(name, receiver, args)}`, `There is ${wanted}`);
}

function write(name: string, receiver: CelType | undefined, args: readonly CelType[]): string {
  return `${receiver === undefined ? "" : `${formatType(receiver)}.`}${name}(${args.map(formatType).join(", ")})`;
}

/** `==` for `_==_`. */
function symbolOf(name: string): string | undefined {
  if (name === "@in") return "in";
  return /^[_!-]/.test(name) ? name.replaceAll("_", "") : undefined;
}

function convert(types: readonly CelType[]): string | undefined {
  const names = types.map(formatType);
  if (!names.includes("string")) return undefined;
  if (names.includes("timestamp")) return "A text becomes a time by timestamp()";
  return names.includes("int") ? "A text becomes an integer by int(), an integer a text by string()" : undefined;
}

function unknown({ name, receiver, at }: WrittenCall): Mistaken {
  const isMethod = receiver !== undefined;
  const others = FUNCTIONS.get(name);
  if (others !== undefined) {
    return new Mistaken(
      at,
      `There is no ${isMethod ? `x.${name}()` : `${name}()`}`,
      `Did you mean "${isMethod ? `${name}(x)` : `x.${name}()`}"?`,
    );
  }
  const names = [...FUNCTIONS].filter(
    ([known, list]) => /^[a-z]/i.test(known) && list.some(({ target }) => (target !== undefined) === isMethod),
  );
  return new Mistaken(
    at,
    `There is no function "${shorten(name)}"`,
    nearest(name, [...names.map(([known]) => known), ...MACROS.keys()]),
  );
}
