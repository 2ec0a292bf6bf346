// Reads what a TLS client says before anything is answered: the name it wants, its protocols, its versions. Formats:
// RFC 8446 4.1.2 and 4.2, RFC 6066 3 (server_name), RFC 7301 (ALPN). It refuses whatever two readers could understand in
// two ways, because the server behind us reads the same bytes. Sockets, time and what a name stands for are others' business.

import { parseHostname } from "../base/hostname.ts";
import { parseIp } from "../base/ip.ts";
import { ByteReader } from "./byte-reader.ts";
import { HandshakeRecords } from "./handshake-records.ts";

/** What a client said in its ClientHello. All of it is the client's word. */
export interface ClientHello {
  /** The name it wants, as `parseHostname` writes it; absent when it gave none, or an IP address. */
  readonly serverName?: string;
  /** Application protocols in its order, one character per byte. */
  readonly alpn: readonly string[];
  /** TLS versions it speaks, in its order, such as 0x0304 for TLS 1.3; placeholders (GREASE, RFC 8701) left out. */
  readonly versions: readonly number[];
  /** Whether it sent an encrypted ClientHello (RFC 9849), real or as a decoy: if real, `serverName` is only the outer name. */
  readonly ech: boolean;
  /** Length of the records that carried it, in bytes; what was received beyond it follows the hello. */
  readonly length: number;
}

/**
 * `more`: all right so far, but not complete. `not-tls`: another protocol. `too-large`: more than MAX_HELLO_BYTES, or a
 * record longer than any can be. The reason of `malformed` is fit for a log: ours, without a byte of the client's.
 */
export type HelloVerdict =
  | { readonly kind: "more" | "not-tls" | "too-large" }
  | { readonly kind: "malformed"; readonly why: string }
  | { readonly kind: "hello"; readonly hello: ClientHello };

/** Reads the ClientHello of one connection as it arrives; each byte is looked at once, or twice at most. */
export class HelloReader {
  readonly #records = new HandshakeRecords();

  /**
   * Judges ALL bytes received so far: those given before, and more after them. They are neither kept nor changed.
   * Asked again after its last word it says the same. Total: never throws.
   */
  read(received: Uint8Array): HelloVerdict {
    const verdict = this.#records.advance(received);
    if (typeof verdict === "object") return { kind: "malformed", why: verdict.malformed };
    if (verdict !== "whole") return { kind: verdict };
    const { bytes, from, to } = this.#records.body(received);
    const hello = readBody(new ByteReader(bytes, from, to), this.#records.length);
    return typeof hello === "string" ? { kind: "malformed", why: hello } : { kind: "hello", hello };
  }
}

/** Judges bytes that are all there is, as in a recorded hello. */
export function readClientHello(received: Uint8Array): HelloVerdict {
  return new HelloReader().read(received);
}

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;
const HOST_NAME = 0;
/** A dot may end the longest name. */
const MAX_SERVER_NAME_BYTES = 254;

/** The hello, or what is wrong with it. */
function readBody(body: ByteReader, length: number): ClientHello | string {
  const version = body.uint16();
  body.skip(RANDOM_BYTES);
  const sessionIdBytes = body.uint8();
  body.skip(sessionIdBytes);
  const cipherBytes = body.uint16();
  body.skip(cipherBytes);
  const compressionBytes = body.uint8();
  body.skip(compressionBytes);
  if (body.failed) return "The ClientHello is shorter than its fields";
  if (sessionIdBytes > MAX_SESSION_ID_BYTES) return "The session id is too long";
  if (cipherBytes === 0 || cipherBytes % 2 === 1) return "The list of cipher suites is malformed";
  if (compressionBytes === 0) return "The list of compression methods is empty";
  // Before TLS 1.2 a hello could end here.
  if (body.left === 0) return { alpn: [], versions: [version], ech: false, length };
  const extensions = body.part(body.uint16());
  if (extensions.failed || body.left > 0) return "The extensions do not fill the ClientHello";
  return readExtensions(extensions, version, length);
}

function readExtensions(extensions: ByteReader, legacyVersion: number, length: number): ClientHello | string {
  const seen = new Set<number>();
  let serverName: string | undefined;
  let alpn: readonly string[] = [];
  let versions: readonly number[] = [legacyVersion];
  while (extensions.left > 0) {
    const type = extensions.uint16();
    const content = extensions.part(extensions.uint16());
    if (content.failed) return "An extension is longer than what is left";
    if (seen.has(type)) return "An extension is there twice";
    seen.add(type);
    if (type === SERVER_NAME) {
      const name = readServerName(content);
      if (name === undefined) return "The server name is malformed";
      if (name !== "") serverName = name;
    } else if (type === ALPN) {
      const protocols = readProtocols(content);
      if (protocols === undefined) return "The list of application protocols is malformed";
      alpn = protocols;
    } else if (type === SUPPORTED_VERSIONS) {
      const supported = readVersions(content);
      if (supported === undefined) return "The list of supported versions is malformed";
      versions = supported;
    }
  }
  const rest = { alpn, versions, ech: seen.has(ENCRYPTED_CLIENT_HELLO), length };
  return serverName === undefined ? rest : { serverName, ...rest };
}

/**
 * The name, empty for an IP address, which RFC 6066 does not allow and some clients send; `undefined` when malformed. The
 * RFC has a list, but one name is all that it defines and that servers agree about.
 */
function readServerName(content: ByteReader): string | undefined {
  const list = content.part(content.uint16());
  const type = list.uint8();
  const length = list.uint16();
  if (list.failed || content.left > 0 || type !== HOST_NAME || length !== list.left) return undefined;
  if (length > MAX_SERVER_NAME_BYTES) return undefined;
  const text = list.latin1(length);
  return parseHostname(text) ?? (parseIp(text) === undefined ? undefined : "");
}

function readProtocols(content: ByteReader): readonly string[] | undefined {
  const list = content.part(content.uint16());
  if (list.failed || list.left === 0 || content.left > 0) return undefined;
  const protocols: string[] = [];
  while (list.left > 0) {
    const length = list.uint8();
    if (length === 0 || length > list.left) return undefined;
    protocols.push(list.latin1(length));
  }
  return protocols;
}

function readVersions(content: ByteReader): readonly number[] | undefined {
  const list = content.part(content.uint8());
  if (list.failed || list.left === 0 || list.left % 2 === 1 || content.left > 0) return undefined;
  const versions: number[] = [];
  while (list.left > 0) {
    const version = list.uint16();
    if (!isPlaceholder(version)) versions.push(version);
  }
  return versions;
}

/** Whether a number is one of those that clients sprinkle over their lists to keep servers tolerant (RFC 8701). */
export function isPlaceholder(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);
}
