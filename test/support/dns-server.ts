// A DNS server on a free loopback port, by UDP and, for answers that do not fit there, TCP. It knows A, AAAA and SRV,
// counts what it is asked, and its zone may be changed at any time.

import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { parseIp } from "../../src/base/ip.ts";
import { listenOnFreePort } from "./node-server.ts";

/** What is known about one name. A name without an entry does not exist (NXDOMAIN). */
export interface DnsEntry {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  /** `priority weight port target`, as in a zone file. */
  readonly srv?: readonly string[];
  /** Answered with SERVFAIL. */
  readonly fails?: "A" | "AAAA";
  /** In seconds; 60 when absent. */
  readonly ttl?: number;
}

export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as `--dns` wants it. */
  readonly address: string;
  /** By name, without a dot at the end. `servfail` and `silent` are how it answers, or not. */
  readonly zone: Map<string, DnsEntry | "servfail" | "silent">;
  /** Answers nothing at all while set. */
  silent: boolean;
  /** Every question so far: `A db.test`. */
  readonly questions: readonly string[];
}

type RecordType = "A" | "AAAA" | "SRV";
const TYPES: ReadonlyMap<number, RecordType> = new Map([
  [1, "A"],
  [28, "AAAA"],
  [33, "SRV"],
]);
const HEADER_BYTES = 12;
/** What an answer by UDP holds without asking for more. */
const MAX_UDP_BYTES = 512;
const RESPONSE = 0x8580;
const TRUNCATED = 0x0200;
const SERVFAIL = 2;
const NXDOMAIN = 3;

export async function startDnsServer(entries: Readonly<Record<string, DnsEntry>> = {}): Promise<DnsServer> {
  const zone = new Map<string, DnsEntry | "servfail" | "silent">(Object.entries(entries));
  const questions: string[] = [];
  const server = { silent: false };

  const answer = (query: Buffer): Buffer | undefined => {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    questions.push(`${TYPES.get(type) ?? type} ${name}`);
    const entry = zone.get(name);
    if (server.silent || entry === "silent") return undefined;
    const question = query.subarray(HEADER_BYTES, end + 4);
    const records = typeof entry === "object" ? recordsOf(entry, type) : [];
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    const fails = entry === "servfail" || (entry?.fails !== undefined && entry.fails === TYPES.get(type));
    header.writeUInt16BE(RESPONSE | (entry === undefined ? NXDOMAIN : fails ? SERVFAIL : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, question, ...records]);
  };

  const tcp = createServer((socket) => answerStream(socket, answer));
  const port = await listenOnFreePort(tcp);
  const udp = createSocket("udp4");
  udp.on("message", (query, from) => {
    const full = answer(query);
    if (full === undefined) return;
    if (full.length > MAX_UDP_BYTES) {
      // Header and question alone; the client comes again by TCP.
      full.writeUInt16BE(full.readUInt16BE(2) | TRUNCATED, 2);
      full.writeUInt16BE(0, 6);
    }
    udp.send(full.length > MAX_UDP_BYTES ? full.subarray(0, readName(full).end + 4) : full, from.port, from.address);
  });
  const bound = Promise.withResolvers<void>();
  udp.once("error", bound.reject).bind(port, "127.0.0.1", bound.resolve);
  await bound.promise;

  let open = true;
  return Object.assign(server, {
    address: `127.0.0.1:${port}`,
    zone,
    questions,
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      udp.close();
      tcp.close();
    },
  });
}

/** Queries by TCP have their length in front. */
function answerStream(socket: Socket, answer: (query: Buffer) => Buffer | undefined): void {
  let held = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      const full = answer(held.subarray(2, end));
      held = held.subarray(end);
      if (full === undefined) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(full.length);
      socket.write(Buffer.concat([length, full]));
    }
  });
}

function recordsOf(entry: DnsEntry, type: number): Buffer[] {
  const { a = [], aaaa = [], srv = [] } = entry;
  const known: Readonly<Record<RecordType, readonly Buffer[]>> = {
    A: a.map(ipBytes),
    AAAA: aaaa.map(ipBytes),
    SRV: srv.map(srvBytes),
  };
  const kind = TYPES.get(type);
  return (kind === undefined ? [] : known[kind]).map((bytes) => {
    const head = Buffer.alloc(12);
    // A pointer to the name of the question.
    head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(entry.ttl ?? 60, 6);
    head.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([head, bytes]);
  });
}

function readName(message: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message.readUInt8(at++);
    if (length === 0) return { name: labels.join(".").toLowerCase(), end: at };
    labels.push(message.toString("latin1", at, at + length));
    at += length;
  }
}

function nameBytes(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.alloc(1),
  ]);
}

function ipBytes(text: string): Buffer {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`"${text}" is not an IP address`);
  const words = typeof ip === "number" ? [ip] : [...ip];
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => bytes.writeUInt32BE(word >>> 0, index * 4));
  return bytes;
}

function srvBytes(text: string): Buffer {
  const [priority, weight, port, target = ""] = text.split(" ");
  const head = Buffer.alloc(6);
  [priority, weight, port].forEach((value, index) => head.writeUInt16BE(Number(value), index * 2));
  return Buffer.concat([head, nameBytes(target)]);
}
