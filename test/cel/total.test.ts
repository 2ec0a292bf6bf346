import { expect, test } from "bun:test";

import { CelError, compileCondition, compileValue, isMistake } from "../../src/cel/expression.ts";
import { compileTemplate } from "../../src/cel/template.ts";
import { scopeOf } from "./scope-of.ts";

/** Words that make sense often enough to get past the parser. */
const WORDS = [
  ..."( ) [ ] { } . , : ? ! - + * / % == != < <= && || in 1 0 2u 1.5 'a' \"b\" b'c' true null x vars conn tls sni".split(
    " ",
  ),
  ..."client_ip geo has all exists map filter size json decode matches lists range sort int string timestamp 'z'".split(
    " ",
  ),
  "vars.x",
  "vars.list",
  "conn.client_ip",
  "conn.tls.client.san.dns_names",
  "[1, 2]",
  "{'a': 1}",
  "x, x",
  "${",
  "\\",
  "é😀",
  "9223372036854775808",
  "1e999",
  "'\\ud800'",
];

/** The same numbers at every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function soup(random: () => number): string {
  const length = 1 + Math.floor(random() * 9);
  const words = Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]);
  return words.join(random() < 0.5 ? "" : " ");
}

test("whatever is written, there is a mistake inside of the source, a value or a CelError", () => {
  const random = numbers(1);
  const scope = scopeOf();
  scope.setVar("x", 1n);
  scope.setVar("list", [1n, "a", null]);
  let values = 0;
  for (let turn = 0; turn < 3000; turn++) {
    const source = soup(random);
    for (const compile of [compileValue, compileCondition, compileTemplate]) {
      const compiled = compile(source);
      if (isMistake(compiled)) {
        expect(compiled.offset).toBeWithin(0, source.length + 1);
        continue;
      }
      try {
        compiled.evaluate(scope);
        values++;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
      }
    }
  }
  expect(values).toBeGreaterThan(100);
});

test("a value of any type can be set, and comes back as it was", () => {
  const scope = scopeOf();
  const value = { a: [null, true, 1n, 1.5, "é", Uint8Array.of(1), new Date(5)], m: new Map([[1n, "x"]]) };
  scope.setVar("v", value);
  const compiled = compileValue("vars.v");
  expect(isMistake(compiled) ? compiled : compiled.evaluate(scope)).toEqual(new Map(Object.entries(value)));
});

test("keys that JavaScript knows are keys like any others", () => {
  const scope = scopeOf();
  scope.setVar("v", JSON.parse('{"__proto__": 1, "constructor": 2}'));
  for (const source of [
    "has(vars.v.toString)",
    "has(vars.toString)",
    "has(vars.__proto__)",
    "has(vars.v.hasOwnProperty)",
  ]) {
    const compiled = compileValue(source);
    expect(isMistake(compiled) ? compiled : compiled.evaluate(scope)).toBe(false);
  }
  for (const source of [
    "toString",
    "constructor",
    "__proto__",
    "conn.constructor",
    "hasOwnProperty('a')",
    "'a'.toString()",
  ]) {
    expect(isMistake(compileValue(source))).toBe(true);
  }
});
