// The part of the relay that every service shares: bytes, backpressure, FIN and resets between two sockets.

/** One end of a relayed connection; kept in `socket.data`. */
export interface End {
  peer: Bun.Socket<End> | undefined;
  /** What the peer did not take yet; this end is paused meanwhile. */
  held: Uint8Array | undefined;
  ended: boolean;
}

/** The state of an end that has no peer yet. */
export function newEnd(peer?: Bun.Socket<End>): End {
  return { peer, held: undefined, ended: false };
}

/** Handlers of both ends, as soon as the client's end waits for nothing but its backend. */
export const relaying: Bun.SocketHandler<End> = {
  data(from, chunk) {
    const { peer, held } = from.data;
    // TLS may hand over what it had decrypted before the pause.
    const taken = held === undefined ? Math.max(0, peer?.write(chunk) ?? 0) : 0;
    if (taken === chunk.length) return;
    hold(from, chunk.subarray(taken));
  },
  drain({ data: { peer } }) {
    if (peer?.data.held !== undefined) flush(peer);
  },
  end(from) {
    from.data.ended = true;
    if (from.data.held === undefined) flush(from);
  },
  close(from, error) {
    if (error !== undefined) from.data.peer?.terminate();
    // Once we have sent FIN ourselves, Bun answers the peer's with `close` alone.
    else if (!from.data.ended) relaying.end?.(from);
  },
};

/** Keeps bytes for the peer, after those that are kept already, and reads no more. */
export function hold(from: Bun.Socket<End>, bytes: Uint8Array): void {
  const { held } = from.data;
  from.data.held = held === undefined ? bytes : Buffer.concat([held, bytes]);
  from.pause();
}

/** Connects a client's end to the backend. */
export function dial(client: Bun.Socket<End>, port: number): void {
  const data = newEnd(client);
  Bun.connect({ hostname: "127.0.0.1", port, allowHalfOpen: true, data, socket: dialled }).catch(() =>
    client.terminate(),
  );
}

const dialled: Bun.SocketHandler<End> = {
  ...relaying,
  open(backend) {
    const client = backend.data.peer;
    if (client === undefined) return;
    client.data.peer = backend;
    flush(client);
  },
};

/** Passes on what `from` holds for its peer, and its FIN behind that. */
function flush(from: Bun.Socket<End>): void {
  const { peer, held, ended } = from.data;
  if (peer === undefined) return;
  if (held !== undefined) {
    const taken = Math.max(0, peer.write(held));
    from.data.held = taken < held.length ? held.subarray(taken) : undefined;
    if (taken < held.length) return;
    from.resume();
  }
  if (ended) peer.shutdown();
}
