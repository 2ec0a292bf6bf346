// What a client sent before its route was known, kept together: parsers want all of it at once, however it was split. Its
// owner bounds how much there can be.

const NOTHING = new Uint8Array(0);

/** Bytes that were read and not passed on yet. */
export class HelloBytes {
  #buffer: Uint8Array = NOTHING;
  #from = 0;
  #to = 0;
  /** Whether the array was made here: one that was given is never written to. */
  #own = false;

  /** All of them; valid until the next change. */
  get view(): Uint8Array {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  get length(): number {
    return this.#to - this.#from;
  }

  /** A first chunk is kept as it is; of those that follow, each byte is copied a few times at most. */
  add(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.#buffer = chunk;
      this.#from = 0;
      this.#to = chunk.length;
      this.#own = false;
      return;
    }
    if (!this.#own || this.#to + chunk.length > this.#buffer.length) this.#grow(this.length + chunk.length);
    this.#buffer.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** Removes the first `count` bytes, as many as there are at most. */
  skip(count: number): void {
    this.#from = Math.min(this.#to, this.#from + count);
  }

  /** Takes all of them. */
  take(): Uint8Array {
    const all = this.view;
    this.#buffer = NOTHING;
    this.#from = 0;
    this.#to = 0;
    return all;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.length));
    grown.set(this.view);
    this.#to = this.length;
    this.#from = 0;
    this.#buffer = grown;
    this.#own = true;
  }
}
