// What the library asks for values of names: one object for each evaluation, whose properties are read when an expression
// comes to them. The names are whole paths, such as "conn.client_ip.geo", as the checker writes them into the tree.

import type { CelInput } from "@bufbuild/cel";

import { CelError } from "./cel-error.ts";
import type { Scope } from "./scope.ts";
import type { Variable } from "./variable.ts";
import { VARIABLES } from "./variables.ts";

/** The name that each step of a comprehension reads: it counts them. */
export const STEP = "@step";
/** The name of a number from 0 up to and without 1. */
export const RANDOM = "@random";

/** Steps of comprehensions that one evaluation may take: an expression that never ended would stop every connection. */
const MAX_STEPS = 1000;
/**
 * What functions do in a step may cost more than the step, so an evaluation with many of them also has this long, in
 * milliseconds. Those with few are not asked, so that a pause of the machine refuses nobody.
 */
const MAX_DURATION_MS = 100;
const STEPS_WITHOUT_CLOCK = 100;

/** The name under which it is told whether there is such a variable. */
export function presenceOf(path: string): string {
  return `has(${path})`;
}

/** The values of one evaluation. A property throws CelError when it has none. */
export class Bindings {
  readonly [path: string]: CelInput;
  readonly #scope: Scope;
  #steps = 0;
  #deadline = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  // The properties are on the prototype, so that an evaluation makes nothing but this object.
  static {
    const define = (name: string, get: (this: Bindings) => CelInput): void => {
      Object.defineProperty(Bindings.prototype, name, { get });
    };
    const declare = (path: string, variable: Variable, above: Variable["has"]): void => {
      const has = variable.has ?? above;
      define(path, function read() {
        return variable.read(this.#scope);
      });
      define(presenceOf(path), function isPresent() {
        return has?.(this.#scope) ?? true;
      });
      for (const [name, member] of variable.members ?? []) declare(`${path}.${name}`, member, has);
    };
    for (const [name, variable] of VARIABLES) declare(name, variable, undefined);
    define(RANDOM, function random() {
      return this.#scope.sources.random();
    });
    define(STEP, function step() {
      if (++this.#steps > MAX_STEPS) throw new CelError("too-much", `An expression takes ${MAX_STEPS} steps at most`);
      if (this.#steps === 1) this.#deadline = performance.now() + MAX_DURATION_MS;
      if (this.#steps > STEPS_WITHOUT_CLOCK && performance.now() > this.#deadline) {
        throw new CelError("too-much", "The expression takes too much work");
      }
      return true;
    });
  }
}
