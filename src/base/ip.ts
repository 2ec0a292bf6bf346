// IP addresses and prefixes as values that compare fast: an IPv4 address is its 32 bits as an unsigned number, an IPv6
// address four 32-bit words. IPv4-mapped IPv6 (`::ffff:a.b.c.d`), which dual-stack sockets report, is IPv4.

/** An IPv4 address (unsigned 32-bit number) or an IPv6 address (four words, most significant first). */
export type Ip = number | Uint32Array;

/** An address prefix. */
export interface Cidr {
  /** First address of the prefix; host bits are zero. */
  readonly ip: Ip;
  /** Length in bits, 0–32 or 0–128. */
  readonly prefix: number;
}

/** Parses an address without brackets or zone; `undefined` when it is none. Total: never throws. */
export declare function parseIp(text: string): Ip | undefined;

/** Parses `address` or `address/prefix`; `undefined` when it is none. */
export declare function parseCidr(text: string): Cidr | undefined;
