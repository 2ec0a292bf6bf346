// URLs of endpoints and of their upstreams: every form that there is, and what is said about all others.

import { describe, expect, test } from "bun:test";

import { bindingMistake, inferBinding } from "../../src/resource/binding.ts";
import { type EndpointUrl, formatEndpointUrl, parseEndpointUrl } from "../../src/resource/endpoint-url.ts";
import { parseUpstreamUrl } from "../../src/resource/upstream-url.ts";
import { Random } from "../support/random.ts";

function urlOf(text: string): EndpointUrl {
  const url = parseEndpointUrl(text);
  if ("mistake" in url) throw new Error(url.message);
  return url;
}

/** ngrok's number and the hint of what is wrong. */
function mistakeOf(text: string, parse: typeof parseEndpointUrl | typeof parseUpstreamUrl = parseEndpointUrl) {
  const url = parse(text);
  if (!("mistake" in url)) throw new Error(`Expected a mistake in ${text}`);
  expect(url.message).toMatch(/^[A-Z].* \(ERR_NGROK_\d+\)$/);
  return [Number(/(\d+)\)$/.exec(url.message)?.[1]), url.hint];
}

const PUBLIC = { internal: false, wildcard: false };
const INSIDE = { internal: true, wildcard: false };

describe("the URL of an endpoint", () => {
  test.each<readonly [string, EndpointUrl]>([
    ["tcp://", { scheme: "tcp", ...PUBLIC }],
    ["tcp://1.tcp.ngrok.io:12345", { scheme: "tcp", host: "1.tcp.ngrok.io", port: 12345, ...PUBLIC }],
    ["tcp://a:1", { scheme: "tcp", host: "a", port: 1, ...PUBLIC }],
    ["tcp://a:65535", { scheme: "tcp", host: "a", port: 65535, ...PUBLIC }],
    ["tcp://192.0.2.1:80", { scheme: "tcp", host: "192.0.2.1", port: 80, ...PUBLIC }],
    ["tcp://[2001:DB8::0:1]:80", { scheme: "tcp", host: "2001:db8::1", port: 80, ...PUBLIC }],
    ["tls://DB.Example.com", { scheme: "tls", host: "db.example.com", port: 443, ...PUBLIC }],
    ["tls://db.example.com.:8443", { scheme: "tls", host: "db.example.com", port: 8443, ...PUBLIC }],
    ["tls://*.example.com", { scheme: "tls", host: "example.com", port: 443, internal: false, wildcard: true }],
    ["tcp://db.internal:5432", { scheme: "tcp", host: "db.internal", port: 5432, ...INSIDE }],
    ["tls://db.internal", { scheme: "tls", host: "db.internal", port: 443, ...INSIDE }],
    ["tls://a.b.c.d.internal:1", { scheme: "tls", host: "a.b.c.d.internal", port: 1, ...INSIDE }],
    ["tcp://*.internal:1", { scheme: "tcp", host: "internal", port: 1, internal: true, wildcard: true }],
    ["tcp://*.b.c.d.internal:1", { scheme: "tcp", host: "b.c.d.internal", port: 1, internal: true, wildcard: true }],
    ["tcp://internal.example.com:1", { scheme: "tcp", host: "internal.example.com", port: 1, ...PUBLIC }],
    ["tcp://db.prod:5432", { scheme: "tcp", host: "db.prod", port: 5432, ...PUBLIC }],
  ])("%s is one", (text, url) => {
    expect(parseEndpointUrl(text)).toEqual(url);
  });

  test.each<readonly [text: string, error: number, hint: string | undefined]>([
    ["", 4500, "Write tcp://HOST:PORT or tls://HOST:PORT"],
    ["1.tcp.ngrok.io:12345", 4500, "Write tcp://1.tcp.ngrok.io:12345"],
    ["db", 4500, "Write tcp://HOST:PORT or tls://HOST:PORT"],
    ["http://a.example.com", 9036, "Write tls://a.example.com:80 for TLS, or tcp://a.example.com:80"],
    ["https://a.example.com", 9036, "Write tls://a.example.com:443 for TLS, or tcp://a.example.com:443"],
    ["HTTPS://a:8443/x", 9036, "Write tls://a:8443 for TLS, or tcp://a:8443"],
    ["https://", 9036, "Write tcp:// for any address"],
    ["TCP://a:1", 9036, "Write tcp://a:1"],
    ["tpc://a:1", 9036, "Write tcp://a:1"],
    ["udp://a:1", 9036, undefined],
    ["://a:1", 9036, undefined],
    ["tcp://me:pw@a:1", 9037, "Leave out all up to the @"],
    ["tcp://@a:1", 9037, "Leave out all up to the @"],
    ["tcp://a:1/b", 9037, "Write tcp://a:1"],
    ["tcp://a:1//", 9037, "Write tcp://a:1"],
    ["tcp://a:1?b=c", 9037, "Write tcp://a:1"],
    ["tls://a#b", 9037, "Write tls://a"],
    ["tcp://a:1/", 9038, "Write tcp://a:1"],
    ["tcp:///", 9038, "Write tcp://"],
    ["tls://", 9034, undefined],
    ["tcp://:5432", 9034, "Write tcp:// alone for any address"],
    ["tcp://a b:1", 9034, "International names are written in their ASCII form (xn--…)"],
    ["tcp://bücher:1", 9034, "International names are written in their ASCII form (xn--…)"],
    ["tcp://a:1\n", 9034, "International names are written in their ASCII form (xn--…)"],
    ["tcp://2001:db8::1:80", 9034, undefined],
    [`tcp://${"a".repeat(1020)}`, 9034, undefined],
    ["tcp://a_:b:1", 9034, undefined],
    ["tcp://-a:1", 9032, undefined],
    ["tcp://[10.0.0.256]:1", 9032, undefined],
    ["tcp://10.0.0.256:1", 9032, undefined],
    ["tls://10.0.0.1", 9032, undefined],
    ["tls://[::1]:443", 9032, undefined],
    ["tcp://*.example.com:1", 9032, "Write one host, or tls:// for clients that speak TLS"],
    ["tls://*", 9032, "A * is the whole first label, as in *.db.internal"],
    ["tls://a.*.internal", 9032, "A * is the whole first label, as in *.db.internal"],
    ["tls://*.10.0.0.1", 9032, "A * is the whole first label, as in *.db.internal"],
    ["tcp://internal:1", 9032, undefined],
    ["tcp://a.b.c.d.e.internal:1", 9031, undefined],
    ["tcp://*.b.c.d.e.internal:1", 9031, undefined],
    ["tcp://a", 18003, "Write tcp://a:PORT"],
    ["tcp://[::1]", 18003, "Write tcp://[::1]:PORT"],
    ["tcp://*.internal", 18003, "Write tcp://*.internal:PORT"],
    ["tcp://a:", 4501, undefined],
    ["tcp://a:b", 4501, undefined],
    ["tls://a:-1", 4501, undefined],
    ["tcp://a:1.0", 4501, undefined],
    ["tcp://a:0", 4502, undefined],
    ["tcp://a:65536", 4502, undefined],
    ["tls://a:0", 18023, undefined],
    ["tls://a:65536", 18023, undefined],
  ])("%j is none", (text, error, hint) => {
    expect(mistakeOf(text)).toEqual([error, hint]);
  });

  test("has no password that a message would show", () => {
    for (const text of ["tcp://me:hunter2@a:1", "me:hunter2@a:1", "https://me:hunter2@a"]) {
      expect(JSON.stringify(parseEndpointUrl(text))).not.toContain("hunter2");
    }
  });

  test("is what its written form says, whatever the text is", () => {
    const pieces = [
      "tcp",
      "tls",
      "://",
      ":",
      "/",
      "@",
      "[",
      "]",
      "*.",
      ".",
      "a",
      "-",
      "internal",
      "1",
      "65535",
      "::1",
      "é",
      "\0",
    ];
    let good = 0;
    for (let seed = 1; seed <= 20_000; seed++) {
      const random = new Random(seed);
      const start = random.chance(3) ? "" : random.chance(2) ? "tcp://" : "tls://";
      const text = start + Array.from({ length: random.below(8) }, () => pieces[random.below(pieces.length)]).join("");
      parseUpstreamUrl(text);
      const url = parseEndpointUrl(text);
      if ("mistake" in url) continue;
      good++;
      expect(parseEndpointUrl(formatEndpointUrl(url))).toEqual(url);
    }
    expect(good).toBeGreaterThan(100);
  });
});

