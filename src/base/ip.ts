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

/** The longest written form: eight groups of four digits, or six of them and a dotted IPv4 address. */
const MAX_IP_CHARS = 45;
/** Where an IPv4-mapped IPv6 address keeps its IPv4 part: after these many bits. */
const MAPPED_BITS = 96;

/** Parses an address without brackets or zone; `undefined` when it is none. Total: never throws. */
export function parseIp(text: string): Ip | undefined {
  if (text.length > MAX_IP_CHARS) return undefined;
  if (!text.includes(":")) return parseV4(text, 0, text.length);
  const words = parseV6(text);
  return words !== undefined && isMapped(words) ? wordAt(words, 3) : words;
}

/** Parses `address` or `address/prefix`; `undefined` when it is none. Host bits are cut off. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) {
    const ip = parseIp(text);
    return ip === undefined ? undefined : { ip, prefix: typeof ip === "number" ? 32 : 128 };
  }
  if (slash > MAX_IP_CHARS) return undefined;
  const prefix = parseDecimal(text, slash + 1, text.length, 128);
  if (prefix === undefined) return undefined;
  if (text.lastIndexOf(":", slash) === -1) {
    const ip = parseV4(text, 0, slash);
    return ip === undefined || prefix > 32 ? undefined : { ip: maskWord(ip, prefix), prefix };
  }
  const words = parseV6(text.slice(0, slash));
  if (words === undefined) return undefined;
  if (isMapped(words)) {
    // A shorter prefix would hold IPv6 addresses besides all of IPv4, which no list that is written so can mean.
    if (prefix < MAPPED_BITS) return undefined;
    return { ip: maskWord(wordAt(words, 3), prefix - MAPPED_BITS), prefix: prefix - MAPPED_BITS };
  }
  for (let word = 0; word < 4; word++) {
    words[word] = maskWord(wordAt(words, word), Math.min(32, Math.max(0, prefix - word * 32)));
  }
  return { ip: words, prefix };
}

/** Writes an address in its usual short form (RFC 5952), without brackets. */
export function formatIp(ip: Ip): string {
  if (typeof ip === "number") return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
  const groups: number[] = [];
  for (let word = 0; word < 4; word++) groups.push(wordAt(ip, word) >>> 16, wordAt(ip, word) & 0xffff);
  // The longest run of at least two zero groups becomes `::`; of equal runs the first.
  let start = -1;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) [start, length] = [from, to - from];
    from = to;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start === -1) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** Writes `address/prefix`; a prefix of full length is left out. */
export function formatCidr({ ip, prefix }: Cidr): string {
  return prefix === (typeof ip === "number" ? 32 : 128) ? formatIp(ip) : `${formatIp(ip)}/${prefix}`;
}

function parseV4(text: string, start: number, end: number): number | undefined {
  let value = 0;
  let at = start;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && text.charCodeAt(at++) !== 46) return undefined;
    let stop = at;
    while (stop < end && stop < at + 4 && text.charCodeAt(stop) !== 46) stop++;
    const part = parseDecimal(text, at, stop, 255);
    if (part === undefined) return undefined;
    value = value * 256 + part;
    at = stop;
  }
  return at === end ? value : undefined;
}

function parseV6(text: string): Uint32Array | undefined {
  const words = new Uint32Array(4);
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    if (groups.length === 8) return undefined;
    let stop = text.indexOf(":", at);
    if (stop === -1) stop = text.length;
    if (stop === text.length && text.indexOf(".", at) !== -1) {
      const tail = parseV4(text, at, text.length);
      if (tail === undefined || groups.length > 6) return undefined;
      groups.push(tail >>> 16, tail & 0xffff);
      at = text.length;
      break;
    }
    const group = parseHex(text, at, stop);
    if (group === undefined) return undefined;
    groups.push(group);
    at = stop;
    if (at === text.length) break;
    at++;
    if (text.charCodeAt(at) === 58) {
      if (gap !== -1) return undefined;
      gap = groups.length;
      at++;
    } else if (at === text.length) {
      return undefined;
    }
  }
  // `::` stands for at least one group.
  if (gap === -1 ? groups.length !== 8 : groups.length > 7) return undefined;
  const missing = 8 - groups.length;
  for (let index = 0; index < groups.length; index++) {
    const place = gap !== -1 && index >= gap ? index + missing : index;
    const word = place >> 1;
    words[word] = wordAt(words, word) | (wordAt(groups, index) << (place % 2 === 0 ? 16 : 0));
  }
  return words;
}

function parseDecimal(text: string, start: number, end: number, max: number): number | undefined {
  // A leading zero is refused: some programs read it as octal, so two people would see two addresses.
  if (start >= end || end - start > 3 || (end - start > 1 && text.charCodeAt(start) === 48)) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value > max ? undefined : value;
}

function parseHex(text: string, start: number, end: number): number | undefined {
  if (start >= end || end - start > 4) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const lower = code | 32;
    if (code >= 48 && code <= 57) value = value * 16 + code - 48;
    else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
    else return undefined;
  }
  return value;
}

function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

function maskWord(word: number, bits: number): number {
  return bits === 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
}

function wordAt(words: ArrayLike<number>, index: number): number {
  return words[index] ?? 0;
}
