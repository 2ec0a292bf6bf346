// A hash of 64 bits that nobody can foresee without the key: for tables whose keys strangers choose. Who could aim at a
// place of such a table could fill it, or share somebody's limits. HalfSipHash-2-4 (Aumasson, Bernstein), which needs
// 32-bit operations only, fed with whole words. Allocates nothing.

/** `start`, `add` any number of words, `finish`, then read `high` and `low`. One message at a time. */
export class KeyedHash {
  /** The result after `finish`: its upper and its lower half, as signed 32-bit integers. */
  high = 0;
  low = 0;

  readonly #key0: number;
  readonly #key1: number;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;
  #words = 0;

  /** A key of 64 bits, as two integers of 32. */
  constructor(key0: number, key1: number) {
    this.#key0 = key0 | 0;
    this.#key1 = key1 | 0;
  }

  /** Begins a new message. */
  start(): void {
    this.#v0 = this.#key0;
    this.#v1 = this.#key1 ^ 0xee;
    this.#v2 = this.#key0 ^ 0x6c796765;
    this.#v3 = this.#key1 ^ 0x74656462;
    this.#words = 0;
  }

  /** Adds 32 bits. */
  add(word: number): void {
    this.#words++;
    this.#v3 ^= word;
    this.#round();
    this.#round();
    this.#v0 ^= word;
  }

  /** Adds a text: its length and its UTF-16 code units. */
  addText(text: string): void {
    this.add(text.length);
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at));
  }

  /** Ends the message: sets `high` and `low`. */
  finish(): void {
    // The last word says how long the message was, as the original's does in bytes.
    this.add(this.#words << 26);
    this.#v2 ^= 0xee;
    this.#finalRounds();
    this.low = this.#v1 ^ this.#v3;
    this.#v1 ^= 0xdd;
    this.#finalRounds();
    this.high = this.#v1 ^ this.#v3;
  }

  #finalRounds(): void {
    for (let round = 0; round < 4; round++) this.#round();
  }

  #round(): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
