// ClientHellos: recorded ones, and ones made by hand where no client here sends them. Also the ways to cut them up.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FIXTURES = join(import.meta.dir, "../fixtures/client-hello");
const RECORD_HEADER_BYTES = 5;

export const EXTENSION = { serverName: 0, groups: 10, alpn: 16, padding: 21, versions: 43, keyShare: 51, ech: 0xfe0d };
/** One of the placeholders of RFC 8701; others have another digit instead of `a`. */
export const GREASE = 0x1a1a;

/** Recorded hellos by the name of their file: what `record-hellos.ts` wrote. */
export function recordedHellos(): ReadonlyMap<string, Uint8Array> {
  return new Map(
    readdirSync(FIXTURES)
      .filter((file) => file.endsWith(".hex"))
      .toSorted()
      .map((file) => {
        const hex = readFileSync(join(FIXTURES, file), "utf8").replaceAll(/\s/g, "");
        return [file.slice(0, -".hex".length), new Uint8Array(Buffer.from(hex, "hex"))];
      }),
  );
}

export interface HelloFields {
  readonly version?: number;
  readonly sessionId?: readonly number[];
  readonly ciphers?: readonly number[];
  readonly compressions?: readonly number[];
  /** Null for a hello that ends before them. */
  readonly extensions?: readonly (readonly number[])[] | null;
  /** Bytes after the extensions. */
  readonly trailer?: readonly number[];
}

/** A hello in one record, or in as many as it needs. */
export function buildHello(fields: HelloFields = {}): Uint8Array {
  const { version = 0x0303, sessionId = [], ciphers = uint16s(0x1301, 0xc02f), compressions = [0] } = fields;
  const { extensions = [], trailer = [] } = fields;
  const body = [
    ...uint16s(version),
    ...Array.from({ length: 32 }, (_, at) => at),
    ...vector(1, sessionId),
    ...vector(2, ciphers),
    ...vector(1, compressions),
    ...(extensions === null ? [] : vector(2, extensions.flat())),
    ...trailer,
  ];
  return toRecords(Uint8Array.of(1, ...vector(3, body)), 16_384);
}

/** One extension. */
export function extension(type: number, content: readonly number[] = []): readonly number[] {
  return [...uint16s(type), ...vector(2, content)];
}

/** A server_name extension with one name, whose characters are bytes. */
export function serverName(name: string): readonly number[] {
  return extension(EXTENSION.serverName, vector(2, [0, ...vector(2, [...Buffer.from(name, "latin1")])]));
}

/** An ALPN extension. */
export function alpn(...protocols: readonly string[]): readonly number[] {
  const list = protocols.flatMap((protocol) => vector(1, [...Buffer.from(protocol, "latin1")]));
  return extension(EXTENSION.alpn, vector(2, list));
}

/** Content behind its length, which has this many bytes. */
export function vector(lengthBytes: number, content: readonly number[]): readonly number[] {
  const length = Array.from(
    { length: lengthBytes },
    (_, at) => (content.length >>> (8 * (lengthBytes - 1 - at))) & 255,
  );
  return [...length, ...content];
}

/** Filler. */
export function zeros(length: number): readonly number[] {
  return Array.from({ length }, () => 0);
}

/** Numbers of two bytes each. */
export function uint16s(...values: readonly number[]): readonly number[] {
  return values.flatMap((value) => [value >>> 8, value & 255]);
}

/** A handshake message in records of `size` bytes at most. */
export function toRecords(message: Uint8Array, size: number): Uint8Array {
  const records: number[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size);
    records.push(22, 3, 1, ...uint16s(fragment.length), ...fragment);
  }
  return Uint8Array.from(records);
}

/** The same hello in records of another size. Takes a hello in one record. */
export function refragment(hello: Uint8Array, size: number): Uint8Array {
  return toRecords(hello.subarray(RECORD_HEADER_BYTES), size);
}

/** What a Chromium of today says: placeholders everywhere, a post-quantum key share, an encrypted inner hello. */
export function chromiumLike(): Uint8Array {
  const share = (group: number, length: number) => [...uint16s(group), ...vector(2, zeros(length))];
  return buildHello({
    sessionId: zeros(32),
    ciphers: uint16s(0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b),
    extensions: [
      extension(0x3a3a),
      serverName("public.example.net"),
      extension(EXTENSION.groups, vector(2, uint16s(0x4a4a, 0x11ec, 29, 23))),
      // Outer hello, HKDF-SHA256 with AES-128-GCM, config 7, an encapsulated key and 400 bytes of what is hidden.
      extension(EXTENSION.ech, [0, 0, 1, 0, 1, 7, ...vector(2, zeros(32)), ...vector(2, zeros(400))]),
      alpn("\x0a\x0a", "h2", "http/1.1"),
      extension(EXTENSION.keyShare, vector(2, [...share(0x4a4a, 1), ...share(0x11ec, 1216), ...share(29, 32)])),
      extension(EXTENSION.versions, vector(1, uint16s(0x5a5a, 0x0304, 0x0303))),
      extension(GREASE, [0]),
      extension(EXTENSION.padding, zeros(100)),
    ],
  });
}
