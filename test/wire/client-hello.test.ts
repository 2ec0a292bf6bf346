import { describe, expect, test } from "bun:test";
import { type ClientHello, HelloReader, type HelloVerdict, readClientHello } from "../../src/wire/client-hello.ts";
import {
  alpn,
  buildHello,
  chromiumLike,
  EXTENSION,
  extension,
  refragment,
  recordedHellos,
  serverName,
  uint16s,
  vector,
  zeros,
} from "../support/hello-builder.ts";

const RECORDED = recordedHellos();
const HELLOS: ReadonlyMap<string, Uint8Array> = new Map([
  ...RECORDED,
  ["chromium-like", chromiumLike()],
  ["bare", buildHello({ extensions: null })],
]);

const TLS13 = [0x0304, 0x0303];
const TLS10_TO_13 = [0x0304, 0x0303, 0x0302, 0x0301];
const named = { serverName: "db.example.com", alpn: [], ech: false };

/** What each recorded client was asked to say. */
const EXPECTED: ReadonlyMap<string, Omit<ClientHello, "length">> = new Map([
  ["bun", { ...named, alpn: ["h2"], versions: TLS13 }],
  ["chromium", { ...named, alpn: ["h2", "http/1.1"], versions: TLS13, ech: true }],
  ["curl", { ...named, alpn: ["h2", "http/1.1"], versions: TLS10_TO_13 }],
  ["deno", { ...named, alpn: ["h2", "http/1.1"], versions: TLS13 }],
  ["go", { ...named, alpn: ["h2", "http/1.1"], versions: TLS13 }],
  ["java", { ...named, alpn: ["h2", "http/1.1"], versions: TLS13 }],
  ["node", { ...named, versions: TLS13 }],
  ["openssl", { ...named, versions: TLS10_TO_13 }],
  ["openssl-address", { alpn: [], versions: TLS10_TO_13, ech: false }],
  ["openssl-alpn", { ...named, alpn: ["h2", "http/1.1", "postgresql"], versions: TLS10_TO_13 }],
  ["openssl-no-name", { alpn: [], versions: TLS10_TO_13, ech: false }],
  ["openssl-resumed", { ...named, versions: TLS10_TO_13 }],
  ["openssl-tls12", { ...named, versions: [0x0303] }],
  ["openssl-tls12-resumed", { ...named, versions: [0x0303] }],
  ["chromium-like", { serverName: "public.example.net", alpn: ["\n\n", "h2", "http/1.1"], versions: TLS13, ech: true }],
  ["bare", { alpn: [], versions: [0x0303], ech: false }],
]);

/** The hello in these bytes. Throws when there is none. */
function helloIn(bytes: Uint8Array): ClientHello {
  const verdict = readClientHello(bytes);
  if (verdict.kind !== "hello") throw new Error(`Not a hello: ${JSON.stringify(verdict)}`);
  return verdict.hello;
}

/** Why these bytes are malformed, or which other verdict they get. */
function reason(bytes: Uint8Array): string {
  const verdict = readClientHello(bytes);
  return verdict.kind === "malformed" ? verdict.why : verdict.kind;
}

function reasonOf(...extensions: readonly (readonly number[])[]): string {
  return reason(buildHello({ extensions }));
}

/** The verdicts of one reader as the bytes come in pieces of these sizes, the last of which repeats. */
function readInPieces(bytes: Uint8Array, ...sizes: readonly number[]): HelloVerdict[] {
  const reader = new HelloReader();
  const verdicts: HelloVerdict[] = [];
  let received = 0;
  for (let turn = 0; received < bytes.length; turn++) {
    received += sizes[Math.min(turn, sizes.length - 1)] ?? bytes.length;
    verdicts.push(reader.read(bytes.subarray(0, received)));
  }
  return verdicts;
}

test("every recorded hello has an expectation, and the other way round", () => {
  expect([...EXPECTED.keys()].toSorted()).toEqual([...HELLOS.keys()].toSorted());
});

