import { describe, expect, test } from "bun:test";
import { MAX_PROXY_HEADER_BYTES, type ProxyVersions, readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { writeProxyV1 } from "../../src/wire/proxy-v1.ts";
import { writeProxyV2 } from "../../src/wire/proxy-v2.ts";
import { HEADERS_FIXTURE, type RecordedHeaders } from "../support/haproxy.ts";
import { growing, mutate } from "../support/prefixes.ts";
import { headerOf, refusalOf, SIGNATURE, tlv, v2 } from "../support/proxy-header.ts";
import { Random } from "../support/random.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const recorded: RecordedHeaders = await Bun.file(HEADERS_FIXTURE).json();

const V1 = writeProxyV1({ source: { host: "192.0.2.1", port: 1 }, destination: { host: "192.0.2.2", port: 2 } });
const ADDRESSES = { source: { host: "2001:db8::1", port: 1000 }, destination: { host: "192.0.2.1", port: 5432 } };
const V2 = writeProxyV2({ ...ADDRESSES, tlvs: { authority: "db.example", crc32c: true } });

describe("what HAProxy sends", () => {
  for (const { name, client, listener, hex } of recorded.headers) {
    test(`${name} is read as it was meant, at every split`, () => {
      const header = headerOf(Uint8Array.fromHex(hex));
      expect(header.version).toBe(name.startsWith("v1") ? 1 : 2);
      if (client !== undefined && listener !== undefined) {
        expect(header).toMatchObject({ local: false, source: client, destination: listener });
      } else if (name === "v1 of a check") {
        // A line with the addresses of its own connection, as the specification asks for.
        expect(header).toMatchObject({
          local: false,
          source: { host: "127.0.0.1" },
          destination: { host: "127.0.0.1" },
        });
      } else {
        expect(header).toEqual({ version: header.version, local: true, tlvs: { other: [] } });
      }
    });
  }

  test("fields say what the client's TLS was", () => {
    const [none, presented] = recorded.headers
      .filter(({ name }) => name.startsWith("v2 with everything"))
      .map(({ hex }) => headerOf(Uint8Array.fromHex(hex)).tlvs);
    const always = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", keyAlgorithm: "EC256" };
    const ssl = { ...always, signatureAlgorithm: "ecdsa-with-SHA256", client: true };
    const same = { alpn: "postgresql", authority: "Db.Example.com", crc32cVerified: true, other: [] };
    expect(none).toEqual({ ...same, uniqueId: bytesOf("connection-9"), ssl: { ...ssl, verified: false } });
    expect(presented).toEqual({
      ...same,
      uniqueId: bytesOf("connection-10"),
      ssl: { ...ssl, verified: true, commonName: "checked.example" },
    });
  });
});

const read = (bytes: Uint8Array, accept: ProxyVersions) => growing((part) => readProxyHeader(part, accept), bytes);
const first = (text: string, accept: ProxyVersions) => read(bytesOf(text), accept);

describe("the beginning of a connection", () => {
  test("is no header from the first byte that none has", () => {
    const missing = { kind: "missing" } as const;
    for (const accept of ["v1", "v2", "any"] as const) {
      expect(first("GET / HTTP/1.0\r\n\r\n", accept)).toEqual({ verdict: missing, after: 1 });
      expect(first("POST / HTTP/1.0\r\n", accept)).toEqual({ verdict: missing, after: 2 });
      expect(first("PROX", accept)).toEqual({ verdict: "more", after: 4 });
      expect(first("PROXXY", accept)).toEqual({ verdict: missing, after: 5 });
      expect(first("proxy TCP4", accept)).toEqual({ verdict: missing, after: 1 });
      expect(first("\r\n\r\n\0\r\nQUIT\r", accept)).toEqual({ verdict: missing, after: 12 });
      expect(first(" PROXY TCP4", accept)).toEqual({ verdict: missing, after: 1 });
      expect(first("", accept)).toEqual({ verdict: "more", after: 0 });
    }
  });

  test("is taken in the wanted version only, and the other one is named", () => {
    expect(read(V1, "v1").verdict).toMatchObject({ kind: "header" });
    expect(read(V2, "v2").verdict).toMatchObject({ kind: "header" });
    expect(read(V1, "v2")).toEqual({
      verdict: { kind: "malformed", why: "Found a version 1 header, expected version 2" },
      after: 5,
    });
    expect(read(V2, "v1")).toEqual({
      verdict: { kind: "malformed", why: "Found a version 2 header, expected version 1" },
      after: 12,
    });
  });

  test("does not depend on what follows a header", () => {
    for (const header of [V1, V2]) {
      const followed = Uint8Array.from([...header, ...bytesOf("PROXY UNKNOWN\r\n")]);
      const { verdict, after } = read(followed, "any");
      expect(after).toBe(header.length);
      expect(verdict).toMatchObject({ kind: "header", length: header.length });
    }
  });
});

test("more is never said of as many bytes as the longest header has", () => {
  const full = v2({ fields: [tlv(0xf0, { hex: "00".repeat(4096 - 15) })] });
  expect(full.length).toBe(MAX_PROXY_HEADER_BYTES);
  expect(headerOf(full).tlvs.other[0]?.value.length).toBe(4096 - 15);
  expect(refusalOf(Uint8Array.fromHex(`${SIGNATURE}21111001`))[1]).toBe(16);
});

test("whatever is sent has one verdict, whole or in parts", () => {
  const seeds = [V1, V2, ...recorded.headers.map(({ hex }) => Uint8Array.fromHex(hex))];
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Random(seed);
    const input = mutate(seeds[random.below(seeds.length)] ?? V1, random);
    const accept = (["v1", "v2", "any"] as const)[random.below(3)] ?? "any";
    const { verdict } = read(input, accept);
    const kind = verdict === "more" ? verdict : verdict.kind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect([...kinds.keys()].toSorted()).toEqual(["header", "malformed", "missing", "more"]);
});