describe("the URL of an upstream", () => {
  test("is a host and a port that are reached by TCP or TLS", () => {
    expect(parseUpstreamUrl("tcp://Db.prod:5432")).toEqual({ scheme: "tcp", host: "db.prod", port: 5432 });
    expect(parseUpstreamUrl("tls://[::1]:65535")).toEqual({ scheme: "tls", host: "::1", port: 65535 });
    expect(parseUpstreamUrl("tls://10.0.0.1:1")).toEqual({ scheme: "tls", host: "10.0.0.1", port: 1 });
  });

  test.each<readonly [text: string, error: number, hint: string | undefined]>([
    ["8080", 9036, "Write tcp://localhost:8080"],
    ["db:5432", 9036, "Write tcp://db:5432"],
    ["https://", 9036, "Write tls://localhost:443"],
    ["https://db", 9036, "Write tls://db:443"],
    ["http://db:8080", 9036, "Write tcp://db:8080"],
    ["db", 4500, "Write tcp://HOST:PORT or tls://HOST:PORT"],
    ["tcp://", 9034, undefined],
    ["tcp://*.db:1", 9034, undefined],
    ["tcp://db", 18003, "Write tcp://db:PORT"],
    ["tls://db", 18003, "Write tls://db:PORT"],
    ["tcp://db:x", 4501, undefined],
    ["tcp://db:0", 4502, undefined],
    ["tls://db:65536", 18023, undefined],
    ["tcp://db:1/", 9038, "Write tcp://db:1"],
    ["tcp://me@db:1", 9037, "Leave out all up to the @"],
  ])("is not %j", (text, error, hint) => {
    expect(mistakeOf(text, parseUpstreamUrl)).toEqual([error, hint]);
  });
});

