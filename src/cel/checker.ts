// Goes through the syntax tree of an expression once before it is planned: checks variables, functions and types, bounds
// its size, and writes into the tree what the library cannot know: whole paths as names, a count of steps, chance.

import { type CelType, listType, mapType } from "@bufbuild/cel";

import { RANDOM, STEP } from "./bindings.ts";
import { checkCall, checked, refuseAbsent } from "./calls.ts";
import { NAMESPACES } from "./functions.ts";
import { SORT_PAIRS } from "./functions/list.ts";
import { Mistaken } from "./mistake.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { pathOf, type PlaceOf, resolvePath } from "./path.ts";
import {
  nameNode,
  pairsOf,
  part,
  recall,
  textOf,
  type Tree,
  type TreeCall,
  type TreeComprehension,
  type TreeSelect,
} from "./tree.ts";
import { BOOL, BYTES, common, DOUBLE, DYN, formatType, INT, isDyn, LIST, MAP, NULL, STRING, UINT } from "./type.ts";
import { cidrProblem } from "./functions/address.ts";

/** The most nodes of a tree, those that macros make included. */
export const MAX_NODES = 4000;
/** The deepest nesting of a tree. A chain of `||` nests too. */
export const MAX_DEPTH = 250;

/** What is known of an expression after it was checked. */
export interface Checked {
  readonly type: CelType;
  readonly uses: ReadonlySet<string>;
  /** Patterns of `matches` that are written in the expression. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

/** Checks a tree and changes it. Throws Mistaken. */
export function check(tree: Tree, placeOf: PlaceOf): Checked {
  const checker = new Checker(placeOf);
  const type = checker.visit(tree, new Map());
  return { type, uses: checker.uses, patterns: checker.patterns };
}

/** Variables of comprehensions and their types. */
type Locals = ReadonlyMap<string, CelType>;

class Checker {
  readonly uses = new Set<string>();
  readonly patterns = new Map<string, Pattern>();
  readonly #placeOf: PlaceOf;
  #nodes = 0;
  #depth = 0;

  constructor(placeOf: PlaceOf) {
    this.#placeOf = placeOf;
  }