test("the recorded and made hellos cover what they are there for", () => {
  expect(RECORDED.get("bun")?.length).toBeGreaterThan(1216);
  expect(HELLOS.get("chromium-like")?.length).toBeGreaterThan(1700);
});

describe.each([...HELLOS])("the hello %s", (name, hello) => {
  const expected: HelloVerdict = {
    kind: "hello",
    hello: { ...(EXPECTED.get(name) ?? { alpn: [], versions: [], ech: false }), length: hello.length },
  };

  test("is read whole", () => {
    expect(readClientHello(hello)).toEqual(expected);
  });

  test("is read at every split, and every beginning wants more", () => {
    for (let cut = 0; cut < hello.length; cut++) {
      expect(readClientHello(hello.subarray(0, cut))).toEqual({ kind: "more" });
      expect(readInPieces(hello, cut, hello.length).at(-1)).toEqual(expected);
    }
  });

  test.each([1, 2, 7, 100])("is read from records of %d bytes, whole and byte by byte", (size) => {
    const records = refragment(hello, size);
    const fragmented: HelloVerdict = { kind: "hello", hello: { ...expected.hello, length: records.length } };
    expect(readClientHello(records)).toEqual(fragmented);
    const verdicts = readInPieces(records, 1);
    expect(verdicts.at(-1)).toEqual(fragmented);
    expect(verdicts.slice(0, -1).every(({ kind }) => kind === "more")).toBe(true);
  });

  test("is read when more follows it, which does not count, and read again gives the same", () => {
    const reader = new HelloReader();
    const received = Uint8Array.of(...hello, 0x14, 3, 3, 0, 1, 1, 0xff);
    expect(reader.read(received)).toEqual(expected);
    expect(reader.read(received)).toEqual(expected);
  });
});

describe("the server name", () => {
  test("is in lower case and without the dot at the end", () => {
    expect(helloIn(buildHello({ extensions: [serverName("DB.Example.COM")] })).serverName).toBe("db.example.com");
    expect(helloIn(buildHello({ extensions: [serverName("db.example.com.")] })).serverName).toBe("db.example.com");
  });

  test.each(["localhost", "a_b.example.com", "xn--bcher-kva.example", "r3---x.example.com", longName(253)])(
    "may be %s",
    (name) => expect(helloIn(buildHello({ extensions: [serverName(name)] })).serverName).toBe(name),
  );

  test.each(["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])("is absent when it is the address %s", (name) => {
    expect(helloIn(buildHello({ extensions: [serverName(name)] }))).not.toHaveProperty("serverName");
  });

  test.each([
    "",
    ".",
    "..",
    ".example.com",
    "a..example.com",
    "db.example.com\0",
    "db.example.com\0.evil.example",
    "db example.com",
    "db.example.com:443",
    "*.example.com",
    "b\xfccher.example",
    "b\xc3\xbccher.example",
    "-a.example.com",
    "1.2.3",
    "256.1.1.1",
    "[::1]",
    "fe80::1%eth0",
    "__proto__\n",
    longName(254),
    `${longName(253)}.x`,
    `${"a".repeat(64)}.example.com`,
  ])("is malformed when it is %j", (name) => {
    expect(reasonOf(serverName(name))).toBe("The server name is malformed");
  });

  test("is malformed when its list is anything but one host name", () => {
    const lists = [
      [],
      vector(2, []),
      vector(2, [0]),
      vector(2, [0, 0]),
      vector(2, entry(1, "example.com")),
      vector(2, [...entry(0, "a.example"), ...entry(0, "b.example")]),
      vector(2, [...entry(1, "a.example"), ...entry(0, "b.example")]),
      vector(2, [...entry(0, "a.example"), ...entry(1, "b.example")]),
      [...vector(2, entry(0, "a.example")), 0],
      [0],
    ];
    for (const list of lists) {
      expect(reasonOf(extension(EXTENSION.serverName, list))).toBe("The server name is malformed");
    }
  });
});

