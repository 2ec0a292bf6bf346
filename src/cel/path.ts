// Dotted paths: `conn.client_ip.geo.location.city` is looked for in the tree of variables, and becomes one name. What comes
// after the end of that tree, as in `vars.user.name`, stays a chain of members that is looked up in the value.

import type { CelType } from "@bufbuild/cel";

import { presenceOf } from "./bindings.ts";
import { Mistaken, nearest, shorten } from "./mistake.ts";
import { nameNode, rename, recall, selectNode, textOf, type Tree } from "./tree.ts";
import { BOOL, DYN, TYPE } from "./type.ts";
import type { Variable } from "./variable.ts";
import { ABSENT_VARIABLES, VARIABLES } from "./variables.ts";

/** A chain of members that begins with a name. */
export interface Path {
  /** One for each node of the chain, from the name on. */
  readonly steps: readonly Step[];
  /** Whether it is `has(chain)`. */
  readonly isTest: boolean;
}

interface Step {
  readonly name: string;
  readonly node: Tree;
}

/** Where a node begins in the source, in UTF-16 units. */
export type PlaceOf = (node: Tree) => number;

const TYPE_NAMES: ReadonlySet<string> = new Set(
  "bool int uint double string bytes list map null_type type google.protobuf.Timestamp google.protobuf.Duration".split(
    " ",
  ),
);

/** The chain that a node is, or `undefined`. */
export function pathOf(node: Tree): Path | undefined {
  const steps: Step[] = [];
  let isTest = false;
  let current: Tree | undefined = node;
  while (current !== undefined) {
    const { exprKind }: Tree = current;
    if (exprKind.case === "identExpr") {
      steps.push({ name: exprKind.value.name.replace(/^\./, ""), node: current });
      return { steps: steps.toReversed(), isTest };
    }
    if (exprKind.case === "selectExpr") {
      if (exprKind.value.testOnly) isTest = true;
      steps.push({ name: exprKind.value.field, node: current });
      current = exprKind.value.operand;
    } else if (exprKind.case === "callExpr" && exprKind.value.function === "_[_]") {
      const text = textOf(exprKind.value.args[1]);
      if (text === undefined) return undefined;
      steps.push({ name: text, node: current });
      current = exprKind.value.args[0];
    } else {
      return undefined;
    }
  }
  return undefined;
}

/**
 * Finds the variable of a path, writes its name into the tree and adds it to `uses`. Gives the type of the whole. Throws
 * Mistaken when there is no such variable.
 */
export function resolvePath({ steps, isTest }: Path, uses: Set<string>, placeOf: PlaceOf): CelType {
  const names = steps.map(({ name }) => name);
  if (!isTest && TYPE_NAMES.has(names.join("."))) return TYPE;
  const { variable, depth } = walk(steps, placeOf);
  const path = names.slice(0, depth).join(".");
  const rest = steps.slice(depth);
  uses.add(names.join("."));
  const last = steps.at(-1);
  const end = steps[depth - 1];
  if (last === undefined || end === undefined) throw new Error("Invariant: a path has a first step");
  if (rest.length === 0) {
    if (variable.shape === "group" && !isTest) useMembers(uses, variable, path);
    rename(end.node, isTest ? presenceOf(path) : path);
    return isTest ? BOOL : variable.type;
  }
  if (variable.shape !== "open") {
    const place = rest[0]?.node ?? last.node;
    throw new Mistaken(
      placeOf(place),
      `There is no variable "${shorten(names.slice(0, depth + 1).join("."))}": ${path} has no members`,
    );
  }
  rename(end.node, path);
  if (isTest)
    testEach(
      last.node,
      path,
      rest.map(({ name }) => name),
    );
  return isTest ? BOOL : DYN;
}

/** `has(vars.user.name)` asks for `vars.user` first: what was never set has no members, and that is no error. */
function testEach(node: Tree, path: string, names: readonly string[]): void {
  const tests = names.map((field, index) => {
    const operand = names
      .slice(0, index)
      .reduce((of, name) => selectNode(node.id, of, name, false), nameNode(node.id, path));
    return selectNode(node.id, operand, field, true);
  });
  const [only] = tests;
  if (tests.length > 1 || only === undefined) recall(node, "_&&_", tests);
  else node.exprKind = only.exprKind;
}

/** The variable at the end of the tree, and the number of steps that lead there. */
function walk(steps: readonly Step[], placeOf: PlaceOf): { variable: Variable; depth: number } {
  let members: ReadonlyMap<string, Variable> | undefined = VARIABLES;
  let variable: Variable | undefined;
  let path = "";
  for (const [depth, { name, node }] of steps.entries()) {
    if (members === undefined) {
      if (variable === undefined) break;
      return { variable, depth };
    }
    const absent = ABSENT_VARIABLES.get(path + name);
    if (absent !== undefined) throw new Mistaken(placeOf(node), `${path}${name} ${absent}`);
    variable = members.get(name);
    if (variable === undefined) {
      const hint: string = nearest(name, members.keys(), path) ?? `Known here: ${[...members.keys()].join(", ")}`;
      throw new Mistaken(placeOf(node), `There is no variable "${shorten(path + name)}"`, hint);
    }
    members = variable.members;
    path += `${name}.`;
  }
  if (variable === undefined) throw new Error("Invariant: a path has a first step");
  return { variable, depth: steps.length };
}

/** A group is read as a whole: all that is in it. */
function useMembers(uses: Set<string>, { members }: Variable, path: string): void {
  for (const [name, member] of members ?? []) {
    uses.add(`${path}.${name}`);
    if (member.shape === "group") useMembers(uses, member, `${path}.${name}`);
  }
}
