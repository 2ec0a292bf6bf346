import { expect, test } from "bun:test";

import { ja4Fingerprint } from "../../src/wire/ja4.ts";
import {
  alpn,
  buildHello,
  EXTENSION,
  extension,
  GREASE,
  recordedHellos,
  refragment,
  serverName,
  uint16s,
  vector,
} from "../support/hello-builder.ts";
import { Random } from "../support/random.ts";

const SIGNATURES = 13;

/** The suites that Chromium has offered for years, in its order. */
const CHROMIUM_SUITES = uint16s(
  0x1301,
  0x1302,
  0x1303,
  0xc02b,
  0xc02f,
  0xc02c,
  0xc030,
  0xcca9,
  0xcca8,
  0xc013,
  0xc014,
  0x9c,
  0x9d,
  0x2f,
  0x35,
);
const CHROMIUM_SIGNATURES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];

function versions(...values: readonly number[]): readonly number[] {
  return extension(EXTENSION.versions, vector(1, uint16s(...values)));
}

function signatures(...values: readonly number[]): readonly number[] {
  return extension(SIGNATURES, vector(2, uint16s(...values)));
}

/** Extensions of these types, in this order; of those that are read, what Chromium says. */
function chromium(types: readonly number[]): readonly (readonly number[])[] {
  return types.map((type) => {
    if (type === EXTENSION.serverName) return serverName("a.example");
    if (type === EXTENSION.alpn) return alpn("h2", "http/1.1");
    if (type === EXTENSION.versions) return versions(0x0304, 0x0303);
    return type === SIGNATURES ? signatures(...CHROMIUM_SIGNATURES) : extension(type);
  });
}

/** The part about TLS in general, the counts and the protocol. */
function firstPart(...extensions: readonly (readonly number[])[]): string {
  return ja4Fingerprint(buildHello({ extensions })).split("_")[0] ?? "";
}

test.each([
  // The worked example of the specification, with all of what it hashes.
  ["t13d1516h2_8daaf6152771_e5627efa2ab1", [27, 0, 51, 16, 0x4469, 23, 45, 13, 5, 35, 18, 43, 0xff01, 11, 10, 21]],
  // Chrome 143, as it was seen with its raw lists by somebody else's implementation.
  [
    "t13d1516h2_8daaf6152771_d8a2da3f94cd",
    [0x2d, 0x33, 0x10, 0xfe0d, 0x17, 0x44cd, 0, 11, 10, 0x2b, 0xff01, 0x23, 18, 5, 13, 27],
  ],
])("published fingerprints come out: %s", (wanted, types) => {
  const extensions = chromium(types);
  expect(ja4Fingerprint(buildHello({ ciphers: CHROMIUM_SUITES, extensions }))).toBe(wanted);
  const ciphers = [...uint16s(0x2a2a), ...CHROMIUM_SUITES];
  // Neither their order nor placeholders make a difference.
  const shuffled = [extension(GREASE), ...extensions.toReversed(), extension(0xdada)];
  expect(ja4Fingerprint(buildHello({ ciphers, extensions: shuffled }))).toBe(wanted);
});

// Computed by an implementation of its own. Of Chromium 152, which has placeholders among its signatures, and of curl they are public.
test.each([
  ["bun", "t13d1811h2_5d04281c6031_25d8bb11352d"],
  ["chromium", "t13d1517h2_8daaf6152771_cb7bf5808d99"],
  ["curl", "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"],
  ["deno", "t13d1011h2_61a7ad8aa9b6_f9531d972513"],
  ["go", "t13d1910h2_9dc949149365_97f8aa674fd9"],
  ["java", "t13d3713h2_db35923f8641_7c76daad20ec"],
  ["node", "t13d591000_a33745022dd6_1f22a2ca17c4"],
  ["openssl-address", "t13d311000_e8f1e7e78f70_1f22a2ca17c4"],
  ["openssl-alpn", "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4"],
  ["openssl-no-name", "t13i310900_e8f1e7e78f70_1f22a2ca17c4"],
  ["openssl-resumed", "t13d311100_e8f1e7e78f70_dbd39dd1d406"],
  ["openssl-tls12", "t12d280700_d943125447b4_e7e480e5a997"],
])("a real client's hello has its fingerprint, however its records are cut: %s", (name, wanted) => {
  const hello = recordedHellos().get(name) ?? new Uint8Array();
  expect(ja4Fingerprint(hello)).toBe(wanted);
  expect(ja4Fingerprint(refragment(hello, 7))).toBe(wanted);
});

test("the version is the highest that is offered, and the legacy one where none is", () => {
  expect(firstPart(versions(0x0303, 0x0a0a, 0x0304, 0x0301))).toStartWith("t13");
  expect(firstPart(versions(0x0302, 0x0301))).toStartWith("t11");
  expect(firstPart(versions(0x0999))).toStartWith("t00");
  for (const [version, wanted] of [
    [0x0303, "t12i"],
    [0x0301, "t10i"],
    [0x0300, "ts3i"],
  ] as const) {
    expect(ja4Fingerprint(buildHello({ version }))).toStartWith(wanted);
  }
});

test.each([
  ["h2", "h2"],
  ["http/1.1", "h1"],
  ["x", "xx"],
  ["\xab", "ab"],
  ["\xab\xcd", "ad"],
  ["0\xab", "3b"],
  ["01\xab\xcd", "3d"],
  ["0\xab\xcd1", "01"],
])("of the first protocol %p it has %s", (protocol, wanted) => {
  expect(firstPart(alpn(protocol, "other"))).toBe(`t12i0201${wanted}`);
});

test("a hello without extensions has no digest of any, nor one without suites of those", () => {
  expect(ja4Fingerprint(buildHello({ extensions: null }))).toMatch(/^t12i020000_[0-9a-f]{12}_000000000000$/);
  expect(ja4Fingerprint(buildHello({ extensions: [serverName("a.example")] }))).toEndWith("_000000000000");
  expect(ja4Fingerprint(buildHello({ ciphers: uint16s(GREASE) }))).toBe("t12i000000_000000000000_000000000000");
});

test("counts have two digits", () => {
  const extensions = Array.from({ length: 120 }, (_, index) => extension(1000 + index));
  const ciphers = Array.from({ length: 120 }, (_, index) => index + 1).flatMap((suite) => uint16s(suite));
  expect(ja4Fingerprint(buildHello({ ciphers, extensions }))).toStartWith("t12i999900_");
});

test("what is no whole hello has no fingerprint, and nothing throws", () => {
  const hello = recordedHellos().get("chromium") ?? new Uint8Array();
  for (let length = 0; length < hello.length; length++) expect(ja4Fingerprint(hello.subarray(0, length))).toBe("");
  const random = new Random(7);
  for (let round = 0; round < 2000; round++) {
    const broken = hello.slice();
    for (let count = 0; count < 3; count++) broken[random.below(broken.length)] = random.below(256);
    expect(ja4Fingerprint(broken)).toMatch(/^(?:t[0-9s]{2}[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12})?$/);
  }
});
