// Compiles expressions of traffic policies (CEL, cel.dev): once when a policy is loaded, so that a connection only
// evaluates them. What an operator wrote wrong is a value, what fails for a connection is thrown.

import { type CelEnv, type CelType, isCelError, parse, plan } from "@bufbuild/cel";

import { Bindings } from "./bindings.ts";
import { CelError, type CelErrorCode } from "./cel-error.ts";
import { check } from "./checker.ts";
import { ENVIRONMENT, makeEnvironment } from "./functions.ts";
import { caught, type CelMistake, Mistaken } from "./mistake.ts";
import type { Scope } from "./scope.ts";
import { formatType, mayBeBool } from "./type.ts";
import { type CelValue, fromLibrary } from "./value.ts";

export { CelError, type CelErrorCode } from "./cel-error.ts";
export { type CelMistake, isMistake } from "./mistake.ts";
export type { CelMap, CelValue } from "./value.ts";

/** The longest source, in UTF-16 units. */
export const MAX_SOURCE_CHARS = 8192;

/** An expression of any type. */
export interface Value {
  /** Variables that it reads, as dotted paths; a group stands for all that is in it, which is named too. */
  readonly uses: ReadonlySet<string>;
  /** Its value for a connection. Throws CelError, and nothing else. */
  evaluate(scope: Scope): CelValue;
}

/** An expression that is true or false. */
export interface Condition {
  /** As of `Value`. */
  readonly uses: ReadonlySet<string>;
  /** Throws CelError, and nothing else; also when the value is no bool. */
  evaluate(scope: Scope): boolean;
}

/** Compiles an expression that must be bool, as far as that is known now. */
export function compileCondition(source: string): Condition | CelMistake {
  return caught(() => {
    const { type, uses, evaluate } = compileExpression(source);
    if (!mayBeBool(type))
      throw new Mistaken(0, `A condition is true or false, and this is of type ${formatType(type)}`);
    return {
      uses,
      evaluate: (scope) => {
        const value = evaluate(scope);
        if (typeof value === "boolean") return value;
        throw new CelError("wrong-type", "A condition must be true or false");
      },
    };
  });
}

/** Compiles an expression of any type. */
export function compileValue(source: string): Value | CelMistake {
  return caught(() => {
    const { uses, evaluate } = compileExpression(source);
    return { uses, evaluate };
  });
}

interface Compiled extends Value {
  readonly type: CelType;
}

/** Parses, checks and plans. Throws Mistaken. */
function compileExpression(source: string): Compiled {
  if (source.length > MAX_SOURCE_CHARS) {
    throw new Mistaken(MAX_SOURCE_CHARS, `An expression has ${MAX_SOURCE_CHARS} characters at most`);
  }
  if (source.trim() === "") throw new Mistaken(0, "The expression is empty");
  const { expr, sourceInfo } = parsed(source);
  if (expr === undefined) throw new Mistaken(0, "The expression is empty");
  const { type, uses, patterns } = check(expr, ({ id }) => sourceInfo?.positions[String(id)] ?? 0);
  const environment: CelEnv = patterns.size === 0 ? ENVIRONMENT : makeEnvironment(patterns);
  const run = plan(environment, expr);
  return {
    type,
    uses,
    evaluate: (scope) => {
      const result = run(new Bindings(scope));
      if (isCelError(result)) throw asCelError(result);
      return fromLibrary(result);
    },
  };
}

function parsed(source: string): ReturnType<typeof parse> {
  try {
    return parse(source);
  } catch (error) {
    if (error instanceof RangeError) throw new Mistaken(0, "The expression nests too deep");
    if (!(error instanceof Error)) throw error;
    const location: unknown = "location" in error ? error.location : undefined;
    throw new Mistaken(offsetOf(location) ?? 0, syntaxMessage(error.message));
  }
}

/** The library's errors of syntax have a place that is not declared. */
function offsetOf(location: unknown): number | undefined {
  if (typeof location !== "object" || location === null || !("start" in location)) return undefined;
  const { start } = location;
  if (typeof start !== "object" || start === null || !("offset" in start)) return undefined;
  return typeof start.offset === "number" ? start.offset : undefined;
}

/** The library lists all that it would have taken, which says little. */
function syntaxMessage(message: string): string {
  const found = /found (.+?) but expecting /s.exec(message)?.[1];
  if (found === undefined) return `The expression cannot be read: ${message}`;
  return found === "end of input" ? "The expression ends too early" : `The expression cannot be read from ${found} on`;
}

const CODES: readonly (readonly [RegExp, CelErrorCode])[] = [
  [/not found|no such|index|key/i, "no-such-key"],
  [/divide|division|modulus/i, "division-by-zero"],
  [/overflow|range/i, "overflow"],
  [/overload|type|unbound/i, "wrong-type"],
];

/** An error of the library, or one of ours that it carried. */
function asCelError(error: Error & { readonly cause: unknown }): CelError {
  if (error.cause instanceof CelError) return error.cause;
  const code = CODES.find(([pattern]) => pattern.test(error.message))?.[1] ?? "bad-argument";
  return new CelError(code, error.message, error);
}
