// One direction of a connection: reads one socket (the source), writes the other (the sink), and holds at most what one
// read gave when the sink is slow or not there yet. FIN follows the last byte and never overtakes it.
//
//   open ──FIN from source──▶ sawFin ──last byte taken by sink──▶ sentFin
//
// A stream that fills whole reads is pumped: its source is paused and read directly, a turn at a time, until nothing is
// left; then events take over again.
//
// Knows nothing of routes, timeouts or why connections end; its pipe does.

import type { DirectReader } from "./direct-reader.ts";
import type { Socket, SocketOwner } from "./socket.ts";

/**
 * Up to this many bytes may arrive before there is a sink without reading being stopped: it holds any protocol's first
 * message, and spares short connections a pause and a resume, which cost a system call and a wake-up each (ARCHITECTURE.md).
 */
const EARLY_BYTES = 16 * 1024;

/** What a flow tells the pipe it belongs to. */
export interface FlowObserver {
  /** Coarse monotonic clock in milliseconds, for stamping activity. */
  readonly clock: { readonly nowMs: number };
  /** For fast streams; `null` where the runtime has none. */
  readonly reader: DirectReader | null;
  /** Every byte and the FIN of this direction were handed to the sink. */
  flowFinished(flow: Flow): void;
  /** The source is gone. Called once. */
  flowClosed(flow: Flow, error: Error | undefined): void;
  /** Our own bug, caught while an event of the source was handled. */
  flowFailed(flow: Flow, error: Error): void;
}

/** Copies bytes from `source`, which it owns, to `sink`. The two flows of a connection know each other as `reverse`. */
export class Flow implements SocketOwner {
  readonly source: Socket;
  /** The opposite direction, whose source is our sink; `null` until a backend is connected. */
  reverse: Flow | null = null;
  /** How many bytes the sink has taken. */
  bytes = 0;
  /** When bytes last moved, by the observer's clock. */
  activeMs: number;
  sawFin = false;
  sentFin = false;
  closedSource = false;

  readonly #observer: FlowObserver;
  #sink: Socket | null = null;
  #pending: Uint8Array | null = null;
  #paused = false;
  #discarding = false;
  #pumping = false;
  /** What broke the source, when it was not the source that told. */
  #broken: Error | undefined;

  constructor(source: Socket, observer: FlowObserver) {
    this.source = source;
    this.#observer = observer;
    this.activeMs = observer.clock.nowMs;
  }

  /** Whether the source was found broken when somebody wrote to it, which its socket may never tell. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Bytes read that the sink has not taken yet. */
  get pendingBytes(): number {
    return this.#pending === null ? 0 : this.#pending.length;
  }

  /**
   * Connects the two directions of a connection and sends what has waited. A sink is the other flow's source, or what takes
   * its place to write to; that calls `retry`.
   */
  static join(a: Flow, b: Flow, sinkOfA: Socket, sinkOfB: Socket): void {
    a.reverse = b;
    b.reverse = a;
    a.#sink = sinkOfA;
    b.#sink = sinkOfB;
    a.#flush(sinkOfA);
    b.#flush(sinkOfB);
  }

  /** Drops what is held and reads no more: the sink is gone. */
  discard(): void {
    this.#discarding = true;
    this.#pending = null;
    this.#pause();
  }

  opened(): void {}

  received(bytes: Uint8Array): void {
    const sink = this.#sink;
    if (sink === null || this.#pending !== null || this.#discarding) {
      this.#hold(bytes);
      return;
    }
    const taken = this.#send(sink, bytes);
    if (taken === bytes.length) {
      const { reader } = this.#observer;
      const worthwhile = reader !== null && taken >= reader.worthwhileBytes && !this.#pumping;
      if (worthwhile && reader.reaches(this.source)) this.#startPumping(reader);
    } else if (taken >= 0) {
      this.#hold(taken === 0 ? bytes : bytes.subarray(taken));
    }
  }

  /** The source has room again: that is news for the direction that writes to it. */
  writable(): void {
    this.reverse?.retry();
  }

