// What of the language itself is relied on, so that a new version of the library shows what changed: a selection after
// the conformance tests of cel-spec, told in our own words.

import { expect, test } from "bun:test";

import { failureOf, holds } from "./scope-of.ts";

test.each([
  // Literals
  "0x1F == 31 && -5 < 0 && 7u == uint(7) && 1e3 == 1000.0",
  "-9223372036854775808 < 9223372036854775807",
  "'\\x41\\u00e9\\U0001F600\\101\\n' == 'Aé😀A\\n'",
  "r'\\n'.size() == 2 && '''a\n'b''' == \"a\\n'b\"",
  "b'\\xff\\303\\277' == b'\\xffÿ'",
  "[1, 2, ].size() == 2 && {'a': 1, }.size() == 1",
  // Operators
  "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && -7 % 3 == -1 && 10 - 2 - 3 == 5",
  "1.5 + 1.5 == 3.0 && 1.0 / 0.0 > 1e308 && 2u * 3u == 6u",
  "'a' + 'b' == 'ab' && b'a' + b'b' == b'ab' && [1] + [2] == [1, 2]",
  "1 == 1.0 && 1u == 1 && dyn(1) == 1u && 1 < 1.5 && 2u > 1",
  "dyn(1) != 'a' && dyn(null) != 0 && null == null",
  "[1, [2]] == [1.0, [2u]] && {'a': 1} == {'a': 1.0} && {'a': 1} != {'b': 1}",
  "'a' < 'b' && 'A' < 'a' && b'a' < b'b' && false < true",
  "0.0 / 0.0 != 0.0 / 0.0 && !(0.0 / 0.0 < 1.0)",
  "true ? true : false ? false : false",
  "!(1 in [2, 3]) && 'a' in {'a': 1} && !('b' in {'a': 1}) && 1.0 in [1]",
  // One side decides, whatever the other is.
  "1 / 0 > 0 || true",
  "true || 1 / 0 > 0",
  "!(1 / 0 > 0 && false)",
  "!(false && 1 / 0 > 0)",
  "[0, 1].exists(x, 1 / x == 1)",
  "![0, 1].all(x, 1 / x > 1)",
  // Members and elements
  "{'a': {'b': 1}}.a.b == 1 && {'a': 1}['a'] == 1 && [1, 2][1] == 2 && {1: 'a'}[1] == 'a' && {true: 1}[true] == 1",
  "has({'a': 1}.a) && !has({'a': 1}.b)",
  // Macros
  "[1, 2, 3].all(x, x > 0) && [].all(x, false) && ![].exists(x, true)",
  "[1, 2, 3].exists_one(x, x > 2) && ![1, 1].exists_one(x, x == 1)",
  "[1, 2, 3].filter(x, x > 1) == [2, 3] && {'a': 1, 'b': 2}.filter(k, k == 'a') == ['a']",
  "[1, 2].map(x, x * 2) == [2, 4] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
  "[[1, 2], [3]].all(l, l.all(x, x > 0)) && [1, 2].map(x, [3].map(y, x + y)) == [[4], [5]]",
  "[1].all(conn, conn == 1) && conn.client_port == 40000",
  // Times and durations
  "timestamp('2026-01-02T03:04:05Z') - timestamp('2026-01-02T03:04:00Z') == duration('5s')",
  "timestamp('2026-01-02T03:04:05+01:00') == timestamp('2026-01-02T02:04:05Z')",
  "timestamp(0) + duration('1m') == timestamp(60) && duration('1m') - duration('10s') == duration('50s')",
  "timestamp(0) < timestamp(1) && duration('1s') <= duration('1000ms')",
  "string(timestamp('2026-01-02T03:04:05.5Z')) == '2026-01-02T03:04:05.500Z'",
])("%s", (source) => {
  expect(holds(source)).toBe(true);
});

test.each([
  ["9223372036854775807 + 1", "overflow"],
  ["-9223372036854775807 - 2", "overflow"],
  ["9223372036854775807 * 2", "overflow"],
  ["-(-9223372036854775808)", "overflow"],
  ["0u - 1u", "overflow"],
  ["1 % 0", "division-by-zero"],
  ["1 / 0 > 0 || false", "division-by-zero"],
  ["[0, 1].all(x, 1 / x == 1)", "division-by-zero"],
  ["[1][1]", "no-such-key"],
  ["[1][-1]", "no-such-key"],
  ["{'a': 1}.b", "no-such-key"],
  ["{'a': 1}['b']", "no-such-key"],
  ["dyn('a') < 1", "wrong-type"],
  ["dyn('a') ? 1 : 2", "wrong-type"],
  ["dyn('a') && true", "wrong-type"],
  ["[1].filter(x, dyn(1))", "wrong-type"],
  ["dyn(1).size()", "wrong-type"],
  ["timestamp(253402300800)", "overflow"],
])("%s fails with %s", (source, code) => {
  expect(failureOf(source)).toBe(code);
});
