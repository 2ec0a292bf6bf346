// A second way to read a socket, for streams that are faster than events: into one buffer that is used again and again.
// An event hands over a fresh array of up to 512 KiB, and making and filling it is a third of what such a stream costs.
// Small messages and slow streams never come here.

import type { Socket } from "./socket.ts";

/** Reads sockets that are paused. One serves a whole engine: what `read` gave is valid until the next call. */
export interface DirectReader {
  /** An event that brings at least this many bytes shows that there is more to read than events should carry. */
  readonly worthwhileBytes: number;
  /** Whether a socket can be read so: one that speaks TLS cannot, whose descriptor carries what is encrypted. */
  reaches(socket: Socket): boolean;
  /** What `read` gives at most; less means that there is no more for now. */
  readonly sizeBytes: number;
  /**
   * What the kernel holds for `socket`; empty when there is nothing now, or only a FIN, which the socket itself will tell once it
   * is resumed. Throws when the connection is broken: the socket will not tell that any more.
   */
  read(socket: Socket): Uint8Array;
  /** Calls `turn` soon, after other sockets had theirs. */
  later(turn: () => void): void;
}
