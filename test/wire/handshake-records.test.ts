import { describe, expect, test } from "bun:test";
import { type ClientHello, HelloReader, readClientHello } from "../../src/wire/client-hello.ts";
import { MAX_HELLO_BYTES } from "../../src/wire/handshake-records.ts";
import {
  buildHello,
  chromiumLike,
  EXTENSION,
  extension,
  recordedHellos,
  refragment,
  serverName,
  toRecords,
  uint16s,
  vector,
  zeros,
} from "../support/hello-builder.ts";
import { Random } from "../support/random.ts";

const HELLO = buildHello({ extensions: [serverName("db.example.com")] });
const HELLOS: readonly Uint8Array[] = [HELLO, chromiumLike(), ...recordedHellos().values()];

/** The verdict in one word, or why the bytes are malformed. */
function verdictOn(...bytes: readonly number[]): string {
  const verdict = readClientHello(Uint8Array.from(bytes));
  return verdict.kind === "malformed" ? verdict.why : verdict.kind;
}

/** The hello in these bytes. Throws when there is none. */
function helloIn(bytes: Uint8Array): ClientHello {
  const verdict = readClientHello(bytes);
  if (verdict.kind !== "hello") throw new Error(`Not a hello: ${JSON.stringify(verdict)}`);
  return verdict.hello;
}

/** A hello whose records have exactly this length, its last extension being filler. */
function helloOfLength(length: number): Uint8Array {
  const bare = buildHello({ extensions: [extension(0xfff0)] });
  const headers = 5 * (Math.ceil((length - 5) / (16_384 + 5)) - 1);
  return buildHello({ extensions: [extension(0xfff0, zeros(length - bare.length - headers))] });
}

describe("another protocol", () => {
  test.each([
    ["a request", [..."GET / HTTP/1.1\r\n"].map((character) => character.charCodeAt(0))],
    ["an SSLv2 hello", [0x80, 0x2e, 1, 0, 2]],
    ["an alert", [21, 3, 1, 0, 2, 2, 40]],
    ["application data", [23, 3, 3, 0, 1, 0]],
    ["a PostgreSQL SSLRequest", [0, 0, 0, 8, 4, 210, 22, 47]],
    ["a DTLS hello", [22, 0xfe, 0xfd, 0, 0]],
    ["a handshake byte and something else", [22, 13]],
  ])("is told from TLS: %s", (_case, bytes) => expect(verdictOn(...bytes)).toBe("not-tls"));

  test("is told by the first byte, or by the second", () => {
    expect(verdictOn()).toBe("more");
    for (let byte = 0; byte < 256; byte++) {
      expect(verdictOn(byte)).toBe(byte === 22 ? "more" : "not-tls");
      expect(verdictOn(22, byte)).toBe(byte === 3 ? "more" : "not-tls");
      // The second byte of the version is to be ignored.
      expect(verdictOn(22, 3, byte)).toBe("more");
    }
  });
});

