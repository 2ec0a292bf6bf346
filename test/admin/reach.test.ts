import { expect, test } from "bun:test";
import { adminReach, isLoopbackHost } from "../../src/admin/reach.ts";

test.each([
  "localhost",
  "LocalHost",
  "localhost.",
  "localhost:4040",
  "localhost.:4040",
  "127.0.0.1",
  "127.0.0.1:4040",
  "127.0.0.1.:4040",
  "127.255.255.254:1",
  "[::1]",
  "[::1]:4040",
])("%s is a loopback host", (host) => {
  expect(isLoopbackHost(host)).toBe(true);
});

test.each([
  "",
  ":",
  ":4040",
  "evil.example",
  "evil.example:4040",
  "localhost.evil.example",
  "evil.localhost",
  "127.0.0.1.evil.example",
  "127.0.0.256",
  "127.0.0",
  "127.1",
  "127.0.0.1..",
  "128.0.0.1",
  "0.0.0.0",
  "10.0.0.1",
  "::1",
  "[::1",
  "::1]",
  "[::1].",
  "[::2]",
  "[localhost]",
  "localhost:99999999",
  "localhost:port",
  "localhost:80:80",
  "localhost, evil.example",
  "localhost/",
  "user@localhost",
  " localhost",
  "localhost\n",
  "1".repeat(100_000),
])("%j is none", (host) => {
  expect(isLoopbackHost(host)).toBe(false);
});

test("no Host header is no loopback host", () => {
  expect(isLoopbackHost(undefined)).toBe(false);
});

test("a bound address tells who can reach it", () => {
  expect(adminReach({ unix: "/run/sallyport.sock" })).toBe("unix");
  expect(adminReach({ host: "127.0.0.1", port: 4040 })).toBe("loopback");
  expect(adminReach({ host: "::1", port: 4040 })).toBe("loopback");
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "fe80::1", "", "gateway.example"]) {
    expect(adminReach({ host, port: 4040 })).toBe("network");
  }
});
