// Version 2 of the PROXY protocol: a signature, four bytes that say what follows and how long it is, addresses, and
// type-length-value fields. Pure and total.

import { readIp4, readIp6, writeIp6 } from "../base/ip-bytes.ts";
import { formatIp, parseIp } from "../base/ip.ts";
import { malformed, NO_TLVS, type ProxyEndpoint, type ProxyHeader, type ProxyVerdict } from "./proxy-header.ts";
import { type ProxyTlvsToWrite, readProxyTlvs, writeChecksum, writeProxyTlvs } from "./proxy-tlv.ts";

/** Twelve bytes that no usual protocol begins with. */
export const PROXY_V2_SIGNATURE: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];

/** Signature, version and command, family and protocol, length. */
const FIXED_BYTES = 16;
/** Addresses and fields. The specification allows 65,535 and advises to stay below 536 in all. */
const MAX_BLOCK_BYTES = 4096;
/** Upper bound of a header's length in bytes. */
export const MAX_PROXY_V2_BYTES: number = FIXED_BYTES + MAX_BLOCK_BYTES;

const VERSION = 2;
const [LOCAL, PROXY] = [0, 1];
const [INET, INET6, UNIX] = [1, 2, 3];
const [UNSPECIFIED, STREAM, DATAGRAM] = [0, 1, 2];
/** The space of one path of a unix socket. */
const PATH_BYTES = 108;
/** Bytes of the addresses, by family. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 2 * PATH_BYTES];

/** What to write. */
export interface ProxyV2ToWrite {
  readonly source?: ProxyEndpoint | undefined;
  readonly destination?: ProxyEndpoint | undefined;
  /** This program's own connection, a check for instance: nothing else is written, addresses and fields are left out. */
  readonly local?: boolean;
  readonly tlvs: ProxyTlvsToWrite;
}

/** Reads a header that begins with the signature, from all bytes so far. */
export function readProxyV2(bytes: Uint8Array): ProxyVerdict {
  const [kind, family, high, low] = bytes.subarray(PROXY_V2_SIGNATURE.length, FIXED_BYTES);
  if (kind === undefined) return "more";
  const command = kind & 15;
  if (kind >> 4 !== VERSION) return malformed(`Expected version 2 after the signature, found ${kind >> 4}`);
  if (command > PROXY) return malformed(`Unknown command ${command}`);
  if (family === undefined) return "more";
  const wrong = command === PROXY ? problemOfFamily(family >> 4, family & 15) : undefined;
  if (wrong !== undefined) return malformed(wrong);
  if (high === undefined) return "more";
  const tooLong = `The header has more than ${MAX_BLOCK_BYTES} bytes of addresses and fields`;
  if (high << 8 > MAX_BLOCK_BYTES) return malformed(tooLong);
  if (low === undefined) return "more";
  const blockBytes = (high << 8) | low;
  if (blockBytes > MAX_BLOCK_BYTES) return malformed(tooLong);
  // What a header without addresses still carries is skipped: nobody says where its fields would begin.
  const addressed = command !== LOCAL && family >> 4 !== UNSPECIFIED && (family & 15) !== UNSPECIFIED;
  const addressBytes = addressed ? (ADDRESS_BYTES[family >> 4] ?? 0) : 0;
  if (blockBytes < addressBytes) {
    return malformed(`Expected ${addressBytes} bytes of addresses, found ${blockBytes}`);
  }
  const length = FIXED_BYTES + blockBytes;
  if (bytes.length < length) return "more";
  if (!addressed) return { kind: "header", header: { version: 2, local: true, tlvs: NO_TLVS }, length };
  const whole = bytes.subarray(0, length);
  const tlvs = readProxyTlvs(whole, FIXED_BYTES + addressBytes);
  if (typeof tlvs === "string") return malformed(tlvs);
  return { kind: "header", header: { version: 2, local: false, ...readAddresses(whole, family >> 4), tlvs }, length };
}

/**
 * Writes a header. Addresses of two families are written as IPv6, with the IPv4 one IPv4-mapped. Without both addresses, or
 * where one is no IP address (a unix socket), the header is a local one: HAProxy refuses relayed connections of an
 * unspecified family, which the specification has for this, and writes local headers itself.
 */
export function writeProxyV2({ source, destination, local = false, tlvs }: ProxyV2ToWrite): Uint8Array {
  const from = local || source === undefined ? undefined : parseIp(source.host);
  const to = local || destination === undefined ? undefined : parseIp(destination.host);
  if (source === undefined || destination === undefined || from === undefined || to === undefined) {
    return fixedPart(new Uint8Array(FIXED_BYTES), LOCAL, UNSPECIFIED);
  }
  const short = typeof from === "number" && typeof to === "number";
  const family = short ? INET : INET6;
  const addressBytes = ADDRESS_BYTES[family] ?? 0;
  const fields = writeProxyTlvs(tlvs);
  const header = new Uint8Array(FIXED_BYTES + addressBytes + fields.length);
  fixedPart(header, PROXY, (family << 4) | STREAM);
  const view = new DataView(header.buffer);
  if (short) {
    view.setUint32(FIXED_BYTES, from);
    view.setUint32(FIXED_BYTES + 4, to);
  } else {
    writeIp6(view, FIXED_BYTES, from);
    writeIp6(view, FIXED_BYTES + 16, to);
  }
  view.setUint16(FIXED_BYTES + addressBytes - 4, source.port);
  view.setUint16(FIXED_BYTES + addressBytes - 2, destination.port);
  header.set(fields, FIXED_BYTES + addressBytes);
  if (tlvs.crc32c) writeChecksum(header);
  return header;
}

function fixedPart(header: Uint8Array, command: number, family: number): Uint8Array {
  const blockBytes = header.length - FIXED_BYTES;
  header.set([...PROXY_V2_SIGNATURE, (VERSION << 4) | command, family, blockBytes >> 8, blockBytes & 255]);
  return header;
}

function problemOfFamily(family: number, protocol: number): string | undefined {
  if (family > UNIX) return `Unknown address family ${family}`;
  if (protocol > DATAGRAM) return `Unknown transport protocol ${protocol}`;
  return protocol === DATAGRAM ? "Expected a stream, found datagrams" : undefined;
}

function readAddresses(header: Uint8Array, family: number): Pick<ProxyHeader, "source" | "destination" | "unix"> {
  if (family === UNIX) {
    const middle = FIXED_BYTES + PATH_BYTES;
    return {
      unix: {
        source: pathOf(header.subarray(FIXED_BYTES, middle)),
        destination: pathOf(header.subarray(middle, middle + PATH_BYTES)),
      },
    };
  }
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [read, size] = family === INET ? [readIp4, 4] : [readIp6, 16];
  const ports = FIXED_BYTES + 2 * size;
  return {
    source: { host: formatIp(read(view, FIXED_BYTES)), port: view.getUint16(ports) },
    destination: { host: formatIp(read(view, FIXED_BYTES + size)), port: view.getUint16(ports + 2) },
  };
}

/** Up to the first NUL; an abstract name begins with one, which people write as `@`. */
function pathOf(space: Uint8Array): string {
  const abstract = space[0] === 0;
  const rest = abstract ? space.subarray(1) : space;
  const end = rest.indexOf(0);
  const name = new TextDecoder().decode(end === -1 ? rest : rest.subarray(0, end));
  return abstract && name !== "" ? `@${name}` : name;
}
