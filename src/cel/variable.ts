// How variables are declared. They form a tree, `conn.client_ip.geo.location.city`, that is walked when an expression is
// compiled: at run time a leaf is one function call. So a variable can be a text and have members too.

import type { CelInput, CelType } from "@bufbuild/cel";

import type { Scope } from "./scope.ts";
import { RECORD, STRING } from "./type.ts";

/** A variable, or a group of them. */
export interface Variable {
  readonly type: CelType;
  readonly read: (scope: Scope) => CelInput;
  /** What is below it. */
  readonly members?: ReadonlyMap<string, Variable>;
  /** `group`: its value is a map of its members. `open`: any member may be there, which is known at run time only. */
  readonly shape?: "group" | "open";
  /** What `has()` says; absent: what it says of the variable above. */
  readonly has?: (scope: Scope) => boolean;
}

/** A variable without members. */
export function leaf(type: CelType, read: (scope: Scope) => CelInput): Variable {
  return { type, read };
}

/** A text that has members too. */
export function textWith(read: (scope: Scope) => string, members: Readonly<Record<string, Variable>>): Variable {
  return { type: STRING, read, members: new Map(Object.entries(members)) };
}

/** A group: as a value it is a map of its members, which is made when it is asked for. */
export function group(members: Readonly<Record<string, Variable>>, has?: (scope: Scope) => boolean): Variable {
  const entries = Object.entries(members);
  const read = (scope: Scope): CelInput => new Map(entries.map(([name, member]) => [name, member.read(scope)]));
  const made = { type: RECORD, read, members: new Map(entries), shape: "group" } as const;
  return has === undefined ? made : { ...made, has };
}

/** A map of which nothing is known before it is read. */
export function open(read: (scope: Scope) => CelInput): Variable {
  return { type: RECORD, read, shape: "open" };
}
