import { expect, test } from "bun:test";

import { compileCondition, isMistake, MAX_SOURCE_CHARS } from "../../src/cel/expression.ts";
import { failureOf, mistakeOf } from "./scope-of.ts";

test.each([
  ["", 0, "The expression is empty", undefined],
  ["(1", 2, "The expression ends too early", undefined],
  ["conn.tsl.sni", 4, 'There is no variable "conn.tsl"', 'Did you mean "conn.ts"?'],
  ["con.client_ip", 0, 'There is no variable "con"', 'Did you mean "conn"?'],
  [
    "conn.client_ip.geo.location.contry",
    27,
    'There is no variable "conn.client_ip.geo.location.contry"',
    'Did you mean "conn.client_ip.geo.location.country"?',
  ],
  ['"é😀" + nope', 8, 'There is no variable "nope"', "Known here: conn, endpoint, time, vars, actions"],
  ["has(conn.tlss)", 0, 'There is no variable "conn.tlss"', 'Did you mean "conn.tls"?'],
  ["conn.client_port.x", 16, 'There is no variable "conn.client_port.x": conn.client_port has no members', undefined],
  ['conn.tls.sni.starts_with("a")', 12, 'There is no function "starts_with"', 'Did you mean "startsWith"?'],
  ['startsWith(conn.tls.sni, "a")', 0, "There is no startsWith()", 'Did you mean "x.startsWith()"?'],
  ["conn.client_ip.inCidrRange()", 14, "There is no x.inCidrRange()", 'Did you mean "inCidrRange(x)"?'],
  [
    "inCidrRange(conn.client_ip, '10.0.0.0/33')",
    28,
    'Expected a CIDR such as 10.0.0.0/8, found "10.0.0.0/33"',
    undefined,
  ],
  ["inCidrRanges(conn.client_ip, ['10.0.0.0/8', 'x'])", 44, 'Expected a CIDR such as 10.0.0.0/8, found "x"', undefined],
  ["inCidrRange(conn.client_ip)", 0, "There is no inCidrRange(string)", "There is inCidrRange(string, string)"],
  ["conn.client_ip.contains(1)", 14, "There is no string.contains(int)", "There is string.contains(string)"],
  ["[1].exists(x)", 3, "exists() is not written so", "It is written list.exists(x, x > 1)"],
  ["[1].sortBy(1, 2)", 3, "sortBy() is written list.sortBy(x, x.key)", undefined],
  [
    'conn.client_port == "80"',
    17,
    "There is no int == string",
    "A text becomes an integer by int(), an integer a text by string()",
  ],
  ['conn.ts.start > "2026"', 14, "There is no timestamp > string", "A text becomes a time by timestamp()"],
  ["1 in ['a']", 1, "There is no int in list(string)", undefined],
  ["-conn.client_ip", 0, "There is no -string", undefined],
  ["1 && true", 0, "&& wants bool, not int", undefined],
  ["1 ? 2 : 3", 0, 'The condition before "?" is a bool, not int', undefined],
  ["1[0]", 1, "A value of type int has no elements", undefined],
  ["[1]['a']", 3, "A list(int) has no element at a string", undefined],
  ["{1.5: 1}", 1, "A key of a map is a string, an integer or a bool, not double", undefined],
  ["size('a').x", 9, 'A value of type int has no field "x"', undefined],
  ["a.b{c: 1}", 0, 'There is no message "a.b"', undefined],
  ["(1).all(x, true)", 1, "There is nothing to go over in a value of type int", undefined],
  ['conn.tls.sni.matches("(")', 21, "The pattern is no RE2 expression: missing closing ): `(`", undefined],
  [
    "req.headers",
    0,
    "req exists on HTTP endpoints only: on TCP and TLS nothing is read of what a client sends",
    undefined,
  ],
  [
    "res.status_code",
    0,
    "res exists on HTTP endpoints only: on TCP and TLS nothing is read of what a client sends",
    undefined,
  ],
  [
    "conn.bytes_in > 1",
    4,
    "conn.bytes_in exists on HTTP endpoints only: a policy of TCP runs before any byte is passed on",
    undefined,
  ],
  [
    "conn.k8s.pod.id",
    4,
    'conn.k8s exists on endpoints with the binding "kubernetes" only, which this gateway does not have',
    undefined,
  ],
  ["secrets.get('a', 'b')", 7, "secrets.get() needs a vault, and this gateway has none", undefined],
])("%s is a mistake at %d: %s", (source, offset, message, hint) => {
  const mistake = mistakeOf(source);
  expect([mistake.message, mistake.offset, mistake.hint]).toEqual([message, offset, hint]);
});

test.each([
  "getReqHeader",
  "getReqCookie",
  "getQueryParam",
  "hasQueryParam",
  "hasReqCookie",
  "hasReqHeader",
  "getResCookie",
  "getResHeader",
  "hasResCookie",
  "hasResHeader",
])("%s() exists on HTTP endpoints only", (name) => {
  expect(mistakeOf(`${name}('a')`).message).toStartWith(`${name}() exists on HTTP endpoints only`);
});

test.each(["'a'", "1 + 1", "conn.client_ip", "[true]"])("%s is no condition", (source) => {
  const condition = compileCondition(source);
  expect(isMistake(condition) ? condition.message : "").toStartWith(
    "A condition is true or false, and this is of type",
  );
});

test("a condition whose type is known at run time only must be bool then", () => {
  expect(isMistake(compileCondition("vars.x"))).toBe(false);
});

test.each([
  ["a source that is too long", `"${"a".repeat(MAX_SOURCE_CHARS)}"`],
  ["parentheses that nest too deep", `${"(".repeat(4000)}1${")".repeat(4000)}`],
  ["lists that nest too deep", `${"[".repeat(400)}${"]".repeat(400)}`],
  ["a chain that is too long", `1${"+1".repeat(400)}`],
  ["too many parts", `[${"1,".repeat(4050)}]`],
  ["a pattern that is too long", `"a".matches("${"a".repeat(1001)}")`],
])("%s is a mistake", (_, source) => {
  expect(mistakeOf(source).message).not.toBe("");
});

test("an integer of more than 64 bits is a mistake", () => {
  const mistake = mistakeOf("1 + 9223372036854775808");
  expect([mistake.message, mistake.offset]).toEqual(["9223372036854775808 is no 64-bit integer", 4]);
});

test("a name in a message is shortened", () => {
  expect(mistakeOf("a".repeat(5000)).message.length).toBeLessThan(200);
});

test.each([
  ["vars.no", "no-such-key"],
  ["[1][3]", "no-such-key"],
  ["1 / 0", "division-by-zero"],
  ["9223372036854775807 + 1", "overflow"],
  ["dyn(1) + 'a'", "wrong-type"],
  ["json.decode('{')", "bad-argument"],
  ["'a'.matches(dyn('('))", "bad-argument"],
  ["lists.range(900).all(x, lists.range(900).all(y, true))", "too-much"],
  [`['aaaaaaaa']${".map(a, a + a)".repeat(30)}`, "too-much"],
  [`[b'aaaaaaaa']${".map(a, a + a)".repeat(30)}`, "too-much"],
  [`[[1, 2, 3]]${".map(a, a + a)".repeat(30)}`, "too-much"],
  [`'${"a".repeat(1000)}'.replace('a', '${"b".repeat(1000)}')`, "too-much"],
  [`lists.range(500).map(x, '${"a".repeat(1000)}').join()`, "too-much"],
  [`json.decode('${"[".repeat(100)}${"]".repeat(100)}')`, "too-much"],
])("%.60s fails with %s", (source, code) => {
  expect(failureOf(source)).toBe(code);
});
