// The life of a connection's two sockets from accept to the last close: two flows, half-close, resets, and the one
// reason it ended. Knows sockets only: routes, targets and deadlines belong to the engine, which asks `overdue`.
//
// Ending, for a socket X and the other one Y:
//   both FINs passed on                 done; the runtime closes both
//   X reset before its FIN              Y is reset too, at once: RST is forwarded as RST
//   X reset after its FIN               what X sent is complete and must arrive: it is flushed to Y, FIN follows, and Y
//                                       is aborted only when the kernel has had time to deliver it (LINGER_MS)

import type { CloseReason } from "./close-reason.ts";
import type { DirectReader } from "./direct-reader.ts";
import { Flow, type FlowObserver } from "./flow.ts";
import type { Socket } from "./socket.ts";

/**
 * How long after the last write a socket may be aborted without losing what was written, in milliseconds. RST throws
 * away what is still in the send buffer; five seconds drain it over any link that is alive.
 */
export const LINGER_MS = 5_000;

/** Limits on a pipe in milliseconds; 0 means none. */
export interface PipeLimits {
  readonly idleMs: number;
  readonly halfCloseMs: number;
}

/** To the backend, or to the client. */
export type Direction = "in" | "out";

/** Limits how fast bytes move. */
export interface Throttle {
  /** What `writer` is to write to instead of `sink`; it calls the writer's `retry` when it takes more again. */
  throttle(sink: Socket, direction: Direction, writer: Flow): Socket;
}

/** Who is told about a pipe. */
export interface PipeOwner {
  readonly clock: { readonly nowMs: number };
  readonly reader: DirectReader | null;
  /** Both sockets are closed and nothing more will be called. */
  pipeClosed(reason: CloseReason): void;
  /** `overdue` may be nearer than it was. */
  deadlineChanged(): void;
  /** A bug of ours; the pipe aborts with `internal`. */
  pipeFailed(error: Error): void;
}

export class Pipe implements FlowObserver {
  /** Client to backend. */
  readonly inbound: Flow;
  /** Backend to client; `null` until a backend is connected. */
  outbound: Flow | null = null;

  readonly #owner: PipeOwner;
  #reason: CloseReason | null = null;
  #lingering = false;
  #closed = false;

  /** Takes over the client's socket; what it sends is held until `join`. */
  constructor(client: Socket, owner: PipeOwner) {
    this.#owner = owner;
    this.inbound = new Flow(client, this);
    client.data = this.inbound;
  }

  get clock(): { readonly nowMs: number } {
    return this.#owner.clock;
  }

  get reader(): DirectReader | null {
    return this.#owner.reader;
  }

  /** Both sockets are closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Why it ended, or will as soon as both sockets are closed. */
  get reason(): CloseReason | null {
    return this.#reason;
  }

  /** Connects the backend; from here bytes flow, through what `throttle` puts before each sink. */
  join(backend: Socket, throttle: Throttle | null): void {
    const { inbound } = this;
    const outbound = new Flow(backend, this);
    this.outbound = outbound;
    backend.data = outbound;
    if (throttle === null) {
      Flow.join(inbound, outbound, backend, inbound.source);
    } else {
      const toBackend = throttle.throttle(backend, "in", inbound);
      Flow.join(inbound, outbound, toBackend, throttle.throttle(inbound.source, "out", outbound));
    }
  }

  /** Resets both sides for `reason`, unless it is already ending for another. */
  abort(reason: CloseReason): void {
    this.#reason ??= reason;
    // `terminate` may call `closed` before it returns, so the outbound side is read first.
    const { inbound, outbound } = this;
    if (!inbound.closedSource) inbound.source.terminate();
    if (outbound !== null && !outbound.closedSource) outbound.source.terminate();
  }

  /** When bytes last moved in either direction, by the owner's clock. */
  get activeMs(): number {
    const { inbound, outbound } = this;
    return outbound === null ? inbound.activeMs : Math.max(inbound.activeMs, outbound.activeMs);
  }

  /** When `overdue` should be asked next, or 0 for never. */
  deadline(limits: PipeLimits): number {
    if (this.#lingering) return this.#lingerDeadline(limits);
    const limit = this.#halfClosed ? limits.halfCloseMs : limits.idleMs;
    return limit === 0 ? 0 : this.activeMs + limit;
  }

  /** The reason to abort for lack of activity, if it is time. */
  overdue(nowMs: number, limits: PipeLimits): CloseReason | null {
    const deadline = this.deadline(limits);
    if (deadline === 0 || nowMs < deadline) return null;
    if (this.#lingering) return this.#reason;
    return this.#halfClosed ? "half-close-timeout" : "idle";
  }

  flowFinished(): void {
    // The FIN may just have closed the last socket: then there is nothing left to wait for.
    if (!this.#closed) this.#owner.deadlineChanged();
  }

  flowClosed(flow: Flow, error: Error | undefined): void {
    const { inbound, outbound } = this;
    const other = flow === inbound ? outbound : inbound;
    const aborting = this.#reason !== null;
    // A socket that we sent FIN on is closed at the peer's FIN; Bun does not call `ended` then (contract test).
    const bothFins = other !== null && other.sentFin && error === undefined && !aborting;
    if (bothFins && !flow.sawFin) flow.ended();
    if (this.#closed) return; // Passing that FIN on closed the other side, and with it everything.
    const done = other !== null && flow.sentFin && other.sentFin;
    if (bothFins && !done) return; // What it sent last is still being taken by the other side, which then closes.
    const isOtherBroken = other !== null && other.isBroken;
    const gone = isOtherBroken ? other : flow;
    const reason = (this.#reason ??= done ? "done" : gone === inbound ? "client-reset" : "backend-reset");
    if (other === null || other.closedSource) {
      this.#closed = true;
      this.#owner.pipeClosed(reason);
    } else if (aborting || done) {
      return; // The other side is closing too.
    } else if (flow.sawFin && !isOtherBroken) {
      this.#lingering = true;
      other.discard();
      this.#owner.deadlineChanged();
    } else {
      other.source.terminate();
    }
  }

  flowFailed(_flow: Flow, error: Error): void {
    this.#owner.pipeFailed(error);
    this.abort("internal");
  }

  get #halfClosed(): boolean {
    return this.inbound.sentFin || (this.outbound !== null && this.outbound.sentFin);
  }

  /** The survivor is aborted once its last bytes had time to leave; while it has yet to take some, halfClose counts. */
  #lingerDeadline(limits: PipeLimits): number {
    const { inbound, outbound } = this;
    const dying = inbound.closedSource || outbound === null ? inbound : outbound;
    const limit = dying.sentFin ? LINGER_MS : limits.halfCloseMs;
    return limit === 0 ? 0 : dying.activeMs + limit;
  }
}
