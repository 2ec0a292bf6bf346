// Texts with `${…}` in the settings of actions, compiled once. They were judged when they were read: one that cannot be compiled all
// the same fails whenever it is asked.

import { GatewayError } from "../../base/gateway-error.ts";
import { isMistake } from "../../cel/expression.ts";
import type { Scope } from "../../cel/scope.ts";
import { compileTemplate } from "../../cel/template.ts";
import type { CelValue } from "../../cel/value.ts";
import type { JsonValue } from "../../base/json-value.ts";

export type Interpolated<Value> = (scope: Scope) => Value;

/** A text that stays one, whatever is in it. */
export function compileText(text: string): Interpolated<string> {
  const value = compileAny(text);
  return (scope) => {
    const now = value(scope);
    if (typeof now === "string") return now;
    throw new GatewayError("policy/no-text", `Expected "${text}" to be a text`);
  };
}

/** A text that is one `${…}` alone is of any type. */
export function compileAny(text: string): Interpolated<CelValue> {
  const template = compileTemplate(text);
  if (!isMistake(template)) return template.constant ? () => text : (scope) => template.evaluate(scope);
  return () => {
    throw new GatewayError("policy/bad-expression", template.message);
  };
}

/** The same for every text in a value. */
export function compileJson(value: JsonValue): Interpolated<CelValue> {
  if (typeof value === "string") return compileAny(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    const integer = BigInt(value);
    return () => integer;
  }
  if (typeof value !== "object" || value === null) return () => value;
  if (isList(value)) {
    const items = value.map(compileJson);
    return (scope) => items.map((item) => item(scope));
  }
  const entries = Object.entries(value).map(([key, each]) => [key, compileJson(each)] as const);
  return (scope) => Object.fromEntries(entries.map(([key, each]) => [key, each(scope)]));
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
