import { expect, test } from "bun:test";

import { formatCidr, formatIp, parseCidr, parseIp } from "../../src/base/ip.ts";

test.each([
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["10.1.2.3", "10.1.2.3"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::ffff:a00:1", "10.0.0.1"],
])("parseIp() reads %s, which is %s", (text, short) => {
  const ip = parseIp(text);
  expect(ip === undefined ? undefined : formatIp(ip)).toBe(short);
});

test.each([
  "",
  "1",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.4 ",
  "1..2.3",
  "a.b.c.d",
  ":",
  ":::",
  "1:",
  ":1",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::8",
  "12345::",
  "g::",
  "::1.2.3",
  "1:2:3:4:5:6:7:1.2.3.4",
  "[::1]",
  "fe80::1%eth0",
  "1".repeat(1000),
])("parseIp() refuses %s", (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test.each([
  ["10.1.2.3/8", "10.0.0.0/8"],
  ["10.1.2.3", "10.1.2.3"],
  ["10.1.2.3/32", "10.1.2.3"],
  ["1.2.3.4/0", "0.0.0.0/0"],
  ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
  ["::1/128", "::1"],
  ["ff::/0", "::/0"],
  ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
])("parseCidr() reads %s as %s, without host bits", (text, expected) => {
  const cidr = parseCidr(text);
  expect(cidr === undefined ? undefined : formatCidr(cidr)).toBe(expected);
});

test.each(["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "::/129", "10.0.0.0/8/8", "10.0.0.0/-1", "x/8"])(
  "parseCidr() refuses %s",
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);

test("formatIp() writes what parseIp() reads", () => {
  const words = new Uint32Array(4);
  for (let round = 0; round < 2000; round++) {
    crypto.getRandomValues(words);
    // Zeros in every place, so that the short form has something to shorten.
    for (let word = 0; word < 4; word++) if (Math.random() < 0.5) words[word] = Math.random() < 0.5 ? 0 : 1;
    const text = formatIp(words);
    expect(formatIp(parseIp(text) ?? 0)).toBe(text);
    expect(formatIp(parseIp(formatIp(words[0] ?? 0)) ?? -1)).toBe(formatIp(words[0] ?? 0));
  }
});
