// Reads numbers and lengths from bytes that a stranger sent, within a range that it never leaves. A read that does not fit
// fails for good and yields zeros, so that a parser may read a whole structure and ask once. Knows no protocol.

/** A position in bytes. Never throws. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  #failed = false;

  /** Reads `bytes` from `at` up to `end`; what is outside of the array counts as missing. */
  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#end = Math.min(end, bytes.length);
    this.#at = Math.min(at, this.#end);
  }

  /** Bytes that are left; 0 after a failure, so that no loop goes on. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Whether some read wanted more bytes than there were. */
  get failed(): boolean {
    return this.#failed;
  }

  /** One byte. */
  uint8(): number {
    const at = this.#advance(1);
    return at === -1 ? 0 : (this.#bytes[at] ?? 0);
  }

  /** Two bytes, most significant first. */
  uint16(): number {
    const at = this.#advance(2);
    return at === -1 ? 0 : ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  /** Passes over bytes. */
  skip(count: number): void {
    this.#advance(count);
  }

  /** A reader of the next `count` bytes, which this one passes over; both have failed when they are not all there. */
  part(count: number): ByteReader {
    const at = this.#advance(count);
    const part = new ByteReader(this.#bytes, at === -1 ? this.#end : at, at === -1 ? this.#end : at + count);
    part.#failed = at === -1;
    return part;
  }

  /** The next `count` bytes as text, one character per byte (ISO 8859-1). */
  latin1(count: number): string {
    const at = this.#advance(count);
    return at === -1 ? "" : String.fromCharCode(...this.#bytes.subarray(at, at + count));
  }

  /** Index of what is read now, or -1. */
  #advance(count: number): number {
    const at = this.#at;
    if (this.#failed || count > this.#end - at) {
      this.#failed = true;
      this.#at = this.#end;
      return -1;
    }
    this.#at = at + count;
    return at;
  }
}
