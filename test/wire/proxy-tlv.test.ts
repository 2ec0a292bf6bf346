import { describe, expect, test } from "bun:test";
import type { ProxyTlvs } from "../../src/wire/proxy-header.ts";
import { writeProxyV2 } from "../../src/wire/proxy-v2.ts";
import { type ProxyTlvsToWrite, writeProxyTlvs } from "../../src/wire/proxy-tlv.ts";
import { headerOf, refusalOf, tlv, v2 } from "../support/proxy-header.ts";

const read = (...fields: readonly string[]): ProxyTlvs => headerOf(v2({ fields })).tlvs;
const refusal = (...fields: readonly string[]): string => refusalOf(v2({ fields }))[0];
const written = (tlvs: Partial<ProxyTlvsToWrite>): string => writeProxyTlvs({ crc32c: false, ...tlvs }).toHex();
const verified = (flags: string, result: string) => read(tlv(0x20, tls(flags, result))).ssl;
const ssl = (commonName: string | undefined, isVerified: boolean): string =>
  written({ ssl: { verified: isVerified, version: "TLSv1.3", commonName } });
/** Value of the TLS field: flags, result of the verification, texts. */
const tls = (flags: string, result: string, ...texts: readonly string[]) => ({ hex: flags + result + texts.join("") });

describe("fields of the specification", () => {
  test("are read", () => {
    const fields = [tlv(1, "postgresql"), tlv(2, "Db.example"), tlv(5, { hex: "00ff" }), tlv(0x30, "blue")];
    expect(read(...fields)).toEqual({
      alpn: "postgresql",
      authority: "Db.example",
      uniqueId: Uint8Array.of(0, 255),
      netns: "blue",
      other: [],
    });
  });

  test("without a value say nothing", () => {
    expect(read(...[1, 2, 5, 0x30].map((type) => tlv(type, "")))).toEqual({ other: [] });
  });

  test("that only fill are ignored, and may repeat", () => {
    expect(read(tlv(4, ""), tlv(2, "db"), tlv(4, { hex: "0203ff" }))).toEqual({ authority: "db", other: [] });
  });

  test("that are texts have to be ones", () => {
    for (const [type, name] of [
      [1, "ALPN"],
      [2, "authority"],
      [0x30, "network namespace"],
    ] as const) {
      for (const hex of ["ff", "c3", "6462000a", "7f", "0d0a", "eda080"]) {
        expect(refusal(tlv(type, { hex }))).toBe(`The ${name} field is not a text`);
      }
    }
    expect(read(tlv(2, "bücher.example")).authority).toBe("bücher.example");
  });

  test("cannot be there twice, empty or not", () => {
    for (const type of [1, 2, 5, 0x30]) {
      const name = `0x${type.toString(16).padStart(2, "0")}`;
      expect(refusal(tlv(type, "a"), tlv(0xf0, "x"), tlv(type, "a"))).toBe(`There are two fields of type ${name}`);
      expect(refusal(tlv(type, ""), tlv(type, "a"))).toBe(`There are two fields of type ${name}`);
    }
    expect(refusal(tlv(0x20, tls("01", "00000000")), tlv(0x20, tls("01", "00000000")))).toContain("0x20");
  });

  test("have bounds", () => {
    expect(read(tlv(5, { hex: "ab".repeat(128) })).uniqueId?.length).toBe(128);
    expect(refusal(tlv(5, { hex: "ab".repeat(129) }))).toBe("The unique id has more than 128 bytes");
  });

  test("have to end with the header", () => {
    expect(refusal("02")).toBe("A field is cut off in its length");
    expect(refusal("0200")).toBe("A field is cut off in its length");
    expect(refusal("020001")).toBe("The field of type 0x02 is longer than its place");
    expect(refusal(tlv(2, "db"), "04ffff00")).toBe("The field of type 0x04 is longer than its place");
    expect(refusal(tlv(2, "db"), "0002")).toBe("A field is cut off in its length");
  });
});

describe("the checksum", () => {
  const addresses = { source: { host: "192.0.2.1", port: 1 }, destination: { host: "192.0.2.2", port: 2 } };
  const header = writeProxyV2({ ...addresses, tlvs: { authority: "db.example", crc32c: true } });

  test("is verified wherever it stands", () => {
    expect(headerOf(header).tlvs.crc32cVerified).toBe(true);
    // Recorded from HAProxy, which writes it before other fields.
    const hex = "0d0a0d0a000d0a515549540a211100227f0000017f000001c19ea5810300043dd8bdc905000c636f6e6e656374696f6e2d38";
    expect(headerOf(Uint8Array.fromHex(hex)).tlvs.crc32cVerified).toBe(true);
  });

  test("finds every byte that was changed", () => {
    // All but types and lengths of fields, where other rules may be broken first.
    const places = Array.from(header.keys()).filter((at) => at >= 16 && ![28, 29, 30].includes(at));
    for (const at of places.filter((place) => ![7, 6, 5].includes(header.length - place))) {
      const damaged = Uint8Array.from(header);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(refusalOf(damaged)).toEqual(["The checksum is wrong", header.length]);
    }
  });

  test("has four bytes, once", () => {
    expect(refusal(tlv(3, { hex: "000000" }))).toBe("The checksum is wrong");
    expect(refusal(tlv(3, { hex: "0000000000" }))).toBe("The checksum is wrong");
    expect(refusal(tlv(3, { hex: "00000000" }))).toBe("The checksum is wrong");
    expect(read().crc32cVerified).toBeUndefined();
  });
});

