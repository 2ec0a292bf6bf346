// The library's syntax tree: what the checker needs of it, and how it changes nodes in place.

import type { parse } from "@bufbuild/cel";

/** A node. Its kind is in `exprKind`; its place in the source is known by its id. */
export type Tree = NonNullable<ReturnType<typeof parse>["expr"]>;

/** A call of a function, a method or an operator. */
export type TreeCall = Extract<Tree["exprKind"], { case: "callExpr" }>["value"];

/** A member, or with `testOnly` whether there is one. */
export type TreeSelect = Extract<Tree["exprKind"], { case: "selectExpr" }>["value"];

/** A comprehension, which the parser makes of macros such as `exists`. */
export type TreeComprehension = Extract<Tree["exprKind"], { case: "comprehensionExpr" }>["value"];

/** Turns a node into the name of a binding. */
export function rename(node: Tree, name: string): void {
  node.exprKind = { case: "identExpr", value: { $typeName: "cel.expr.Expr.Ident", name } };
}

/** A new node that is the name of a binding. */
export function nameNode(id: bigint, name: string): Tree {
  return {
    $typeName: "cel.expr.Expr",
    id,
    exprKind: { case: "identExpr", value: { $typeName: "cel.expr.Expr.Ident", name } },
  };
}

/** Turns a node into a call with these arguments. */
export function recall(node: Tree, name: string, args: Tree[]): void {
  node.exprKind = { case: "callExpr", value: { $typeName: "cel.expr.Expr.Call", function: name, args } };
}

/** A new node for a member of another one. */
export function selectNode(id: bigint, operand: Tree, field: string, testOnly: boolean): Tree {
  const value = { $typeName: "cel.expr.Expr.Select", operand, field, testOnly } as const;
  return { $typeName: "cel.expr.Expr", id, exprKind: { case: "selectExpr", value } };
}

/** The text that a node is, when it is written in quotes. */
export function textOf(node: Tree | undefined): string | undefined {
  if (node?.exprKind.case !== "constExpr") return undefined;
  const { constantKind } = node.exprKind.value;
  return constantKind.case === "stringValue" ? constantKind.value : undefined;
}

/** The part that must be there: a tree that lacks it is none that the parser made. */
export function part(node: Tree | undefined): Tree {
  if (node === undefined) throw new Error("Invariant: a part of a syntax tree is missing");
  return node;
}

/** A new node that makes a list of `[key, item]` of another list, whose elements are called `variable`. */
export function pairsOf(id: bigint, list: Tree, variable: string, key: Tree): Tree {
  const make = (exprKind: Tree["exprKind"]): Tree => ({ $typeName: "cel.expr.Expr", id, exprKind });
  const listOf = (elements: Tree[]): Tree =>
    make({ case: "listExpr", value: { $typeName: "cel.expr.Expr.CreateList", elements, optionalIndices: [] } });
  const pair = listOf([listOf([key, nameNode(id, variable)])]);
  const sum = make({
    case: "callExpr",
    value: { $typeName: "cel.expr.Expr.Call", function: "_+_", args: [nameNode(id, "@result"), pair] },
  });
  const value = { $typeName: "cel.expr.Constant", constantKind: { case: "boolValue", value: true } } as const;
  return make({
    case: "comprehensionExpr",
    value: {
      $typeName: "cel.expr.Expr.Comprehension",
      iterVar: variable,
      iterVar2: "",
      iterRange: list,
      accuVar: "@result",
      accuInit: listOf([]),
      loopCondition: make({ case: "constExpr", value }),
      loopStep: sum,
      result: nameNode(id, "@result"),
    },
  });
}
