// A log sink under the test's control: it takes what it is told to take, and keeps it as text.

import type { LogSink } from "../../src/observe/log-queue.ts";

type Done = (error: Error | null, written: number) => void;

export class TestSink {
  /** `take`: everything, at once. `stuck`: nothing, until `release`. A number: at most that many bytes per write. */
  mode: "take" | "stuck" | number | Error = "take";
  writes = 0;
  #bytes: Uint8Array[] = [];
  #held: (() => void) | undefined;

  readonly sink: LogSink = (bytes, offset, length, done) => {
    this.writes += 1;
    const go = (): void => this.#answer(bytes, offset, length, done);
    if (this.mode === "stuck") this.#held = go;
    else queueMicrotask(go);
  };

  /** Lets a held write through, in the mode given. */
  release(mode: "take" | number | Error = "take"): void {
    this.mode = mode;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  get text(): string {
    return Buffer.concat(this.#bytes).toString("utf8");
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Every line as JSON. */
  get records(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  #answer(bytes: Uint8Array, offset: number, length: number, done: Done): void {
    if (this.mode instanceof Error) return done(this.mode, 0);
    const taken = typeof this.mode === "number" ? Math.min(this.mode, length) : length;
    this.#bytes.push(bytes.slice(offset, offset + taken));
    done(null, taken);
  }
}
