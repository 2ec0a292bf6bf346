// A runtime whose sockets speak TLS, so that what holds for plain sockets can be asked of TLS sockets by the same tests.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { Tls, TlsClientContext, TlsOwner, TlsServerContext } from "../../src/runtime/tls.ts";
import type { DialOwner, Socket, SocketOwner } from "../../src/socket/socket.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/tls");

/** `runtime` with TLS between every two sockets: the certificate is for `one.example`. */
export async function tlsRuntime(runtime: Runtime): Promise<Runtime> {
  const { tls } = runtime;
  if (tls === null) throw new Error("The runtime has no TLS");
  const [certificate = "", key = "", ca = ""] = await Promise.all(
    ["one.pem", "one.key", "ca.pem"].map((name) => readFile(join(FIXTURES, name), "utf8")),
  );
  const server = tls.serverContext({ certificate, key, minVersion: "1.2", alpn: [] });
  const client = tls.clientContext({ trust: { ca: [ca], crl: [] }, insecure: false });
  return {
    ...runtime,
    listen: (address, owner) => runtime.listen(address, new Gate(tls, server, owner)),
    connect: (address, owner) => runtime.connect(address, new Start(tls, client, owner)),
  };
}

/** Hears nothing of interest before the handshake is over. */
abstract class Before implements TlsOwner {
  protected readonly owner: SocketOwner;

  constructor(owner: SocketOwner) {
    this.owner = owner;
  }

  secured(socket: Socket): void {
    socket.data = this.owner;
    try {
      this.owner.opened(socket);
    } catch (cause) {
      this.owner.failed(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  opened(_socket: Socket): void {}
  received(): void {}
  writable(): void {}
  ended(): void {}
  closed(_error?: Error): void {}

  failed(error: Error): void {
    throw error;
  }
}

class Gate extends Before {
  readonly #tls: Tls;
  readonly #context: TlsServerContext;

  constructor(tls: Tls, context: TlsServerContext, owner: SocketOwner) {
    super(owner);
    this.#tls = tls;
    this.#context = context;
  }

  override opened(socket: Socket): void {
    socket.data = new FirstBytes(this.#tls, this.#context, this.owner, socket);
  }
}

/** Reads before TLS begins, as a gateway does that looks at the name first. */
class FirstBytes extends Before {
  readonly #begin: (bytes: Uint8Array) => void;

  constructor(tls: Tls, context: TlsServerContext, owner: SocketOwner, socket: Socket) {
    super(owner);
    this.#begin = (bytes) => void tls.accept(socket, context, bytes, this);
  }

  override received(bytes: Uint8Array = new Uint8Array(0)): void {
    this.#begin(bytes);
  }
}

class Start extends Before implements DialOwner {
  readonly #tls: Tls;
  readonly #context: TlsClientContext;
  readonly #dial: DialOwner;

  constructor(tls: Tls, context: TlsClientContext, owner: DialOwner) {
    super(owner);
    this.#tls = tls;
    this.#context = context;
    this.#dial = owner;
  }

  override opened(socket: Socket): void {
    this.#tls.start(socket, this.#context, "one.example", this);
  }

  unreachable(error: Error): void {
    this.#dial.unreachable(error);
  }
}
