// Reads DER, the encoding of certificates (X.690): one value after the other, each with a tag and a length. A read that
// does not fit fails for good and yields nothing, so that a parser may read a whole structure and ask once. There is no
// recursion here: whoever wants what is inside of a value opens it, and so decides how deep it goes.

/** Tags of the values that certificates are made of; those of SEQUENCE and SET have the bit of constructed ones. */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const NOTHING = new Uint8Array(0);
/** Of the bytes of a length: longer ones are of no certificate. */
const MAX_LENGTH_BYTES = 4;
/** More than any OID in use has; a longer one is not named. */
const MAX_OID_BYTES = 32;

/** A position in a row of values. Never throws. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether some read met something else than it wanted, or no proper value at all. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether nothing is left; true after a failure, so that no loop goes on. */
  get done(): boolean {
    return this.#failed || this.#at >= this.#bytes.length;
  }

  /** Tag of the next value, or -1. */
  get tag(): number {
    return this.done ? -1 : (this.#bytes[this.#at] ?? -1);
  }

  /** Content of the next value, which must have this tag. */
  read(tag: number): Uint8Array {
    const value = this.#value(tag);
    return value === undefined ? NOTHING : this.#bytes.subarray(value.from, value.to);
  }

  /** The next value with its tag and length. */
  whole(tag: number): Uint8Array {
    const at = this.#at;
    const value = this.#value(tag);
    return value === undefined ? NOTHING : this.#bytes.subarray(at, value.to);
  }

  /** A reader of what is in the next value; both have failed when it is not there. */
  open(tag: number): DerReader {
    const inner = new DerReader(this.read(tag));
    inner.#failed = this.#failed;
    return inner;
  }

  /** Passes over the next value, whatever it is. */
  skip(): void {
    this.#value(this.tag);
  }

  /** Passes over the next value when it has this tag. */
  skipIf(tag: number): void {
    if (this.tag === tag) this.skip();
  }

  /** An object identifier as `1.2.840.113549`; empty when it is none. */
  oid(): string {
    return formatOid(this.read(DER.oid));
  }

  #value(tag: number): { readonly from: number; readonly to: number } | undefined {
    // A tag with all five low bits set goes on in further bytes; nothing in a certificate has such a one.
    if (this.tag !== tag || tag === -1 || (tag & 0x1f) === 0x1f) return this.#fail();
    let from = this.#at + 2;
    let length = this.#bytes[this.#at + 1];
    if (length === undefined) return this.#fail();
    if (length >= 0x80) {
      const count = length & 0x7f;
      // Without a count the value would have no definite length, which DER does not allow.
      if (count === 0 || count > MAX_LENGTH_BYTES || from + count > this.#bytes.length) return this.#fail();
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + (this.#bytes[from + index] ?? 0);
      // Every length has one form only: two readers that differ here would see two certificates.
      if (length < 0x80 || length < 256 ** (count - 1)) return this.#fail();
      from += count;
    }
    if (length > this.#bytes.length - from) return this.#fail();
    this.#at = from + length;
    return { from, to: this.#at };
  }

  #fail(): undefined {
    this.#failed = true;
  }
}

/** Writes an object identifier in its usual form; empty when the bytes are none. Total. */
function formatOid(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > MAX_OID_BYTES || (bytes.at(-1) ?? 0) >= 0x80) return "";
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) return "";
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  return arcs.join(".");
}