describe("application protocols", () => {
  test("keep their order and their bytes", () => {
    const protocols = ["\xff\0é", "h2", "x".repeat(255), "h2"];
    expect(helloIn(buildHello({ extensions: [alpn(...protocols)] })).alpn).toEqual(protocols);
  });

  test.each([
    ["without a list", []],
    ["empty", vector(2, [])],
    ["of an empty name", vector(2, [0])],
    ["of an empty name after another", vector(2, [2, 104, 50, 0])],
    ["of a name that ends late", vector(2, [3, 104, 50])],
    ["with something behind", [...vector(2, [2, 104, 50]), 0]],
    ["longer than the extension", [0, 9, 2, 104, 50]],
  ])("are malformed when %s", (_case, content) => {
    expect(reasonOf(extension(EXTENSION.alpn, content))).toBe("The list of application protocols is malformed");
  });
});

describe("versions", () => {
  test("are those that are listed, without placeholders, or else the old field's", () => {
    const listed = extension(EXTENSION.versions, vector(1, uint16s(0x0a0a, 0x0304, 0xfafa, 0x0a1a, 0x7f1c)));
    expect(helloIn(buildHello({ extensions: [listed] })).versions).toEqual([0x0304, 0x0a1a, 0x7f1c]);
    expect(helloIn(buildHello({ version: 0x0301 })).versions).toEqual([0x0301]);
  });

  test.each([
    ["empty", vector(1, [])],
    ["without a list", []],
    ["of an odd length", vector(1, [3, 4, 3])],
    ["longer than the extension", [4, 3, 4]],
    ["with something behind", [...vector(1, [3, 4]), 0]],
  ])("are malformed when %s", (_case, content) => {
    expect(reasonOf(extension(EXTENSION.versions, content))).toBe("The list of supported versions is malformed");
  });
});

describe("the fields", () => {
  test("may have their longest and their shortest form", () => {
    const longest = buildHello({ sessionId: zeros(32), compressions: zeros(255) });
    expect(helloIn(longest).alpn).toEqual([]);
    expect(helloIn(buildHello({ extensions: [] })).length).toBe(54);
  });

  test("are malformed when one is too long, too short or odd", () => {
    expect(reason(buildHello({ sessionId: zeros(33) }))).toBe("The session id is too long");
    expect(reason(buildHello({ ciphers: [] }))).toBe("The list of cipher suites is malformed");
    expect(reason(buildHello({ ciphers: [19, 1, 19] }))).toBe("The list of cipher suites is malformed");
    expect(reason(buildHello({ compressions: [] }))).toBe("The list of compression methods is empty");
    expect(reason(buildHello({ trailer: [0] }))).toBe("The extensions do not fill the ClientHello");
    expect(reason(buildHello({ extensions: null, trailer: [0] }))).toBe("The extensions do not fill the ClientHello");
  });

  test("are malformed when an extension is cut off or there twice", () => {
    expect(reasonOf([0])).toBe("An extension is longer than what is left");
    expect(reasonOf(uint16s(35))).toBe("An extension is longer than what is left");
    expect(reasonOf(uint16s(35, 1))).toBe("An extension is longer than what is left");
    expect(reasonOf(extension(35), extension(0x2a2a), extension(35))).toBe("An extension is there twice");
    expect(reasonOf(serverName("a.example"), serverName("a.example"))).toBe("An extension is there twice");
  });

  test("tell of an encrypted hello, and nothing else does", () => {
    expect(helloIn(buildHello({ extensions: [extension(EXTENSION.ech)] })).ech).toBe(true);
    expect(helloIn(buildHello({ extensions: [extension(0xfe0c)] })).ech).toBe(false);
  });
});

/** One entry of a list of server names. */
function entry(type: number, name: string): readonly number[] {
  return [type, ...vector(2, [...Buffer.from(name)])];
}

/** A name of exactly this many characters. */
function longName(length: number): string {
  return "a.".repeat(200).slice(0, length - 1) + "b";
}