describe("a binding", () => {
  test("is known by the name that an endpoint has", () => {
    expect(["tcp://", "tcp://a:1", "tcp://a.internal:1"].map((text) => inferBinding(urlOf(text)))).toEqual([
      "public",
      "public",
      "internal",
    ]);
  });

  test.each([
    ["tcp://", "public"],
    ["tcp://a:1", "public"],
    ["tcp://a.internal:1", "internal"],
    ["tcp://*.internal:1", "internal"],
    ["tcp://db.prod:1", "kubernetes"],
    ["tls://db.prod", "kubernetes"],
  ] as const)("of %s can be %s", (text, binding) => {
    expect(bindingMistake(urlOf(text), binding)).toBeUndefined();
  });

  test.each([
    ["tcp://", "internal"],
    ["tcp://a:1", "internal"],
    ["tcp://a.internal:1", "public"],
    ["tcp://", "kubernetes"],
    ["tcp://db:1", "kubernetes"],
    ["tcp://a.db.prod:1", "kubernetes"],
    ["tls://*.db.prod", "kubernetes"],
    ["tls://*.prod", "kubernetes"],
    ["tcp://1db.prod:1", "kubernetes"],
    ["tcp://10.0.0.1:1", "kubernetes"],
  ] as const)("of %s cannot be %s", (text, binding) => {
    expect(bindingMistake(urlOf(text), binding)).toMatchObject({ mistake: "wrong-binding" });
  });
});