describe("records", () => {
  test("are refused when empty, at the start and later", () => {
    expect(verdictOn(22, 3, 1, 0, 0)).toBe("A record is empty");
    expect(verdictOn(22, 3, 1, 0, 2, 1, 0, 22, 3, 1, 0, 0)).toBe("A record is empty");
  });

  test("are refused when another kind or version comes before the hello is whole", () => {
    const first = [22, 3, 1, 0, 6, 1, 0, 0, 90, 3, 3];
    for (const type of [20, 21, 23, 24, 0, 255]) {
      expect(verdictOn(...first, type)).toBe("A record of another type interrupts the ClientHello");
    }
    expect(verdictOn(...first, 22, 2)).toBe("A record has an unknown version");
    expect(verdictOn(...first, 22, 3)).toBe("more");
  });

  test("are refused when the first message is not a ClientHello, as soon as that shows", () => {
    for (const type of [0, 2, 4, 11, 20, 255]) {
      expect(verdictOn(22, 3, 1, 0, 50, type)).toBe("The first message of the handshake is not a ClientHello");
    }
  });

  test("are refused when something follows the hello in the same record, as soon as the lengths say so", () => {
    const why = "Something follows the ClientHello in its record";
    expect(verdictOn(22, 3, 1, 0, 60, 1, 0, 0, 55)).toBe(why);
    expect(verdictOn(22, 3, 1, 0, 60, 1, 0, 0, 56)).toBe("more");
    expect(verdictOn(22, 3, 1, 0, 5, 1, 0, 0, 50, 3, 22, 3, 1, 0, 50)).toBe(why);
    expect(verdictOn(22, 3, 1, 0, 5, 1, 0, 0, 50, 3, 22, 3, 1, 0, 49)).toBe("more");
    const split = [22, 3, 1, 0, 3, 1, 0, 0, 22, 3, 1, 0, 4, 50, 3, 3, 0, 22, 3, 1, 0];
    expect(verdictOn(...split, 47)).toBe("more");
    expect(verdictOn(...split, 48)).toBe(why);
    expect(verdictOn(22, 3, 1, 0, 5, 1, 0, 0, 0, 0)).toBe(why);
  });

  test("may not be longer than a record can be", () => {
    expect(verdictOn(22, 3, 1, 0x40, 0)).toBe("more");
    expect(verdictOn(22, 3, 1, 0x40, 1)).toBe("too-large");
    expect(verdictOn(22, 3, 1, 0xff, 0xff)).toBe("too-large");
  });

  test("end early in a hello without content", () => {
    expect(verdictOn(22, 3, 1, 0, 4, 1, 0, 0, 0)).toBe("The ClientHello is shorter than its fields");
  });
});

describe("the bound", () => {
  test("lets a hello of its size pass and nothing larger", () => {
    const longest = helloOfLength(MAX_HELLO_BYTES);
    expect(longest.length).toBe(MAX_HELLO_BYTES);
    expect(readClientHello(longest).kind).toBe("hello");
    expect(readClientHello(helloOfLength(MAX_HELLO_BYTES + 1)).kind).toBe("too-large");
  });

  test("is kept by what is announced, before it comes", () => {
    expect(verdictOn(22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff)).toBe("too-large");
    expect(verdictOn(22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xf7)).toBe("more");
    expect(verdictOn(22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xf8)).toBe("too-large");
  });

  test("counts the headers of small records, and is reached by whoever sends them byte by byte", () => {
    const announced = 20_000;
    const records = toRecords(Uint8Array.of(1, ...vector(3, zeros(announced))), 1);
    const reader = new HelloReader();
    let received = 1;
    while (received < records.length && reader.read(records.subarray(0, received)).kind === "more") received++;
    expect(reader.read(records.subarray(0, received))).toEqual({ kind: "too-large" });
    expect(received).toBeLessThanOrEqual(MAX_HELLO_BYTES);
  });
});

describe("hostile bytes", () => {
  test.each(HELLOS.map((hello, at) => [at, hello] as const))("no length field of hello %d can lie", (_at, hello) => {
    const { serverName: name } = helloIn(hello);
    for (const { at, width, checked } of lengthFields(hello)) {
      const truth = readNumber(hello, at, width);
      const largest = 256 ** width - 1;
      for (const lie of new Set([0, truth - 1, truth + 1, truth * 2, largest])) {
        if (lie === truth || lie < 0 || lie > largest) continue;
        const lying = hello.slice();
        for (let byte = 0; byte < width; byte++) lying[at + byte] = (lie >>> (8 * (width - 1 - byte))) & 255;
        const verdict = readClientHello(lying);
        // An extension that nobody reads may end where another one seems to begin: that is a hello, without another name.
        if (verdict.kind === "hello") expect([name, undefined]).toContain(verdict.hello.serverName);
        if (checked) expect({ at, lie, kind: verdict.kind }).not.toEqual({ at, lie, kind: "hello" });
      }
    }
  });

  test("never make it throw, and the same bytes get the same verdict in whatever pieces they come", () => {
    for (let seed = 1; seed <= 4000; seed++) {
      const random = new Random(seed);
      const bytes = mutate(random);
      const whole = readClientHello(bytes);
      if (whole.kind === "hello") {
        expect(whole.hello.length).toBeLessThanOrEqual(bytes.length);
        expect(whole.hello.serverName ?? "none").toMatch(/^[a-z0-9_.-]{1,253}$/);
      }
      if (whole.kind === "malformed") expect(whole.why).toMatch(/^[A-Z][A-Za-z ]+$/);
      const reader = new HelloReader();
      let kind = "more";
      for (let received = 0; received < bytes.length && kind === "more";) {
        received += 1 + random.below(random.chance(3) ? 400 : 8);
        kind = reader.read(bytes.subarray(0, received)).kind;
      }
      expect({ seed, kind }).toEqual({ seed, kind: whole.kind });
    }
  });

  test("behind a good beginning never make it throw", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed);
      const noise = [...random.bytes(random.below(80))];
      const hello = buildHello({
        extensions: [noise, extension(random.below(60), [...random.bytes(random.below(9))])],
      });
      expect(readClientHello(hello).kind).toMatch(/^(?:hello|malformed)$/);
    }
  });

  test("a hello with as many extensions as fit is read", () => {
    const extensions = Array.from({ length: 16_000 }, (_, type) => extension(type + 100));
    expect(readClientHello(buildHello({ extensions })).kind).toBe("hello");
  });
});

