// Version 1 of the PROXY protocol: one line of text. Its grammar is taken by the letter, because two programs that read
// one line differently see two clients. Pure and total.

import { formatIp, type Ip, parseIp } from "../base/ip.ts";
import { malformed, NO_TLVS, type ProxyEndpoint, type ProxyHeader, type ProxyVerdict } from "./proxy-header.ts";

/** `PROXY`: what begins with it has to be read as version 1. */
export const PROXY_V1_SIGNATURE: readonly number[] = [0x50, 0x52, 0x4f, 0x58, 0x59];

/** The longest line with its CRLF; only one of unknown protocol can get there. */
const MAX_LINE_BYTES = 107;
/** Eight groups of four digits. */
const MAX_IP6_CHARS = 39;
const UNKNOWN = "UNKNOWN";

/** One field of the line: what it is for, and what it may be. */
interface Field {
  readonly name: string;
  /** What a person expects to see there. */
  readonly wanted: string;
  /** The characters it may have. */
  readonly alphabet: RegExp;
  /** Whether a text that may yet grow can become the field; where it cannot tell, it says yes. */
  readonly maybe: (text: string) => boolean;
  /** Whether a text is the field. */
  readonly is: (text: string) => boolean;
}

/** Reads a line that begins with `PROXY`, from all bytes so far. */
export function readProxyV1(bytes: Uint8Array): ProxyVerdict {
  const text = String.fromCharCode(...bytes.subarray(0, MAX_LINE_BYTES));
  const start = PROXY_V1_SIGNATURE.length + 1;
  if (text.length < start) return "more";
  if (text[start - 1] !== " ") return malformed(`Expected a space after "PROXY", found ${byteAt(bytes, start - 1)}`);
  const protocol = [UNKNOWN, "TCP4", "TCP6"].find((name) => text.startsWith(name, start));
  if (protocol === undefined) {
    const rest = text.slice(start);
    return [UNKNOWN, "TCP4", "TCP6"].some((name) => name.startsWith(rest))
      ? "more"
      : malformed('Expected "TCP4", "TCP6" or "UNKNOWN" after "PROXY"');
  }
  const end = start + protocol.length;
  return protocol === UNKNOWN ? readUnknown(text, end, bytes) : readAddresses(text, end, protocol, bytes);
}

/**
 * Writes a line. Addresses of two families are written as IPv6, with the IPv4 one IPv4-mapped; without both addresses, or
 * where one is no IP address (a unix socket), the line says `UNKNOWN`.
 */
export function writeProxyV1(addresses: {
  readonly source?: ProxyEndpoint | undefined;
  readonly destination?: ProxyEndpoint | undefined;
}): Uint8Array {
  const { source, destination } = addresses;
  const from = source === undefined ? undefined : parseIp(source.host);
  const to = destination === undefined ? undefined : parseIp(destination.host);
  const known = source !== undefined && destination !== undefined && from !== undefined && to !== undefined;
  const line = known ? `PROXY ${hosts(from, to)} ${source.port} ${destination.port}\r\n` : `PROXY ${UNKNOWN}\r\n`;
  return new TextEncoder().encode(line);
}

/** Whatever an unknown protocol has to say is ignored, up to the first CRLF. */
function readUnknown(text: string, end: number, bytes: Uint8Array): ProxyVerdict {
  if (text.length === end) return "more";
  const next = text[end];
  if (next !== " " && next !== "\r") {
    return malformed(`Expected a space or CRLF after "UNKNOWN", found ${byteAt(bytes, end)}`);
  }
  if (next === "\r" && text.length > end + 1 && text[end + 1] !== "\n") return malformed("Found CR without LF");
  const stop = text.indexOf("\r\n", end);
  if (stop !== -1) return { kind: "header", header: { version: 1, local: true, tlvs: NO_TLVS }, length: stop + 2 };
  // One byte before the bound only the LF of a CRLF fits.
  const over = text.length === MAX_LINE_BYTES || (text.length === MAX_LINE_BYTES - 1 && !text.endsWith("\r"));
  return over ? malformed(`No CRLF within ${MAX_LINE_BYTES} bytes`) : "more";
}

