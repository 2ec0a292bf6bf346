// What a socket of the load process does at a moment. All sockets share one handler table that hands each event to the
// role in `socket.data`, as the gateway itself does. What TLS adds is in `tls.ts`.

/** A socket of the load process. */
export type LoadSocket = Bun.Socket<Role>;

/** Hears what happens to one socket. */
export interface Role {
  opened(socket: LoadSocket): void;
  received(socket: LoadSocket, chunk: Uint8Array): void;
  /** The send buffer may have room again. */
  writable(socket: LoadSocket): void;
  /** The peer sent FIN. */
  ended(socket: LoadSocket): void;
  /** The socket is gone; `error` is absent after a clean close. */
  closed(error: Error | undefined): void;
  /** It could not be connected, or one of the calls above threw. */
  failed(error: Error): void;
}

/** The one handler table. */
export const HANDLERS: Bun.SocketHandler<Role> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, chunk) => socket.data.received(socket, chunk),
  drain: (socket) => socket.data.writable(socket),
  end: (socket) => socket.data.ended(socket),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.failed(error),
};
