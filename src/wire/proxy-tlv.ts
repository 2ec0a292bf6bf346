// The type-length-value fields of a PROXY header of version 2. Those of the specification have to be right, or the header
// is malformed; types that anybody may use for anything are known when they look as AWS, Azure and Google write them, and
// are handed on as they are when they do not. Pure and total.

import { crc32c } from "../base/crc32c.ts";
import type { ProxyTlv, ProxyTlvs } from "./proxy-header.ts";
import { decodeText, encodeTlv, splitTlvs } from "./proxy-tlv-block.ts";
import { readSslTlv, type ProxySslToWrite, writeSslTlv } from "./proxy-tlv-ssl.ts";

const [ALPN, AUTHORITY, CRC32C, NOOP, UNIQUE_ID, SSL, NETNS] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x20, 0x30];
const [GCP, AWS, AZURE] = [0xe0, 0xea, 0xee];
/** Of AWS and Azure: the one kind of value they have, its first byte. */
const ENDPOINT = 0x01;

const NAMES: ReadonlyMap<number, string> = new Map([
  [ALPN, "ALPN"],
  [AUTHORITY, "authority"],
  [CRC32C, "checksum"],
  [UNIQUE_ID, "unique id"],
  [SSL, "TLS"],
  [NETNS, "network namespace"],
]);

const CHECKSUM_BYTES = 4;
const MAX_UNIQUE_ID_BYTES = 128;

/** Fields to write; an empty text is left out, and so is one of more than 255 bytes, which is no name. */
export interface ProxyTlvsToWrite {
  readonly authority?: string | undefined;
  readonly alpn?: string | undefined;
  readonly ssl?: ProxySslToWrite | undefined;
  /** At most 128 bytes. */
  readonly uniqueId?: Uint8Array | undefined;
  /** Adds a checksum of the whole header. */
  readonly crc32c: boolean;
}

type Draft = { -readonly [Key in keyof ProxyTlvs]: ProxyTlvs[Key] };

/** Reads the fields of a whole header from `start` to its end. A text says why they are malformed. */
export function readProxyTlvs(header: Uint8Array, start: number): ProxyTlvs | string {
  const fields = splitTlvs(header.subarray(start));
  if (typeof fields === "string") return fields;
  const other: ProxyTlv[] = [];
  const tlvs: Draft = { other };
  const seen = new Set<number>();
  for (const field of fields) {
    const { type, value } = field;
    if (type === NOOP) continue;
    const name = NAMES.get(type);
    if (name === undefined) {
      const cloud = readCloud(field);
      if (cloud === undefined) {
        // A copy: a connection must not keep the whole chunk that its first bytes came in.
        other.push({ type, value: value.slice() });
        continue;
      }
      Object.assign(tlvs, cloud);
    } else {
      const wrong = readKnown(tlvs, field, name, header);
      if (wrong !== undefined) return wrong;
    }
    if (seen.has(type)) return `There are two fields of type 0x${type.toString(16).padStart(2, "0")}`;
    seen.add(type);
  }
  return tlvs;
}

/** Writes fields, one after the other; the checksum last and zero, for `writeChecksum` to fill in. */
export function writeProxyTlvs(tlvs: ProxyTlvsToWrite): Uint8Array {
  const { uniqueId = new Uint8Array() } = tlvs;
  if (uniqueId.length > MAX_UNIQUE_ID_BYTES) throw new RangeError(`A unique id has ${uniqueId.length} bytes`);
  const fields = [
    ...encodeTlv(AUTHORITY, tlvs.authority),
    ...encodeTlv(ALPN, tlvs.alpn),
    ...(tlvs.ssl === undefined ? [] : encodeTlv(SSL, writeSslTlv(tlvs.ssl))),
    ...encodeTlv(UNIQUE_ID, uniqueId),
    ...(tlvs.crc32c ? encodeTlv(CRC32C, new Uint8Array(CHECKSUM_BYTES)) : []),
  ];
  return Uint8Array.from(fields);
}

/** Fills in the checksum of a whole header that ends with a zero one. */
export function writeChecksum(header: Uint8Array): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  view.setUint32(header.length - CHECKSUM_BYTES, crc32c(header));
}

/** Reads a field of the specification into `tlvs`, or says what is wrong with it. */
function readKnown(tlvs: Draft, { type, value }: ProxyTlv, name: string, header: Uint8Array): string | undefined {
  switch (type) {
    case CRC32C:
      if (!isChecksum(value, header)) return "The checksum is wrong";
      tlvs.crc32cVerified = true;
      return undefined;
    case UNIQUE_ID:
      if (value.length > MAX_UNIQUE_ID_BYTES) return `The unique id has more than ${MAX_UNIQUE_ID_BYTES} bytes`;
      if (value.length > 0) tlvs.uniqueId = value.slice();
      return undefined;
    case SSL: {
      const ssl = readSslTlv(value);
      if (typeof ssl === "string") return ssl;
      tlvs.ssl = ssl;
      return undefined;
    }
    default: {
      const text = decodeText(value);
      if (text === undefined) return `The ${name} field is not a text`;
      if (text === "") return undefined;
      if (type === ALPN) tlvs.alpn = text;
      else if (type === AUTHORITY) tlvs.authority = text;
      else tlvs.netns = text;
      return undefined;
    }
  }
}

/** What a cloud's balancer says of its private endpoint; `undefined` when the field is not what that one writes. */
function readCloud({ type, value }: ProxyTlv): Partial<ProxyTlvs> | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (type === GCP && value.length === 8) return { gcp: { pscConnectionId: `${view.getBigUint64(0)}` } };
  if (value[0] !== ENDPOINT) return undefined;
  if (type === AZURE && value.length === 5) return { azure: { privateEndpointLinkId: view.getUint32(1, true) } };
  if (type !== AWS) return undefined;
  const vpcEndpointId = decodeText(value.subarray(1)) ?? "";
  return /^[A-Za-z0-9-]+$/.test(vpcEndpointId) ? { aws: { vpcEndpointId } } : undefined;
}

/** The checksum is taken over the header with zeros in its own place. `value` is a part of `header`. */
function isChecksum(value: Uint8Array, header: Uint8Array): boolean {
  if (value.length !== CHECKSUM_BYTES) return false;
  const at = value.byteOffset - header.byteOffset;
  const before = crc32c(new Uint8Array(CHECKSUM_BYTES), crc32c(header.subarray(0, at)));
  const wanted = crc32c(header.subarray(at + CHECKSUM_BYTES), before);
  return new DataView(value.buffer, value.byteOffset, CHECKSUM_BYTES).getUint32(0) === wanted;
}