/** A hello with some bytes changed, cut off, repeated or added. */
function mutate(random: Random): Uint8Array {
  const original = HELLOS[random.below(HELLOS.length)] ?? HELLO;
  let bytes = random.chance(3) ? refragment(original, 1 + random.below(200)) : original.slice();
  for (let turn = random.below(4); turn >= 0; turn--) {
    const at = random.below(bytes.length);
    const change = random.below(8);
    if (change === 0) bytes = bytes.slice(0, at);
    else if (change === 1) bytes = Uint8Array.of(...bytes, ...random.bytes(random.below(50)));
    else if (change === 2) bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(random.below(at + 1)));
    else bytes[at] = change < 5 ? random.below(256) : (bytes[at] ?? 0) ^ (1 << change);
    if (bytes.length === 0) break;
  }
  return bytes;
}

interface LengthField {
  readonly at: number;
  readonly width: number;
  /** Whether any other value is certain to be noticed. */
  readonly checked: boolean;
}

/** Where the lengths are in a hello of one record: all but those inside of extensions that nobody reads. */
function lengthFields(hello: Uint8Array): readonly LengthField[] {
  const fields: LengthField[] = [];
  const field = (at: number, width: number, checked = true) => void fields.push({ at, width, checked });
  field(3, 2);
  field(6, 3);
  let at = 9 + 34;
  for (const width of [1, 2, 1]) {
    field(at, width);
    at += width + readNumber(hello, at, width);
  }
  field(at, 2);
  for (at += 2; at < hello.length;) {
    const type = readNumber(hello, at, 2);
    at += 2;
    const insides = INSIDE_LENGTHS.get(type) ?? [];
    for (const [offset, width] of insides) field(at + offset, width);
    field(at, 2, insides.length > 0);
    at += 2 + readNumber(hello, at, 2);
  }
  return fields;
}

/** Lengths inside of an extension: how far behind its own, and how wide. */
const INSIDE_LENGTHS: ReadonlyMap<number, readonly (readonly [offset: number, width: number])[]> = new Map([
  [
    EXTENSION.serverName,
    [
      [2, 2],
      [5, 2],
    ],
  ],
  [
    EXTENSION.alpn,
    [
      [2, 2],
      [4, 1],
    ],
  ],
  [EXTENSION.versions, [[2, 1]]],
]);

function readNumber(bytes: Uint8Array, at: number, width: number): number {
  return bytes.subarray(at, at + width).reduce((sum, byte) => sum * 256 + byte, 0);
}

test("the length fields of a hello are where the tests look for them", () => {
  expect(lengthFields(HELLO).map(({ at, width }) => readNumber(HELLO, at, width))).toEqual([
    HELLO.length - 5,
    HELLO.length - 9,
    0,
    4,
    1,
    23,
    17,
    14,
    19,
  ]);
  expect([...HELLO.subarray(-16, -14)]).toEqual([...uint16s(14)]);
});
