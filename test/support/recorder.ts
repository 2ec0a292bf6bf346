// An owner that writes down what it hears and lets a test wait for it: conditions instead of sleeps. Runs under every
// runtime, so it uses nothing of a test framework.

import type { DialOwner, Socket } from "../../src/socket/socket.ts";

/** Hears about one socket. `events` holds words such as `opened`, `ended`, `closed`, `closed ECONNRESET`, in order. */
export class Recorder implements DialOwner {
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  receivedBytes = 0;
  writables = 0;
  /** Set by tests that need an owner with a bug. */
  throwsIn: string | undefined;
  /** Set by tests whose owner is not ready for bytes, as a gateway is not before its backend answered. */
  pausesInOpened = false;
  /** Set by tests whose owner takes no more than it is given at once, as a gateway does whose other side is full. */
  pausesInReceived = false;
  #socket: Socket | undefined;
  readonly #waiting = new Set<() => void>();

  /** The socket, once `opened` was called. */
  get socket(): Socket {
    if (this.#socket === undefined) throw new Error("The socket is not open yet");
    return this.#socket;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get isClosed(): boolean {
    return this.events.some((event) => event.startsWith("closed"));
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.pausesInOpened) socket.pause();
    this.#record("opened");
  }

  received(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.receivedBytes += bytes.length;
    if (this.pausesInReceived) this.#socket?.pause();
    // Several chunks are one event: how bytes are cut is nobody's promise.
    if (this.events.at(-1) === "received") this.#changed("received");
    else this.#record("received");
  }

  writable(): void {
    this.writables += 1;
    this.#changed("writable");
  }

  ended(): void {
    this.#record("ended");
  }

  closed(error?: Error): void {
    this.#record(`closed ${codeOf(error)}`.trim());
  }

  failed(error: Error): void {
    this.#record(`failed ${error.message}`);
  }

  unreachable(error: Error): void {
    this.#record(`unreachable ${codeOf(error)}`);
  }

  /** Resolves when `condition` holds; it is asked again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Everything received so far, in one array. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.receivedBytes);
    let offset = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Writes all of `bytes`, waiting for room; throws when the socket takes no more. */
  async send(bytes: Uint8Array | string): Promise<void> {
    const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    let offset = 0;
    while (offset < all.length) {
      const before = this.writables;
      const taken = this.socket.write(all, offset, all.length - offset);
      if (taken < 0) throw new Error(`Cannot write after ${offset} of ${all.length} bytes`);
      offset += taken;
      if (offset < all.length) await this.until(() => this.writables > before || this.isClosed);
    }
  }

  #record(event: string): void {
    this.events.push(event);
    this.#changed(event.split(" ")[0] ?? event);
  }

  #changed(what: string): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (this.throwsIn === what) throw new Error(`Bug in ${what}`);
  }
}

/** What was heard, without the `ended` that Bun leaves out when this side shut down first. */
export function withoutEnded(recorder: Recorder): string[] {
  return recorder.events.filter((event) => event !== "ended");
}

function codeOf(error: Error | undefined): string {
  if (error === undefined) return "";
  return "code" in error && typeof error.code === "string" ? error.code : "without code";
}
