// Bytes of log lines on their way to a file descriptor: bounded, batched, never blocking the event loop. It owns the one
// outstanding write, and knows nothing of levels and formats. A reader that is slow, stuck or gone costs lines, which are
// counted; it never costs memory or a turn of the event loop.

import { Buffer } from "node:buffer";
import { write as writeFile } from "node:fs";

/** Hands `bytes[offset, offset + length)` to somewhere; `done` says how many were taken. At most one call is under way. */
export type LogSink = (
  bytes: Uint8Array,
  offset: number,
  length: number,
  done: (error: Error | null, written: number) => void,
) => void;

/** A sink that writes to a file descriptor on a thread of its own, so that a full pipe blocks nobody. */
export function descriptorSink(descriptor: number): LogSink {
  return (bytes, offset, length, done) => writeFile(descriptor, bytes, offset, length, null, done);
}

export interface LogQueueOptions {
  readonly sink: LogSink;
  /** Lines wait at most this long for company. */
  readonly batchMs?: number;
  /** Bytes that may wait; beyond, lines are dropped. */
  readonly capacityBytes?: number;
  /** Pause after a write failed, so that a closed descriptor is not hammered. */
  readonly retryMs?: number;
  /** Makes the line that tells how many were dropped. */
  readonly droppedLine: (count: number) => string;
}

/** One write per batch costs about 10 µs wherever it goes; 64 KiB is what a pipe takes at once. */
const CHUNK_BYTES = 64 * 1024;
/** Short enough for a person who watches, long enough to make one write out of hundreds of lines. */
const BATCH_MS = 50;
/** At 300 bytes a line, 14,000 lines: seconds of a busy gateway. */
const CAPACITY_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1_000;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;
const LONG_LINE_UNITS = 16_384;

interface Chunk {
  readonly bytes: Buffer;
  /** Bytes already written out. */
  start: number;
  /** Bytes filled. */
  end: number;
}

/** A bounded queue in front of a sink. */
export class LogQueue {
  readonly #sink: LogSink;
  readonly #batchMs: number;
  readonly #retryMs: number;
  readonly #maxChunks: number;
  readonly #droppedLine: (count: number) => string;
  /** Full chunks, oldest first, and at the end the one being filled. */
  readonly #chunks: Chunk[] = [];
  /** An emptied chunk, kept for the next one. */
  #spare: Chunk | undefined;
  #writing = false;
  /** The sink refused last time; nothing is tried until the timer fires. */
  #failed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropped = 0;
  /** A line is queued that must not wait for company. */
  #urgent = false;
  #flushing: (() => void)[] = [];

  constructor(options: LogQueueOptions) {
    this.#sink = options.sink;
    this.#batchMs = options.batchMs ?? BATCH_MS;
    this.#retryMs = options.retryMs ?? RETRY_MS;
    this.#maxChunks = Math.max(1, Math.floor((options.capacityBytes ?? CAPACITY_BYTES) / CHUNK_BYTES));
    this.#droppedLine = options.droppedLine;
  }

  /** Lines dropped and not yet told about. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Queues one line, which ends with a line feed. `urgent` does not wait for company. */
  push(line: string, urgent: boolean): void {
    const encode = (bytes: Buffer, at: number): number => at + bytes.write(line, at, "utf8");
    // Of a long one the real size: what three bytes a unit would take is more than there is.
    const room = line.length > LONG_LINE_UNITS ? Buffer.byteLength(line, "utf8") : line.length * MAX_BYTES_PER_UNIT;
    this.write(room, encode, urgent);
  }

  /** Queues one line of at most `room` bytes, which `encode` writes at an offset of a buffer; it returns the line's end. */
  write(room: number, encode: (bytes: Buffer, at: number) => number, urgent: boolean): void {
    // After a drop nothing is taken until a whole chunk is free: then there is room to tell how many went missing.
    if (this.#dropped > 0 && this.#chunks.length < this.#maxChunks) this.#tellDropped();
    if (this.#dropped > 0 || !this.#append(room, encode)) this.#dropped += 1;
    if (urgent) this.#urgent = true;
    if (this.#writing || this.#failed) return;
    if (urgent || this.#chunks.length > 1) this.#write();
    else this.#schedule(this.#batchMs);
  }

  /** Resolves when all that was queued is written, when the sink refuses, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#dropped > 0) this.#tellDropped();
    if (this.#chunks.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushing.push(resolve);
    const deadline = setTimeout(resolve, timeoutMs);
    if (!this.#writing) this.#write();
    await promise;
    clearTimeout(deadline);
  }

  #append(room: number, encode: (bytes: Buffer, at: number) => number): boolean {
    let chunk = this.#chunks.at(-1);
    // The only chunk may be half written: what is behind `end` is still free, so filling it further is safe.
    if (chunk === undefined || chunk.bytes.length - chunk.end < room) {
      if (this.#chunks.length >= this.#maxChunks) return false;
      chunk = this.#newChunk(room);
      if (chunk === undefined) return false;
      this.#chunks.push(chunk);
    }
    chunk.end = encode(chunk.bytes, chunk.end);
    return true;
  }

  #newChunk(room: number): Chunk | undefined {
    // A line that no chunk can hold is a bug of ours or a stack of thousands of frames; it counts as dropped.
    if (room > CHUNK_BYTES) return undefined;
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? { bytes: Buffer.allocUnsafeSlow(CHUNK_BYTES), start: 0, end: 0 };
  }

  #tellDropped(): void {
    const line = this.#droppedLine(this.#dropped);
    const encode = (bytes: Buffer, at: number): number => at + bytes.write(line, at, "utf8");
    if (this.#append(line.length * MAX_BYTES_PER_UNIT, encode)) this.#dropped = 0;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#failed = false;
      this.#write();
    }, delayMs);
    // Waiting lines are no reason to live on: whoever ends the process flushes.
    this.#timer.unref();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const chunk = this.#chunks[0];
    if (this.#writing || chunk === undefined) return;
    this.#writing = true;
    this.#urgent = false;
    const length = chunk.end - chunk.start;
    this.#sink(chunk.bytes, chunk.start, length, (error, written) => {
      this.#writing = false;
      this.#failed = error !== null;
      if (error === null) this.#wrote(chunk, length, written);
      else this.#refused(error);
    });
  }

  #wrote(chunk: Chunk, length: number, written: number): void {
    chunk.start += written;
    if (chunk.start === chunk.end) {
      chunk.start = 0;
      chunk.end = 0;
      this.#chunks.shift();
      this.#spare = chunk;
    }
    if (this.#chunks.length === 0) {
      this.#settle();
    } else if (written === 0) {
      this.#schedule(this.#batchMs);
    } else if (written < length || this.#chunks.length > 1 || this.#urgent || this.#flushing.length > 0) {
      this.#write();
    } else {
      // Only lines that came during the write are left: they wait for company like any other.
      this.#schedule(this.#batchMs);
    }
  }

  /** Full non-blocking pipe, full disk, closed pipe: what is queued stays, and is tried again later. */
  #refused(error: Error): void {
    if ("code" in error && error.code === "EAGAIN") {
      this.#schedule(this.#batchMs);
    } else {
      this.#settle();
      this.#schedule(this.#retryMs);
    }
  }

  #settle(): void {
    const waiting = this.#flushing;
    this.#flushing = [];
    for (const resolve of waiting) resolve();
  }
}
