// The byte-stream contract: what the data path needs from a socket, and nothing more. Bun's own TCP socket satisfies
// `Socket` as it is, so on Bun there is no wrapper object per socket; the node adapter and tunnel streams implement it.
// Whoever is responsible for a socket at a moment is its owner, kept in `socket.data`; a phase change is one assignment.

/** One end of a byte stream. */
export interface Socket {
  /** Who hears about this socket. Replaced when the connection enters its next phase. */
  data: SocketOwner;
  /** Peer address without brackets; `undefined` for unix sockets, and possibly after close. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /**
   * Hands bytes to the kernel and buffers nothing: returns how many were taken (fewer than given, or 0, when the send
   * buffer is full; wait for `writable`), or -1 when nothing can be written any more. A part of `bytes` needs both its
   * offset and its length, within the array: Bun throws a RangeError at an offset alone.
   */
  write(bytes: Uint8Array): number;
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** Sends FIN after what was written; reading goes on. */
  shutdown(): void;
  /**
   * Closes a socket whose peer has sent FIN: what was written is still delivered, with FIN after it. Before the peer's FIN
   * it may become a reset and lose bytes. `closed` is called, possibly before this returns.
   */
  end(): void;
  /** Aborts with RST and releases the descriptor. `closed` is called, possibly before this returns. */
  terminate(): void;
  /** Stops reading. Bytes may still be delivered once after a reset by the peer. */
  pause(): void;
  resume(): void;
}

/** Hears what happens to a socket. Must not throw; what is thrown reaches `failed`. */
export interface SocketOwner {
  /** The socket is usable: accepted, or connected. Called once, on whoever was given to listen or connect. */
  opened(socket: Socket): void;
  /** Bytes arrived; the owner may keep the array. */
  received(bytes: Uint8Array): void;
  /** The send buffer may have room again. Also called when nothing was waiting (ARCHITECTURE.md). */
  writable(): void;
  /**
   * The peer sent FIN, at most once and after the last byte; writing goes on. When this side shut down first, Bun leaves
   * it out: `closed` without an error then says that both directions ended.
   */
  ended(): void;
  /**
   * The socket is gone, once and last. `error` carries the errno name in `code` (a reset is `ECONNRESET`, or `EPIPE` after
   * the peer's FIN or a failed write), and is absent after a clean close: FIN both ways, or `terminate`.
   */
  closed(error?: Error): void;
  /** One of the calls above threw: our own bug. The socket is still open. */
  failed(error: Error): void;
}

/** Owner of an outgoing connection until it is open. Exactly one of `opened` and `unreachable` is called. */
export interface DialOwner extends SocketOwner {
  /** The connection could not be made; `error.code` is an errno name such as `ECONNREFUSED`. */
  unreachable(error: Error): void;
}