  /** The sink may take what it has not taken, if there is any. */
  retry(): void {
    if (this.#pending !== null && this.#sink !== null) this.#flush(this.#sink);
  }

  ended(): void {
    if (this.#broken !== undefined) {
      this.source.terminate();
      return;
    }
    this.sawFin = true;
    if (this.#pending === null && this.#sink !== null) this.#finish(this.#sink);
  }

  closed(error?: Error): void {
    this.closedSource = true;
    this.#observer.flowClosed(this, error ?? this.#broken);
  }

  failed(error: Error): void {
    this.#observer.flowFailed(this, error);
  }

  /** Writes and counts. -1: the sink is broken, and everybody has been told. */
  #send(sink: Socket, bytes: Uint8Array): number {
    const taken = sink.write(bytes);
    this.activeMs = this.#observer.clock.nowMs;
    if (taken >= 0) this.bytes += taken;
    else this.#sinkBroke(sink);
    return taken;
  }

  /**
   * The failed write took the error with it: after what it still has to give, the sink's socket would tell of a FIN that
   * nobody sent. That is the reset. A sink that has sent its FIN has nothing more to give, and might tell nothing.
   */
  #sinkBroke(sink: Socket): void {
    const { reverse } = this;
    this.discard();
    if (reverse === null) return;
    reverse.#broken = new Error("Cannot write: the connection is broken");
    if (reverse.sawFin) sink.terminate();
  }

  #hold(bytes: Uint8Array): void {
    if (this.#discarding) return;
    const held = this.#pending;
    // A second piece comes before the first is gone only early on, or from a socket that was reset while paused.
    this.#pending = held === null ? bytes : concatenate(held, bytes);
    if (this.#sink !== null || this.#pending.length > EARLY_BYTES) this.#pause();
  }

  #flush(sink: Socket): void {
    const pending = this.#pending;
    if (pending !== null) {
      const taken = this.#send(sink, pending);
      if (taken < 0) return;
      if (taken < pending.length) {
        if (taken > 0) this.#pending = pending.subarray(taken);
        this.#pause();
        return;
      }
      this.#pending = null;
    }
    if (this.sawFin) this.#finish(sink);
    else if (this.#pumping && this.#observer.reader !== null) this.#pumpLater(this.#observer.reader);
    else this.#resume();
  }

  #startPumping(reader: DirectReader): void {
    this.#pumping = true;
    this.#pause();
    this.#pumpLater(reader);
  }

  #pumpLater(reader: DirectReader): void {
    reader.later(() => this.#pump(reader));
  }

  /** One direct read and one write. Goes on later while reads are full, or when the sink has taken what was left. */
  #pump(reader: DirectReader): void {
    const sink = this.#sink;
    // Whatever happened since this turn was asked for has its own way on.
    if (sink === null || this.#pending !== null || this.#discarding || this.sawFin || this.closedSource) return;
    const bytes = this.#readDirectly(reader);
    if (bytes === null) return;
    const taken = bytes.length === 0 ? 0 : this.#send(sink, bytes);
    if (taken < 0) return;
    if (taken < bytes.length) {
      // A copy: the reader's buffer is everybody's.
      this.#pending = bytes.slice(taken);
    } else if (bytes.length === reader.sizeBytes) {
      this.#pumpLater(reader);
    } else {
      this.#pumping = false;
      this.#resume();
    }
  }

  #readDirectly(reader: DirectReader): Uint8Array | null {
    try {
      return reader.read(this.source);
    } catch (cause) {
      this.#broken = cause instanceof Error ? cause : new Error(String(cause));
      this.source.terminate();
      return null;
    }
  }

  #finish(sink: Socket): void {
    if (this.sentFin) return;
    this.sentFin = true;
    // The second FIN ends the sink for good. Closing it at once sends that FIN too and spares three system calls.
    if (this.reverse?.sawFin === true) sink.end();
    else sink.shutdown();
    this.#observer.flowFinished(this);
  }

  #pause(): void {
    if (this.#paused || this.closedSource) return;
    this.#paused = true;
    this.source.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#discarding || this.closedSource) return;
    this.#paused = false;
    this.source.resume();
  }
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
