import { expect, test } from "bun:test";

import { formatAddress, formatHostPort, isHostName, parseAddress } from "../../src/base/address.ts";

test.each([
  ["db.internal:5432", "db.internal:5432"],
  ["DB.Internal.:5432", "db.internal.:5432"],
  ["_pg.tcp_x:1", "_pg.tcp_x:1"],
  ["10.0.0.1:80", "10.0.0.1:80"],
  ["[0:0::1]:80", "[::1]:80"],
  ["[::ffff:10.0.0.1]:80", "10.0.0.1:80"],
  ["*:80", "*:80"],
  [":80", ":80"],
  ["a:0", "a:0"],
  ["a:49152-49172", "a:49152-49172"],
  ["a:7-7", "a:7"],
  ["unix:/run/x y.sock", "unix:/run/x y.sock"],
])("parseAddress() reads %s, which formatAddress() writes as %s", (text, written) => {
  const address = parseAddress(text);
  expect("problem" in address ? address : formatAddress(address)).toBe(written);
});

test.each([
  ["", "the port is missing"],
  ["5432", "the port is missing"],
  ["host:", "the port is missing"],
  ["[::1]", "the port is missing"],
  ["::1:5432", "an IPv6 address needs brackets, as in [2001:db8::1]:5432"],
  ["[10.0.0.1]:80", '"[10.0.0.1]" is not an IPv6 address'],
  ["[x]:80", '"[x]" is not an IPv6 address'],
  ["a b:80", '"a b" is neither an IP address nor a host name'],
  ["10.0.0:80", '"10.0.0" is neither an IP address nor a host name'],
  ["a:http", '"http" is not a port'],
  ["a:-1", '"-1" is not a port'],
  ["a:65536", "port 65536 is not between 0 and 65535"],
  ["a:9-8", "the range 9-8 ends before it starts"],
  ["a:0-8", "port 0 cannot start a range"],
  ["unix:run/x", "the path of a unix socket must begin with /"],
  [`unix:/${"ä".repeat(60)}`, "the path of a unix socket can have at most 107 bytes"],
])("parseAddress() refuses %s: %s", (text, problem) => {
  expect(parseAddress(text)).toEqual({ problem });
});

test("a host name has labels that are neither empty, nor too long, nor begin or end with a hyphen", () => {
  for (const name of ["a", "a-b", "a.b.", "1a", "1.a"]) expect(isHostName(name)).toBe(true);
  for (const name of ["", ".", "a..b", "-a", "a-", "ä", "1.2", "x".repeat(64), "a.".repeat(130)]) {
    expect(isHostName(name)).toBe(false);
  }
});

test("formatHostPort() puts brackets around IPv6", () => {
  expect(formatHostPort("::1", 80)).toBe("[::1]:80");
  expect(formatHostPort("10.0.0.1", "80-90")).toBe("10.0.0.1:80-90");
});

test("parseAddress() refuses a NUL character in a path", () => {
  expect(parseAddress("unix:/run/\0")).toEqual({ problem: "the path of a unix socket cannot contain a NUL character" });
});
