import { describe, expect, test } from "bun:test";
import { readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { writeProxyV2 } from "../../src/wire/proxy-v2.ts";
import { growing } from "../support/prefixes.ts";
import { headerOf, INET_ADDRESSES, refusalOf, SIGNATURE, tlv, v2 } from "../support/proxy-header.ts";
import { randomEndpoint } from "../support/random-endpoint.ts";
import { Random } from "../support/random.ts";

const LOCAL = { version: 2, local: true, tlvs: { other: [] } } as const;

/** The space of a unix socket's path, from hexadecimal bytes. */
function path(hex: string): string {
  return hex.padEnd(216, "0");
}

function unix(source: string, destination: string) {
  return headerOf(v2({ family: "31", addresses: path(source) + path(destination) }));
}

function refusalOfHex(hex: string) {
  return refusalOf(Uint8Array.fromHex(SIGNATURE + hex));
}

describe("a header", () => {
  test("tells both ends", () => {
    expect(headerOf(v2())).toEqual({
      version: 2,
      local: false,
      source: { host: "192.0.2.1", port: 1000 },
      destination: { host: "192.0.2.2", port: 5432 },
      tlvs: { other: [] },
    });
    const addresses = `20010db8${"0".repeat(23)}100000000000000000000ffffc000020103e81538`;
    expect(headerOf(v2({ family: "21", addresses }))).toMatchObject({
      source: { host: "2001:db8::1", port: 1000 },
      destination: { host: "192.0.2.1", port: 5432 },
    });
  });

  test("tells the paths of unix sockets", () => {
    // An unnamed client and a path; an abstract name; a path without a NUL at its end.
    expect(unix("", "2f72756e2f6462")).toEqual({
      version: 2,
      local: false,
      unix: { source: "", destination: "/run/db" },
      tlvs: { other: [] },
    });
    expect(unix("006462", "61".repeat(108)).unix).toEqual({ source: "@db", destination: "a".repeat(108) });
  });

  test("of a local connection or an unspecified family tells nothing, whatever it carries", () => {
    expect(headerOf(v2({ command: "20", family: "00", addresses: "" }))).toEqual(LOCAL);
    // The family and the block are the sender's business: datagrams, an unknown family, a broken field, a wrong checksum.
    for (const family of ["11", "12", "21", "31", "42", "1f", "ff"]) {
      expect(headerOf(v2({ command: "20", family, addresses: "", fields: ["0300"] }))).toEqual(LOCAL);
      expect(headerOf(v2({ command: "20", family, fields: [tlv(3, { hex: "00000000" })] }))).toEqual(LOCAL);
    }
    for (const family of ["00", "01", "10", "20", "30"]) {
      expect(headerOf(v2({ family, addresses: "" }))).toEqual(LOCAL);
      expect(headerOf(v2({ family, addresses: "ffffff" }))).toEqual(LOCAL);
    }
  });
});

describe("a header is refused at the first byte that cannot be", () => {
  const cases: readonly (readonly [what: string, hex: string, why: string, after: number])[] = [
    ["version 1", "11110000", "Expected version 2 after the signature, found 1", 13],
    ["version 3", "31110000", "Expected version 2 after the signature, found 3", 13],
    ["an unknown command", "22110000", "Unknown command 2", 13],
    ["an unknown family", "21410000", "Unknown address family 4", 14],
    ["an unknown protocol", "21130000", "Unknown transport protocol 3", 14],
    ["datagrams over IPv4", "2112000c", "Expected a stream, found datagrams", 14],
    ["datagrams over IPv6", "21220024", "Expected a stream, found datagrams", 14],
    ["datagrams over unix sockets", "213200d8", "Expected a stream, found datagrams", 14],
    ["datagrams of no family", "21020000", "Expected a stream, found datagrams", 14],
    ["no room for IPv4 addresses", "2111000b", "Expected 12 bytes of addresses, found 11", 16],
    ["no room for IPv6 addresses", "21210023", "Expected 36 bytes of addresses, found 35", 16],
    ["no room for paths", "213100d7", "Expected 216 bytes of addresses, found 215", 16],
    ["a block one byte too long", "21111001", "The header has more than 4096 bytes of addresses and fields", 16],
    ["a block far too long", "2111ffff", "The header has more than 4096 bytes of addresses and fields", 15],
    ["a local block too long", "20001001", "The header has more than 4096 bytes of addresses and fields", 16],
  ];
  for (const [what, hex, why, after] of cases) {
    test(what, () => expect(refusalOfHex(hex)).toEqual([why, after]));
  }
});

describe("writing", () => {
  const source = { host: "192.0.2.1", port: 1000 };
  const destination = { host: "192.0.2.2", port: 5432 };
  const plain = { crc32c: false };

  test("gives the bytes that were meant", () => {
    expect(writeProxyV2({ source, destination, tlvs: plain }).toHex()).toBe(`${SIGNATURE}2111000c${INET_ADDRESSES}`);
    const mixed = writeProxyV2({ source, destination: { host: "2001:db8::1", port: 5432 }, tlvs: plain });
    const addresses = `00000000000000000000ffffc000020120010db8${"0".repeat(23)}103e81538`;
    expect(mixed.toHex()).toBe(`${SIGNATURE}21210024${addresses}`);
  });

  test("of a local connection leaves everything out", () => {
    const bytes = writeProxyV2({ source, destination, local: true, tlvs: { authority: "db", crc32c: true } });
    expect(bytes.toHex()).toBe(`${SIGNATURE}20000000`);
    expect(headerOf(bytes)).toEqual(LOCAL);
  });

  test("without an address is of a local connection", () => {
    for (const unknown of [undefined, { host: "/run/db.sock", port: 0 }]) {
      const tlvs = { authority: "db", crc32c: true };
      for (const addresses of [
        { source: unknown, destination },
        { source, destination: unknown },
      ]) {
        expect(writeProxyV2({ ...addresses, tlvs }).toHex()).toBe(`${SIGNATURE}20000000`);
      }
    }
  });

  test("is undone by reading", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const addresses = { source: randomEndpoint(random), destination: randomEndpoint(random) };
      const text = (): string => "ab.é-日7".slice(0, 1 + random.below(7));
      const maybe = <Value>(value: Value): Value | undefined => (random.chance(2) ? value : undefined);
      const verified = random.chance(2);
      const fields = {
        authority: maybe(text()),
        alpn: maybe(text()),
        uniqueId: maybe(random.bytes(1 + random.below(128))),
      };
      const ssl = maybe({ verified, version: "TLSv1.3", commonName: maybe(text()) });
      const crc32c = random.chance(2);
      const bytes = writeProxyV2({ ...addresses, tlvs: { ...fields, ssl, crc32c } });
      const { tlvs, ...rest } = headerOf(bytes);
      expect(rest).toEqual({ version: 2, local: false, ...addresses });
      // `toEqual` takes a key that is undefined for one that is absent.
      const wanted: unknown = {
        ...fields,
        ssl: ssl === undefined ? undefined : { ...ssl, client: true },
        crc32cVerified: crc32c || undefined,
        other: [],
      };
      expect<unknown>(tlvs).toEqual(wanted);
      expect(growing((part) => readProxyHeader(part, "v2"), bytes.subarray(0, -1)).verdict).toBe("more");
    }
  });
});
