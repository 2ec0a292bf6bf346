import { expect, test } from "bun:test";

import { type CelValue, isMistake } from "../../src/cel/expression.ts";
import { compileTemplate, MAX_TEMPLATE_CHARS } from "../../src/cel/template.ts";
import { scopeOf } from "./scope-of.ts";

function evaluate(text: string): CelValue {
  const template = compileTemplate(text);
  if (isMistake(template)) throw new Error(template.message);
  return template.evaluate(scopeOf());
}

test.each([
  ["", ""],
  ["plain", "plain"],
  ["$ {x} $", "$ {x} $"],
  ["${1 + 1}", 2n],
  ["${conn.client_ip.categories}", ["proxy.anonymous.tor"]],
  ["from ${conn.client_ip} to ${endpoint.port}", "from 203.0.113.7 to 443"],
  ["${1}${2}", "12"],
  [" ${1}", " 1"],
  ["${{'a': '}'}['a']} and ${\"}\"}", "} and }"],
  ["${'''}'''} ${r'\\'} ${'\\'}'}", "} \\ '}"],
  ["${1 // }\n} one", "1 one"],
  ["${true} ${1.5} ${null} ${b'a'} ${[1, 'a']} ${{'a': 1}}", 'true 1.5 null a [1,"a"] {"a":1}'],
  ["${timestamp('2026-01-02T03:04:05.600Z')} ${duration('90s')} ${type(1)}", "2026-01-02T03:04:05.6Z 90s int"],
  ["${9007199254740993} ${json.encode([9007199254740993])}", '9007199254740993 ["9007199254740993"]'],
])("%j is %p", (text, value) => {
  expect(evaluate(text)).toEqual(value);
});

test("a text is constant when there is no expression in it", () => {
  const texts = ["plain", "${1}"].map(compileTemplate);
  expect(texts.map((text) => (isMistake(text) ? text : text.constant))).toEqual([true, false]);
});

test("a text reads what its expressions read", () => {
  const template = compileTemplate("${conn.tls.sni} ${vars.x} ${conn.tls.sni}");
  expect(isMistake(template) ? template : [...template.uses]).toEqual(["conn.tls.sni", "vars.x"]);
});

test.each([
  ["a ${1 + 'x'}", 5, "There is no int + string"],
  ["a ${conn.tsl}", 8, 'There is no variable "conn.tsl"'],
  ["a ${}", 4, "The expression is empty"],
  ["a ${1", 2, 'The expression that begins here does not end: "}" is missing'],
  ["a ${{'a': 1}", 2, 'The expression that begins here does not end: "}" is missing'],
  ["a ${'x}", 4, "The text that begins here does not end: ' is missing"],
])("%j is a mistake at %d: %s", (text, offset, message) => {
  const template = compileTemplate(text);
  expect(isMistake(template) ? [template.offset, template.message] : template).toEqual([offset, message]);
});

test("a text that is too long, or has too many expressions, is a mistake", () => {
  const long = compileTemplate("a".repeat(MAX_TEMPLATE_CHARS + 1));
  expect(isMistake(long) ? long.message : long).toBe(`A text has ${MAX_TEMPLATE_CHARS} characters at most`);
  const many = compileTemplate("${1}".repeat(101));
  expect(isMistake(many) ? many.message : many).toBe("A text has 100 expressions at most");
});
