import { expect, test } from "bun:test";

import { FUNCTIONS } from "../../src/cel/functions.ts";
import { failureOf, holds, scopeOf, valueOf } from "./scope-of.ts";

/** A row for each function; `x.name` is a method. */
const ROWS: readonly (readonly [string, string])[] = [
  ["inCidrRange", "inCidrRange('192.168.1.100', '192.168.1.0/24') && !inCidrRange('192.168.2.1', '192.168.1.0/24')"],
  ["inCidrRange", "inCidrRange('2001:db8::1', '2001:db8::/32') && !inCidrRange('2001:db9::1', '2001:db8::/32')"],
  [
    "inCidrRange",
    "inCidrRange('::ffff:10.1.1.1', '10.0.0.0/8') && !inCidrRange('10.0.0.1', '::/0') && !inCidrRange('::1', '0.0.0.0/0')",
  ],
  ["inCidrRange", "!inCidrRange('10.0.0.1', '10.0.0.0/32') && !inCidrRange('nonsense', '0.0.0.0/0')"],
  ["inCidrRanges", "inCidrRanges('10.0.0.1', ['192.168.0.0/16', '10.0.0.0/8']) && !inCidrRanges('10.0.0.1', [])"],
  ["x.isPrivateIp", "['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'].all(ip, ip.isPrivateIp())"],
  ["x.isPrivateIp", "['172.32.0.1', '203.0.113.7', '::1', 'fc00::1', 'nonsense'].all(ip, !ip.isPrivateIp())"],
  ["rand.int", "rand.int() == 1 && rand.int(0, 10) == 5 && rand.int(3, 3) == 3"],
  ["rand.double", "rand.double() == 0.5"],
  ["x.matches", "'foobar'.matches('foo.*') && 'db.example'.matches('^[a-z]+[.]example$') && !'test'.matches('fail')"],
  ["matches", "matches('hello', '^h.*o$') && matches('hello', dyn('ell'))"],
  ["x.startsWith", "'hello'.startsWith('he') && !'hello'.startsWith('lo')"],
  ["x.endsWith", "'hello'.endsWith('lo')"],
  ["x.contains", "'hello'.contains('ell')"],
  ["x.charAt", "'hello'.charAt(4) == 'o' && 'hello'.charAt(5) == ''"],
  ["x.size", "'h😀'.size() == 2 && [1].size() == 1 && {'a': 1}.size() == 1 && b'abc'.size() == 3"],
  ["size", "size('h😀') == 2 && size([]) == 0"],
  ["x.indexOf", "'hello mellow'.indexOf('ello', 2) == 7 && 'hello'.indexOf('x') == -1"],
  ["x.lastIndexOf", "'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1"],
  ["x.format", "'hello %s'.format(['world']) == 'hello world' && '%x'.format([26]) == '1a'"],
  ["x.split", "'hello mellow'.split() == ['hello', 'mellow'] && 'a,b,c'.split(',') == ['a', 'b', 'c']"],
  [
    "x.replace",
    "'hello mellow'.replace('l', 'L') == 'heLLo meLLow' && 'hello mellow'.replace('l', 'L', 2) == 'heLLo mellow'",
  ],
  [
    "x.replace",
    "'aaa'.replace('a', 'b', 0) == 'aaa' && 'aaa'.replace('a', 'b', -1) == 'bbb' && 'ab'.replace('', '-') == '-a-b-'",
  ],
  ["x.lower", "'ÄRGER'.lower() == 'ärger'"],
  ["x.upper", "'ärger'.upper() == 'ÄRGER'"],
  ["x.lowerAscii", "'TacoCÆt'.lowerAscii() == 'tacocÆt'"],
  ["x.upperAscii", "'tacocæt'.upperAscii() == 'TACOCæT'"],
  ["x.substring", "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'"],
  ["x.trim", "'  \\ttrim\\n '.trim() == 'trim'"],
  ["x.reverse", "'gum😀'.reverse() == '😀mug' && [1, 2].reverse() == [2, 1]"],
  ["strings.quote", "strings.quote('a\"b') == '\"a\\\\\"b\"'"],
  ["x.join", "['a', 'b'].join() == 'ab' && ['a', 'b'].join('/') == 'a/b' && [].join('/') == ''"],
  ["x.slice", "[1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].slice(0, 0) == []"],
  ["x.flatten", "[1, [2, [3, 4]]].flatten() == [1, 2, [3, 4]] && [1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]"],
  [
    "x.sort",
    "[3, 2, 1].sort() == [1, 2, 3] && ['b', 'c', 'a'].sort() == ['a', 'b', 'c'] && [true, false].sort() == [false, true]",
  ],
  ["x.sort", "[duration('2s'), duration('1s')].sort()[0] == duration('1s') && ['😀', '\\uffff'].sort()[1] == '😀'"],
  ["x.sortBy", "[{'n': 'a', 's': 2}, {'n': 'b', 's': 1}].sortBy(e, e.s).map(e, e.n) == ['b', 'a']"],
  [
    "x.distinct",
    "[1, 2, 2, 3.0, 3].distinct() == [1, 2, 3] && ['b', 'b', 'a'].distinct() == ['b', 'a'] && [[1], [1]].distinct() == [[1]]",
  ],
  ["lists.range", "lists.range(3) == [0, 1, 2]"],
  [
    "json.decode",
    "json.decode('{\"a\": [1, true, null]}').a == [1.0, true, null] && json.decode('{\"__proto__\": 1}')['__proto__'] == 1.0",
  ],
  ["json.encode", "json.encode({'a': ['b', 1, b'c', null]}) == '{\"a\":[\"b\",1,\"Yw==\",null]}'"],
  ["x.encodeJson", "['a'].encodeJson() == '[\"a\"]' && {'a': 'b'}.encodeJson() == '{\"a\":\"b\"}'"],
  ["x.decodeJson", "'[1]'.decodeJson() == [1.0]"],
  ["x.isJson", "'{}'.isJson() && !'not json'.isJson()"],
  ["base64.encode", "base64.encode(b'hello') == 'aGVsbG8='"],
  ["base64.decode", "base64.decode('aGVsbG8=') == b'hello'"],
  ["x.encodeBase64", "'some:thing'.encodeBase64() == 'c29tZTp0aGluZw=='"],
  ["x.decodeBase64", "'c29tZTp0aGluZw=='.decodeBase64() == 'some:thing'"],
  ["basic_auth.encode", "basic_auth.encode('username', 'password1') == 'Basic dXNlcm5hbWU6cGFzc3dvcmQx'"],
  ["url.escape", "url.escape('i;md/r/$y') == 'i%3Bmd%2Fr%2F%24y' && url.escape(\"a b!*\") == 'a+b%21%2A'"],
  ["x.escapeUrl", "'/foo'.escapeUrl() == '%2Ffoo'"],
  ["url.unescape", "url.unescape('%2Ffoo+a') == '/foo a'"],
  ["x.unescapeUrl", "'%2Ffoo'.unescapeUrl() == '/foo'"],
  [
    "url.parse",
    "url.parse('tcp://a@db.internal:5432/x?y=1#z') == {'scheme': 'tcp', 'host': 'db.internal:5432', 'hostname': 'db.internal', 'port': '5432', 'path': '/x', 'query': 'y=1', 'fragment': 'z', 'username': 'a'}",
  ],
  ["x.parseUrl", "'https://ngrok.com'.parseUrl().host == 'ngrok.com'"],
  ["x.isURL", "'https://ngrok.com'.isURL() && !'not a url'.isURL()"],
  ["queryString.encode", "queryString.encode({'a': 'b', 'c': ['d', 1]}) == 'a=b&c=d&c=1'"],
  ["x.encodeQueryString", "{'a': 'b c'}.encodeQueryString() == 'a=b+c'"],
  ["queryString.decode", "queryString.decode('a=b&c=d') == {'a': 'b', 'c': 'd'}"],
  ["x.decodeQueryString", "'a=b'.decodeQueryString().a == 'b'"],
  ["x.isQueryString", "'a=b&c=d'.isQueryString() && !'not a query string'.isQueryString()"],
  [
    "timestamp",
    "timestamp('2023-12-25T12:00:00Z') == timestamp(1703505600) && timestamp(timestamp(0)) == timestamp(0)",
  ],
  ["duration", "duration('1h30m') == duration('5400s') && duration('-1.5s') < duration('0s')"],
  [
    "x.getDate",
    "timestamp('2023-12-25T00:00:00Z').getDate() == 25 && timestamp('2023-12-25T00:00:00Z').getDate('America/Los_Angeles') == 24",
  ],
  [
    "x.getDayOfMonth",
    "timestamp('2023-12-25T00:00:00Z').getDayOfMonth() == 24 && timestamp('2023-12-25T00:00:00Z').getDayOfMonth('America/Los_Angeles') == 23",
  ],
  [
    "x.getDayOfWeek",
    "timestamp('2023-12-25T12:00:00Z').getDayOfWeek() == 1 && timestamp('2023-12-25T00:00:00Z').getDayOfWeek('-02:00') == 0",
  ],
  [
    "x.getDayOfYear",
    "timestamp('2023-12-25T12:00:00Z').getDayOfYear() == 358 && timestamp('2023-12-25T00:00:00Z').getDayOfYear('-02:00') == 357",
  ],
  [
    "x.getFullYear",
    "timestamp('2023-12-31T23:00:00Z').getFullYear() == 2023 && timestamp('2023-12-31T23:00:00Z').getFullYear('Asia/Tokyo') == 2024",
  ],
  [
    "x.getHours",
    "timestamp('2023-07-01T12:00:00Z').getHours() == 12 && timestamp('2023-07-01T12:00:00Z').getHours('Europe/Berlin') == 14 && duration('3h').getHours() == 3",
  ],
  [
    "x.getMilliseconds",
    "timestamp('2023-12-25T12:00:00.5Z').getMilliseconds() == 500 && duration('1.234s').getMilliseconds() == 234",
  ],
  [
    "x.getMinutes",
    "timestamp('2023-12-25T12:30:00Z').getMinutes('+05:45') == 15 && duration('1h30m').getMinutes() == 90",
  ],
  ["x.getMonth", "timestamp('2023-12-25T12:00:00Z').getMonth() == 11"],
  ["x.getSeconds", "timestamp('2023-12-25T12:30:30Z').getSeconds() == 30 && duration('1m30s').getSeconds() == 90"],
  ["int", "int('42') == 42 && int(4.9) == 4 && int(timestamp('1970-01-01T00:01:00Z')) == 60"],
  ["uint", "uint(1) == 1u"],
  ["double", "double('1.5') == 1.5 && double(2) == 2.0"],
  ["bool", "bool('true') && !bool('f')"],
  [
    "string",
    "string(42) == '42' && string(1.5) == '1.5' && string(duration('90s')) == '90s' && string(true) == 'true'",
  ],
  ["bytes", "bytes('é') == b'\\xc3\\xa9'"],
  ["dyn", "dyn(1) == 1"],
  [
    "type",
    "type(1) == int && type('a') == string && type([]) == list && type(timestamp(0)) == google.protobuf.Timestamp",
  ],
  ...hashes("crc32", "3610a686", "NhCmhg=="),
  ...hashes("crc64", "3c3eeee2d8100000", "PD7u4tgQAAA="),
  ...hashes("md5", "5d41402abc4b2a76b9719d911017c592", "XUFAKrxLKna5cZ2REBfFkg=="),
  ...hashes("sha1", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
  ...hashes(
    "sha256",
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
  ),
  ...hashes(
    "sha512",
    "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
    "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
  ),
  ...hashes("xxhash64", "26c7827d889f6da3", "JseCfYifbaM="),
];

function hashes(name: string, hex: string, base64: string): readonly (readonly [string, string])[] {
  return [
    [`hash.${name}`, `hash.${name}('hello') == '${hex}' && hash.${name}('hello', 'base64') == '${base64}'`],
    [`x.${name}`, `'hello'.${name}() == '${hex}' && 'hello'.${name}('hex') == '${hex}'`],
  ];
}

test.each(ROWS)("%s: %s", (_, source) => {
  expect(holds(source)).toBe(true);
});

test("every function has a row", () => {
  const rows = new Set(ROWS.map(([name]) => name));
  const names = [...FUNCTIONS].flatMap(([name, list]) =>
    list.map(({ target }) => (target === undefined ? name : `x.${name}`)),
  );
  expect([...new Set(names)].filter((name) => /^[a-z]/.test(name) && !rows.has(name))).toEqual([]);
});

test.each([
  ["rand.int(2, 1)", "bad-argument"],
  ["rand.int(-9223372036854775807, 9223372036854775807)", "bad-argument"],
  ["[1, 2].slice(1, 3)", "bad-argument"],
  ["[1, 2].slice(-1, 1)", "bad-argument"],
  ["[1].flatten(-1)", "bad-argument"],
  ["[1, dyn('b')].sort()", "wrong-type"],
  ["[[1, 2]].sort()", "wrong-type"],
  ["[1, dyn('b')].join()", "wrong-type"],
  ["lists.range(-1)", "bad-argument"],
  ["lists.range(1001)", "bad-argument"],
  ["json.decode('nonsense')", "bad-argument"],
  ["inCidrRange('10.0.0.1', '10.0.0.0/' + '33')", "bad-argument"],
  ["inCidrRanges('10.0.0.1', ['10.0.0.0/8', 'non' + 'sense'])", "bad-argument"],
  ["base64.decode('aGVsbG8')", "bad-argument"],
  ["url.unescape('%zz')", "bad-argument"],
  ["url.parse('nonsense')", "bad-argument"],
  ["hash.md5('a', 'octal')", "bad-argument"],
  ["[[1, 2]].map(x, lists.range(600) + lists.range(600))", "too-much"],
  ["lists.range(40).map(x, lists.range(30)).flatten()", "too-much"],
  ["timestamp('nonsense') == timestamp(0)", "bad-argument"],
  ["duration('nonsense') == duration('1s')", "bad-argument"],
])("%s fails with %s", (source, code) => {
  expect(failureOf(source)).toBe(code);
});

test("what is too long to work on is refused", () => {
  const scope = scopeOf();
  scope.setVar(
    "list",
    Array.from({ length: 1001 }, (_, index) => BigInt(index)),
  );
  scope.setVar(
    "long",
    Array.from({ length: 10_001 }, () => "10.0.0.0/8"),
  );
  scope.setVar("text", "a".repeat(8193));
  expect(failureOf("vars.list.sort()", scope)).toBe("too-much");
  expect(failureOf("vars.list.distinct()", scope)).toBe("too-much");
  expect(failureOf("inCidrRanges('10.0.0.1', vars.long)", scope)).toBe("too-much");
  expect(failureOf("vars.text.matches('a+')", scope)).toBe("too-much");
});

test("xxhash64 of longer texts, which are read in stripes", () => {
  expect(valueOf("hash.xxhash64('0123456789abcdefghijklmnopqrstuvwxyzABCDEF!')")).toBe(
    Bun.hash.xxHash64("0123456789abcdefghijklmnopqrstuvwxyzABCDEF!").toString(16).padStart(16, "0"),
  );
});