function readAddresses(text: string, end: number, protocol: string, bytes: Uint8Array): ProxyVerdict {
  const host = protocol === "TCP4" ? IP4 : IP6;
  const fields = [
    { ...host, name: "source address" },
    { ...host, name: "destination address" },
    { ...PORT, name: "source port" },
    { ...PORT, name: "destination port" },
  ];
  const words: string[] = [];
  let at = end;
  let before = `"${protocol}"`;
  for (const field of fields) {
    if (at === text.length) return "more";
    if (text[at] !== " ") return malformed(`Expected a space after ${before}, found ${byteAt(bytes, at)}`);
    at++;
    let stop = at;
    while (stop < text.length && field.alphabet.test(text.charAt(stop))) stop++;
    const word = text.slice(at, stop);
    if (stop === text.length && field.maybe(word)) return "more";
    if (!field.is(word)) {
      const found = word === "" ? byteAt(bytes, at) : `"${wrongPart(word, field)}"`;
      return malformed(`Expected ${field.wanted} as ${field.name}, found ${found}`);
    }
    words.push(word);
    at = stop;
    before = `the ${field.name}`;
  }
  if (text[at] !== "\r") return malformed(`Expected CRLF after ${before}, found ${byteAt(bytes, at)}`);
  if (at + 1 === text.length) return "more";
  if (text[at + 1] !== "\n") return malformed("Found CR without LF");
  return { kind: "header", header: headerOf(words), length: at + 2 };
}

/** Up to the first character that cannot be, so that the verdict is the same however the line was split. */
function wrongPart(word: string, field: Field): string {
  for (let length = 1; length < word.length; length++) {
    if (!field.maybe(word.slice(0, length))) return word.slice(0, length);
  }
  return word;
}

function headerOf([source = "", destination = "", sourcePort, destinationPort]: readonly string[]): ProxyHeader {
  return {
    version: 1,
    local: false,
    source: { host: shortForm(source), port: Number(sourcePort) },
    destination: { host: shortForm(destination), port: Number(destinationPort) },
    tlvs: NO_TLVS,
  };
}

const IP4: Omit<Field, "name"> = {
  wanted: "an IPv4 address",
  alphabet: /[0-9.]/,
  maybe(text) {
    const parts = text.split(".");
    const last = parts.pop() ?? "";
    return parts.length < 4 && parts.every(isOctet) && (last === "" || isOctet(last));
  },
  is: (text) => parseIp(text) !== undefined,
};

const IP6: Omit<Field, "name"> = {
  wanted: "an IPv6 address",
  alphabet: /[0-9A-Fa-f:.]/,
  maybe: (text) => text.length <= MAX_IP6_CHARS && /^(?:[^:.]{0,4}:)*(?:[^:.]{0,4}|\d{1,3}\.[\d.]{0,11})$/.test(text),
  is: (text) => text.length <= MAX_IP6_CHARS && text.includes(":") && parseIp(text) !== undefined,
};

const PORT: Omit<Field, "name"> = {
  wanted: "a port",
  alphabet: /[0-9]/,
  maybe: (text) => text === "" || isPort(text),
  is: isPort,
};

function isOctet(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= 255;
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

function shortForm(text: string): string {
  const ip = parseIp(text);
  return ip === undefined ? text : formatIp(ip);
}

function hosts(from: Ip, to: Ip): string {
  if (typeof from === "number" && typeof to === "number") return `TCP4 ${formatIp(from)} ${formatIp(to)}`;
  return `TCP6 ${ip6(from)} ${ip6(to)}`;
}

/** The specification's grammar knows hexadecimal groups only, so an IPv4-mapped address gets no dots. */
function ip6(ip: Ip): string {
  if (typeof ip !== "number") return formatIp(ip);
  return `::ffff:${(ip >>> 16).toString(16)}:${(ip & 0xffff).toString(16)}`;
}

function byteAt(bytes: Uint8Array, at: number): string {
  return `byte 0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
}
