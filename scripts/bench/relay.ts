// The budget to defend: the least that a correct relay on Bun can be. It forwards bytes, backpressure, FIN and resets
// between one port and one backend, and knows neither routes nor timeouts nor counters.
// Usage: bun scripts/bench/relay.ts PORT BACKEND_PORT

/** One end of a relayed connection; kept in `socket.data`. */
interface End {
  peer: Bun.Socket<End> | undefined;
  /** What the peer did not take yet; this end is paused meanwhile. */
  held: Uint8Array | undefined;
  ended: boolean;
}

const [port = 0, backendPort = 0] = process.argv.slice(2).map(Number);

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

const relaying: Bun.SocketHandler<End> = {
  data(from, chunk) {
    const taken = Math.max(0, from.data.peer?.write(chunk) ?? 0);
    if (taken === chunk.length) return;
    from.data.held = chunk.subarray(taken);
    from.pause();
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

const dialed: Bun.SocketHandler<End> = {
  ...relaying,
  open(backend) {
    const client = backend.data.peer;
    if (client === undefined) return;
    client.data.peer = backend;
    flush(client);
  },
};

const accepted: Bun.SocketHandler<End> = {
  ...relaying,
  open(client) {
    client.data = { peer: undefined, held: undefined, ended: false };
    const data: End = { peer: client, held: undefined, ended: false };
    Bun.connect({ hostname: "127.0.0.1", port: backendPort, allowHalfOpen: true, data, socket: dialed }).catch(() =>
      client.terminate(),
    );
  },
};

Bun.listen<End>({
  hostname: "127.0.0.1",
  port,
  allowHalfOpen: true,
  data: { peer: undefined, held: undefined, ended: false },
  socket: accepted,
});
