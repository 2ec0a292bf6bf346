// What a PROXY protocol header says, whichever of its two versions said it. Values only: how they are read and written is
// known to proxy-v1 and proxy-v2, and whether whoever sent them is to be believed, to the listener.

/** One end of the connection that the sender relays. */
export interface ProxyEndpoint {
  /** An IP address in its short form, without brackets; IPv4-mapped IPv6 addresses are IPv4. */
  readonly host: string;
  /** 0–65535. */
  readonly port: number;
}

/** Both ends of a connection over unix sockets. */
export interface ProxyUnixPaths {
  /** Paths as text; `@name` for abstract ones, empty for unnamed ones, which clients usually are. */
  readonly source: string;
  readonly destination: string;
}

/** How the client spoke TLS to the sender. */
export interface ProxySsl {
  /** The client came over TLS. */
  readonly client: boolean;
  /** It presented a certificate, on this connection or in the session it resumed, and that was verified. */
  readonly verified: boolean;
  /** As the sender's TLS library writes it, `TLSv1.3` for example. */
  readonly version?: string;
  /** Of the client certificate's subject. It tells who the client is only when `verified`. */
  readonly commonName?: string;
  readonly cipher?: string;
  /** Algorithms of the certificate that the sender presented. */
  readonly signatureAlgorithm?: string;
  readonly keyAlgorithm?: string;
}

/** A type-length-value field whose meaning is not known here. */
export interface ProxyTlv {
  /** 0–255. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** What version 2 says besides the addresses. An empty text says nothing and counts as absent. */
export interface ProxyTlvs {
  /** Protocol that was negotiated with the client. */
  readonly alpn?: string;
  /** Host name that the client asked for: with TLS its SNI. As it was sent, letter case and all. */
  readonly authority?: string;
  /** The header carried a checksum and it is right; a wrong one makes the header malformed. */
  readonly crc32cVerified?: boolean;
  /** 1–128 bytes. */
  readonly uniqueId?: Uint8Array;
  readonly ssl?: ProxySsl;
  /** Network namespace. */
  readonly netns?: string;
  readonly aws?: { readonly vpcEndpointId: string };
  /** An unsigned 32-bit integer. */
  readonly azure?: { readonly privateEndpointLinkId: number };
  /** An unsigned 64-bit integer in decimal, as Google's tools show it. */
  readonly gcp?: { readonly pscConnectionId: string };
  /** Every other field in its order, types may repeat. */
  readonly other: readonly ProxyTlv[];
}

/** A whole PROXY header. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** It tells no address (`LOCAL`, `UNKNOWN`, an unspecified family): the real ones of the connection count. */
  readonly local: boolean;
  /** Present, both of them, when the relayed connection is TCP. */
  readonly source?: ProxyEndpoint;
  readonly destination?: ProxyEndpoint;
  /** Present when the relayed connection came over a unix socket. */
  readonly unix?: ProxyUnixPaths;
  readonly tlvs: ProxyTlvs;
}

/**
 * What the bytes so far are: `more` when more of them may make a header, `missing` when no header begins so, `malformed`
 * when one begins that can only be wrong (`why` is a phrase for people), or a whole header and how many bytes it takes.
 */
export type ProxyVerdict =
  | "more"
  | { readonly kind: "missing" }
  | { readonly kind: "malformed"; readonly why: string }
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly length: number };

/** No fields: what version 1 says. */
export const NO_TLVS: ProxyTlvs = Object.freeze({ other: Object.freeze([]) });

/** A header that is wrong, and why. */
export function malformed(why: string): ProxyVerdict {
  return { kind: "malformed", why };
}