  visit(node: Tree, locals: Locals): CelType {
    if (++this.#nodes > MAX_NODES)
      throw new Mistaken(this.#placeOf(node), `An expression has ${MAX_NODES} parts at most`);
    if (++this.#depth > MAX_DEPTH)
      throw new Mistaken(this.#placeOf(node), `An expression nests ${MAX_DEPTH} levels at most`);
    const type = this.#visit(node, locals);
    this.#depth--;
    return type;
  }

  #visit(node: Tree, locals: Locals): CelType {
    const { exprKind } = node;
    const path = pathOf(node);
    const [root] = path?.steps ?? [];
    if (path !== undefined && root !== undefined && !locals.has(root.name))
      return resolvePath(path, this.uses, this.#placeOf);
    switch (exprKind.case) {
      case "constExpr": {
        const { constantKind } = exprKind.value;
        if (constantKind.case === "int64Value" && BigInt.asIntN(64, constantKind.value) !== constantKind.value) {
          throw new Mistaken(this.#placeOf(node), `${constantKind.value} is no 64-bit integer`);
        }
        return literalType(constantKind.case);
      }
      case "identExpr":
        return locals.get(exprKind.value.name) ?? DYN;
      case "selectExpr":
        return this.#select(exprKind.value, node, locals);
      case "callExpr":
        return this.#call(exprKind.value, node, locals);
      case "listExpr":
        return listType(common(exprKind.value.elements.map((element) => this.visit(element, locals))));
      case "structExpr": {
        const { messageName, entries } = exprKind.value;
        if (messageName !== "") throw new Mistaken(this.#placeOf(node), `There is no message "${messageName}"`);
        const keys = entries.map(({ keyKind }) =>
          keyKind.case === "mapKey" ? this.#key(keyKind.value, locals) : STRING,
        );
        const values = entries.map(({ value }) => this.visit(part(value), locals));
        return mapType(mapKey(common(keys)), common(values));
      }
      case "comprehensionExpr":
        return this.#comprehension(exprKind.value, locals);
      default:
        throw new Mistaken(this.#placeOf(node), "The expression is empty");
    }
  }

  #key(node: Tree, locals: Locals): CelType {
    const type = this.visit(node, locals);
    if (["string", "int", "uint", "bool", "dyn"].includes(type.name)) return type;
    throw new Mistaken(
      this.#placeOf(node),
      `A key of a map is a string, an integer or a bool, not ${formatType(type)}`,
    );
  }

  #select({ operand, field, testOnly }: TreeSelect, node: Tree, locals: Locals): CelType {
    const type = this.visit(part(operand), locals);
    if (isDyn(type)) return testOnly ? BOOL : DYN;
    if (type.kind !== "map" || !["string", "dyn"].includes(type.key.name)) {
      throw new Mistaken(this.#placeOf(node), `A value of type ${formatType(type)} has no field "${field}"`);
    }
    return testOnly ? BOOL : type.value;
  }

  #call(call: TreeCall, node: Tree, locals: Locals): CelType {
    const at = this.#placeOf(node);
    const { target } = call;
    const namespace = target?.exprKind.case === "identExpr" ? target.exprKind.value.name : undefined;
    const isQualified = namespace !== undefined && !locals.has(namespace) && NAMESPACES.has(namespace);
    const name = isQualified ? `${namespace}.${call.function}` : call.function;
    refuseAbsent(name, at);
    if (name === "sortBy" && target !== undefined && call.args.length === 2)
      return this.#sortBy(target, call.args, node, locals);
    const receiver = target === undefined || isQualified ? undefined : this.visit(target, locals);
    const args = call.args.map((arg) => this.visit(arg, locals));
    const type = checkCall({ name, receiver, args, at });
    if (name.startsWith("rand.")) call.args.push(nameNode(node.id, RANDOM));
    if (name === "matches") this.#pattern(call.args.at(-1));
    if (name === "inCidrRange" || name === "inCidrRanges") this.#ranges(call.args.at(-1));
    return type;
  }

  /** `list.sortBy(x, key)`, which the parser does not know: pairs of key and element are made, and sorted. */
  #sortBy(target: Tree, [variable, key]: readonly Tree[], node: Tree, locals: Locals): CelType {
    const name = variable?.exprKind.case === "identExpr" ? variable.exprKind.value.name : undefined;
    if (name === undefined) throw new Mistaken(this.#placeOf(node), "sortBy() is written list.sortBy(x, x.key)");
    const pairs = pairsOf(node.id, target, name, part(key));
    recall(node, SORT_PAIRS, [pairs]);
    this.visit(pairs, locals);
    return LIST;
  }

  /** A pattern that is written out is compiled once, and found wrong now. */
  #pattern(node: Tree | undefined): void {
    const source = textOf(node);
    if (node === undefined || source === undefined) return;
    this.patterns.set(
      source,
      checked(this.#placeOf(node), () => compilePattern(source)),
    );
  }

  /** Ranges that are written out are found wrong now. */
  #ranges(node: Tree | undefined): void {
    const items = node?.exprKind.case === "listExpr" ? node.exprKind.value.elements : [node];
    for (const item of items) {
      const text = textOf(item);
      const problem = text === undefined ? undefined : cidrProblem(text);
      if (item !== undefined && problem !== undefined) throw new Mistaken(this.#placeOf(item), problem);
    }
  }

  #comprehension(loop: TreeComprehension, locals: Locals): CelType {
    const range = part(loop.iterRange);
    const condition = part(loop.loopCondition);
    const type = this.visit(range, locals);
    if (type.kind !== "list" && type.kind !== "map" && !isDyn(type)) {
      throw new Mistaken(this.#placeOf(range), `There is nothing to go over in a value of type ${formatType(type)}`);
    }
    const item = type.kind === "list" ? type.element : type.kind === "map" ? type.key : DYN;
    const result = this.visit(part(loop.accuInit), locals);
    const inner = new Map(locals).set(loop.iterVar, item).set(loop.accuVar, result);
    this.visit(condition, inner);
    const step = this.visit(part(loop.loopStep), inner);
    this.visit(part(loop.result), new Map(locals).set(loop.accuVar, result));
    const test = { ...condition };
    recall(condition, "_&&_", [nameNode(condition.id, STEP), test]);
    const outcome = part(loop.result).exprKind;
    // `exists_one` counts, and compares at the end.
    if (outcome.case === "callExpr") return BOOL;
    return result.kind === "list" && step.kind === "list" ? step : result;
  }
}

function literalType(kind: string | undefined): CelType {
  switch (kind) {
    case "boolValue":
      return BOOL;
    case "int64Value":
      return INT;
    case "uint64Value":
      return UINT;
    case "doubleValue":
      return DOUBLE;
    case "stringValue":
      return STRING;
    case "bytesValue":
      return BYTES;
    default:
      return NULL;
  }
}

function mapKey(type: CelType): typeof MAP.key | typeof STRING {
  return type === STRING ? STRING : MAP.key;
}