describe("the TLS field", () => {
  test("says what it knows", () => {
    const texts = [0x21, 0x22, 0x23, 0x24, 0x25].map((type) => tlv(type, `text${type}`));
    expect(read(tlv(0x20, tls("07", "00000000", ...texts))).ssl).toEqual({
      client: true,
      verified: true,
      version: "text33",
      commonName: "text34",
      cipher: "text35",
      signatureAlgorithm: "text36",
      keyAlgorithm: "text37",
    });
  });

  test("is verified only with a certificate that was", () => {
    expect(verified("03", "00000000")).toEqual({ client: true, verified: true });
    expect(verified("05", "00000000")).toEqual({ client: true, verified: true });
    // Senders say 0 as well when there was no certificate.
    expect(verified("01", "00000000")).toEqual({ client: true, verified: false });
    expect(verified("07", "00000001")).toEqual({ client: true, verified: false });
    expect(verified("07", "01000000")).toEqual({ client: true, verified: false });
    expect(verified("06", "00000000")).toEqual({ client: false, verified: false });
    expect(verified("00", "00000000")).toEqual({ client: false, verified: false });
  });

  test("skips what it does not know, and texts that are empty", () => {
    const texts = [tlv(0x26, { hex: "ff" }), tlv(0x28, { hex: "3082" }), tlv(0x26, ""), tlv(0x22, "")];
    expect(read(tlv(0x20, tls("01", "00000000", ...texts))).ssl).toEqual({ client: true, verified: false });
  });

  test("is refused when it is broken", () => {
    expect(refusal(tlv(0x20, { hex: "" }))).toBe("The TLS field is too short");
    expect(refusal(tlv(0x20, { hex: "01000000" }))).toBe("The TLS field is too short");
    const inside = (...texts: readonly string[]) => refusal(tlv(0x20, tls("01", "00000000", ...texts)));
    expect(inside("2100")).toBe("In the TLS field: A field is cut off in its length");
    expect(inside("220005ab")).toBe("In the TLS field: The field of type 0x22 is longer than its place");
    expect(inside(tlv(0x22, "a"), tlv(0x22, "b"))).toBe("In the TLS field: There are two fields of type 0x22");
    expect(inside(tlv(0x22, { hex: "61006200" }))).toBe("In the TLS field: The field of type 0x22 is not a text");
  });
});

describe("fields of clouds", () => {
  test("are read as those write them", () => {
    const fields = [
      tlv(0xea, "\x01vpce-08d2bf15fac5001c9"),
      tlv(0xee, { hex: "01c1450021" }),
      tlv(0xe0, { hex: "ffffffffc0a86402" }),
    ];
    expect(read(...fields)).toEqual({
      aws: { vpcEndpointId: "vpce-08d2bf15fac5001c9" },
      azure: { privateEndpointLinkId: 0x210045c1 },
      gcp: { pscConnectionId: "18446744072646845442" },
      other: [],
    });
  });

  test("are handed on when they are somebody else's, whose types these are as well", () => {
    const values = ["02766370", "01", "017620", ""];
    for (const hex of values)
      expect(read(tlv(0xea, { hex })).other).toEqual([{ type: 0xea, value: Uint8Array.fromHex(hex) }]);
    for (const hex of ["01c14500", "02c1450021"]) expect(read(tlv(0xee, { hex })).other.length).toBe(1);
    for (const hex of ["00", "000000000000000000"]) expect(read(tlv(0xe0, { hex })).other.length).toBe(1);
  });

  test("cannot be there twice", () => {
    const aws = tlv(0xea, "\x01vpce-1");
    expect(refusal(aws, tlv(0xea, "\x01vpce-2"))).toBe("There are two fields of type 0xea");
  });
});

test("other fields are handed on in their order", () => {
  const { other } = read(tlv(0xf0, "a"), tlv(0xe1, ""), tlv(0xf0, "b"), tlv(0x00, "c"));
  expect(other.map(({ type, value }) => [type, new TextDecoder().decode(value)])).toEqual([
    [0xf0, "a"],
    [0xe1, ""],
    [0xf0, "b"],
    [0x00, "c"],
  ]);
});

describe("writing", () => {
  test("leaves out what is absent, empty, or too long to be a name", () => {
    expect(written({})).toBe("");
    expect(written({ authority: "", alpn: "", uniqueId: new Uint8Array() })).toBe("");
    expect(written({ authority: "a".repeat(256), alpn: "h2" })).toBe(tlv(1, "h2"));
    expect(written({ authority: "a".repeat(255) })).toBe(tlv(2, "a".repeat(255)));
  });

  test("says of a client's certificate whether it was verified, and never more", () => {
    const version = tlv(0x21, "TLSv1.3");
    expect(ssl("alice", true)).toBe(tlv(0x20, tls("07", "00000000", version, tlv(0x22, "alice"))));
    expect(ssl(undefined, true)).toBe(tlv(0x20, tls("07", "00000000", version)));
    expect(ssl("alice", false)).toBe(tlv(0x20, tls("07", "00000001", version, tlv(0x22, "alice"))));
    expect(ssl(undefined, false)).toBe(tlv(0x20, tls("01", "00000001", version)));
  });

  test("of a longer unique id is a mistake of this program", () => {
    expect(() => written({ uniqueId: new Uint8Array(129) })).toThrow("A unique id has 129 bytes");
  });
});
