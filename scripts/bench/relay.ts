// The budget to defend: the least that a correct relay on Bun can be. It forwards bytes, backpressure, FIN and resets
// between one port and one backend, and knows neither routes nor timeouts nor counters.
// Usage: bun scripts/bench/relay.ts PORT BACKEND_PORT [terminate CERTIFICATE KEY | passthrough HOSTNAME]

import { readFileSync } from "node:fs";
import { HelloReader } from "../../src/wire/client-hello.ts";
import { dial, type End, hold, newEnd, relaying } from "./relay-pipe.ts";

const [portText, backendText, mode, ...rest] = process.argv.slice(2);
const backendPort = Number(backendText);
const options = { hostname: "127.0.0.1", port: Number(portText), allowHalfOpen: true, data: newEnd() };

/** In plain: every client has its backend at once. */
const carry: Bun.SocketHandler<End> = {
  ...relaying,
  open(client) {
    client.data = newEnd();
    dial(client, backendPort);
  },
};

/** Ends TLS; the backend is dialled when the handshake is over. */
const terminate: Bun.SocketHandler<End> = {
  ...relaying,
  open(client) {
    client.data = newEnd();
  },
  handshake(client, ok) {
    if (ok) dial(client, backendPort);
    else client.terminate();
  },
};

/** Passes through the clients that ask for a name. */
function passthrough(hostname: string): Bun.SocketHandler<End> {
  return {
    ...relaying,
    open(client) {
      client.data = newEnd();
    },
    data(client, chunk) {
      if (client.data.peer !== undefined) {
        relaying.data?.(client, chunk);
        return;
      }
      const received = client.data.held === undefined ? chunk : Buffer.concat([client.data.held, chunk]);
      // A hello that comes in pieces is read again from its beginning, which is rare here.
      const verdict = new HelloReader().read(received);
      if (verdict.kind === "more") {
        client.data.held = received;
      } else if (verdict.kind === "hello" && verdict.hello.serverName === hostname) {
        client.data.held = undefined;
        hold(client, received);
        dial(client, backendPort);
      } else {
        client.terminate();
      }
    },
    end(client) {
      // Reading stops once there is a hello, so whoever ends without a backend never said one.
      if (client.data.peer === undefined) client.terminate();
      else relaying.end?.(client);
    },
  };
}

const [first = "", second = ""] = rest;
if (mode === "terminate") {
  Bun.listen<End>({ ...options, tls: { cert: readFileSync(first), key: readFileSync(second) }, socket: terminate });
} else {
  Bun.listen<End>({ ...options, socket: mode === "passthrough" ? passthrough(first) : carry });
}
