// Finds the first TLS handshake message of a client in the records that carry it (RFC 8446, 4 and 5.1; the same in TLS 1.2).
// Knows lengths and types only, not what the message says. Whatever the sizes of reads and records, the work is linear.

/** `whole`: the message is there, and nothing else is in its records. The reason of a malformed one is fit for a log. */
export type RecordsVerdict = "more" | "not-tls" | "too-large" | "whole" | { readonly malformed: string };

/** The most that the records of one ClientHello may take, with their headers. Post-quantum ones have about 2 KiB. */
export const MAX_HELLO_BYTES = 65_536;

const HANDSHAKE_RECORD = 22;
/** First byte of every version since SSL 3.0; the second one of a record says nothing (RFC 8446, 5.1). */
const MAJOR_VERSION = 3;
const RECORD_HEADER_BYTES = 5;
const MAX_RECORD_BYTES = 16_384;
const CLIENT_HELLO = 1;
const MESSAGE_HEADER_BYTES = 4;

/** Where a message lies: from index `from` up to `to` of `bytes`. */
export interface MessageBody {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Goes through the records of one ClientHello as they arrive, and remembers how far it came. Never throws. */
export class HandshakeRecords {
  /** Index of the first byte that was not gone through. */
  #at = 0;
  /** Bytes that the record at `#at` still has; 0 where the next one begins. */
  #left = 0;
  /** Bytes of the message gone through, with its header. */
  #seen = 0;
  /** Length of the message without its header, once `#seen` is past that. */
  #announced = 0;

  /** Length of the records gone through, in bytes. */
  get length(): number {
    return this.#at;
  }

  /** Goes on with ALL bytes received so far: what was given before, and more. The same bytes get the same verdict. */
  advance(received: Uint8Array): RecordsVerdict {
    for (;;) {
      if (this.#seen >= MESSAGE_HEADER_BYTES && this.#missing() === 0) return "whole";
      const verdict = this.#left === 0 ? this.#beginRecord(received) : this.#readRecord(received);
      if (verdict !== undefined) return verdict;
    }
  }

  /** The body of a message that is whole. In one record it lies in `received`; from several it is copied. */
  body(received: Uint8Array): MessageBody {
    if (this.#at === RECORD_HEADER_BYTES + this.#seen) {
      return { bytes: received, from: RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES, to: this.#at };
    }
    const joined = new Uint8Array(this.#seen);
    let length = 0;
    for (let at = 0; at < this.#at;) {
      const from = at + RECORD_HEADER_BYTES;
      at = from + recordLength(received, at);
      // Byte by byte: records that split a hello tend to be tiny, and a view of each would cost more than its bytes.
      for (let index = from; index < at; index++) joined[length++] = received[index] ?? 0;
    }
    return { bytes: joined, from: MESSAGE_HEADER_BYTES, to: joined.length };
  }

  #beginRecord(received: Uint8Array): RecordsVerdict | undefined {
    const at = this.#at;
    const there = received.length - at;
    if (there > 0 && received[at] !== HANDSHAKE_RECORD) {
      return at === 0 ? "not-tls" : { malformed: "A record of another type interrupts the ClientHello" };
    }
    if (there > 1 && received[at + 1] !== MAJOR_VERSION) {
      return at === 0 ? "not-tls" : { malformed: "A record has an unknown version" };
    }
    if (there < RECORD_HEADER_BYTES) return "more";
    const length = recordLength(received, at);
    // Not allowed for handshakes (RFC 8446, 5.1), and nobody shall send them for ever.
    if (length === 0) return { malformed: "A record is empty" };
    if (length > MAX_RECORD_BYTES) return "too-large";
    const problem = this.#judgeLengths(at + RECORD_HEADER_BYTES, length);
    if (problem !== undefined) return problem;
    this.#at = at + RECORD_HEADER_BYTES;
    this.#left = length;
    return undefined;
  }

  #readRecord(received: Uint8Array): RecordsVerdict | undefined {
    const there = Math.min(this.#left, received.length - this.#at);
    if (there <= 0) return "more";
    if (this.#seen >= MESSAGE_HEADER_BYTES) {
      this.#pass(Math.min(there, this.#missing()));
      return undefined;
    }
    const byte = received[this.#at] ?? 0;
    if (this.#seen === 0 && byte !== CLIENT_HELLO) {
      return { malformed: "The first message of the handshake is not a ClientHello" };
    }
    if (this.#seen > 0) this.#announced = this.#announced * 256 + byte;
    this.#pass(1);
    return this.#judgeLengths(this.#at, this.#left);
  }

  /** What is wrong with a record that has `left` more bytes from `at` on, once the length of the message is known. */
  #judgeLengths(at: number, left: number): RecordsVerdict | undefined {
    if (this.#seen < MESSAGE_HEADER_BYTES) return undefined;
    const missing = this.#missing();
    if (at + missing > MAX_HELLO_BYTES) return "too-large";
    // The RFC wants the hello to end where its record ends; a server could take what follows for another message.
    return left > missing ? { malformed: "Something follows the ClientHello in its record" } : undefined;
  }

  #pass(count: number): void {
    this.#at += count;
    this.#left -= count;
    this.#seen += count;
  }

  #missing(): number {
    return MESSAGE_HEADER_BYTES + this.#announced - this.#seen;
  }
}

function recordLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
}
