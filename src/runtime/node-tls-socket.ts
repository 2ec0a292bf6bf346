// One TLS connection on `node:tls`, for Deno and Node, over any socket of ours: a wire below, a stream above, and the
// contract of the stream kept by the adapter that plain sockets have. It knows no settings.

import { setImmediate } from "node:timers";
import {
  checkServerIdentity,
  connect,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type TlsOptions,
  type TLSSocket,
} from "node:tls";
import { GatewayError } from "../base/gateway-error.ts";
import { parseIp } from "../base/ip.ts";
import type { Socket, SocketOwner } from "../socket/socket.ts";
import { asError, errorCode } from "./error-code.ts";
import { NodeSocket } from "./node-socket.ts";
import { Wire } from "./node-wire.ts";
import type { Handshake, TlsOwner } from "./tls.ts";

/**
 * Answers a client. Every handshake has a `tls.Server` of its own, which never listens: it is the documented way to TLS over
 * a stream that tells whether a client's certificate is good.
 */
export function acceptTls(below: Socket, options: TlsOptions, received: Uint8Array, owner: TlsOwner): Socket {
  return new NodeTlsSocket(below, received, owner).accept(options);
}

/** What a client of ours begins with. */
export interface ClientSide {
  readonly secureContext: SecureContext;
  readonly insecure: boolean;
}

/** Begins TLS with a server. */
export function startTls(below: Socket, side: ClientSide, serverName: string | undefined, owner: TlsOwner): Socket {
  return new NodeTlsSocket(below, new Uint8Array(), owner).start(side, serverName);
}

/** One TLS connection: before its handshake is over it can only be ended, and afterwards `#inner` does the work. */
class NodeTlsSocket implements Socket {
  readonly #below: Socket;
  readonly #wire: Wire;
  /** Until the handshake is over, or never will be. */
  #waiting: TlsOwner | null;
  /** Who hears until there is an inner socket. */
  #owner: SocketOwner;
  #stream: TLSSocket | null = null;
  #inner: NodeSocket | null = null;
  #failure: Error | undefined;
  #belowClosed = false;
  #streamClosed = false;

  constructor(below: Socket, received: Uint8Array, owner: TlsOwner) {
    this.#below = below;
    this.#owner = owner;
    this.#waiting = owner;
    this.#wire = new Wire(below, received);
    this.#wire.on("error", () => {});
    // Not every runtime sees that nothing more can come. What has come is dealt with first.
    this.#wire.once("end", () => setImmediate(() => this.#failed(endedEarly())));
    below.data = this.#hears(this.#wire);
  }

  accept(options: TlsOptions): Socket {
    const server = createServer(options);
    server.on("secureConnection", (stream) => this.#secured(stream));
    server.on("tlsClientError", (error) => this.#failed(error));
    server.emit("connection", this.#wire);
    return this;
  }

  start({ secureContext, insecure }: ClientSide, serverName: string | undefined): Socket {
    const named = serverName !== undefined && parseIp(serverName) === undefined;
    const stream = connect({
      socket: this.#wire,
      secureContext,
      rejectUnauthorized: !insecure,
      // An address must not be sent as a name (RFC 6066, 3), but the certificate has to be for it.
      servername: named ? serverName : "",
      checkServerIdentity: (host: string, certificate: PeerCertificate) =>
        checkServerIdentity(serverName ?? host, certificate),
    });
    this.#stream = stream;
    stream.on("secureConnect", () => this.#secured(stream));
    stream.on("error", (error) => this.#failed(error));
    return this;
  }

  get data(): SocketOwner {
    return this.#inner?.data ?? this.#owner;
  }

  set data(owner: SocketOwner) {
    this.#owner = owner;
    if (this.#inner !== null) this.#inner.data = owner;
  }

  get remoteAddress(): string | undefined {
    return this.#below.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#below.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#below.localAddress;
  }

  get localPort(): number | undefined {
    return this.#below.localPort;
  }

  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    return this.#inner?.write(bytes, offset, length) ?? -1;
  }

  shutdown(): void {
    this.#inner?.shutdown();
  }

  end(): void {
    this.#inner?.end();
  }

  terminate(): void {
    this.#inner?.terminate();
    this.#below.terminate();
  }

  pause(): void {
    this.#inner?.pause();
  }

  resume(): void {
    this.#inner?.resume();
  }

  #hears(wire: Wire): SocketOwner {
    return {
      opened() {},
      received: (bytes) => wire.arrived(bytes),
      writable: () => wire.room(),
      ended: () => wire.endInput(),
      closed: (error) => this.#closedBelow(error),
      failed: (error) => this.data.failed(error),
    };
  }

  #secured(stream: TLSSocket): void {
    const owner = this.#waiting;
    if (owner === null || this.#belowClosed) return;
    this.#waiting = null;
    this.#stream = stream;
    this.#inner = new NodeSocket(stream, this.#owner);
    // The inner socket has heard of it, too, and tells it. Not every stream closes by itself after one.
    stream.on("error", () => {
      this.#below.terminate();
      stream.destroy();
    });
    stream.on("close", () => {
      this.#streamClosed = true;
      this.#tellClosed();
    });
    try {
      owner.secured(this, describe(stream));
    } catch (cause) {
      this.data.failed(asError(cause));
    }
  }

  /** The handshake failed. After it the inner socket knows of errors. */
  #failed(error: Error): void {
    if (this.#waiting === null) return;
    this.#failure ??= error;
    this.#below.terminate();
  }

  #closedBelow(error: Error | undefined): void {
    this.#belowClosed = true;
    if (this.#inner === null) this.#failure ??= error;
    // What was decrypted is still read after a clean end.
    if (error === undefined && this.#inner !== null) this.#wire.endInput();
    else {
      this.#stream?.destroy(error);
      this.#wire.destroy();
    }
    this.#tellClosed();
  }

  /** It is gone when both halves are. */
  #tellClosed(): void {
    if (!this.#belowClosed) return;
    if (this.#inner !== null) {
      if (this.#streamClosed) this.#inner.tellClosed();
      return;
    }
    const owner = this.#waiting;
    this.#waiting = null;
    if (this.#failure === undefined) owner?.closed();
    else owner?.closed(this.#failure);
  }
}

function describe(stream: TLSSocket): Handshake {
  const certificate = stream.getPeerX509Certificate()?.raw;
  const { alpnProtocol, authorized } = stream;
  return {
    version: stream.getProtocol() ?? "",
    ...(typeof alpnProtocol === "string" && alpnProtocol !== "" ? { alpn: alpnProtocol } : {}),
    ...(certificate === undefined ? {} : { certificate }),
    ...(authorized ? {} : { distrust: distrustOf(stream.authorizationError) }),
    session: {
      get cipherSuite() {
        return stream.getCipher().standardName;
      },
      get resumed() {
        return stream.isSessionReused();
      },
    },
  };
}

function endedEarly(): Error {
  return new GatewayError("ECONNRESET", "The peer ended before the handshake was over");
}

/** An error or its code, depending on the runtime. */
function distrustOf(error: unknown): string {
  return (typeof error === "string" ? error : errorCode(error)) ?? "UNVERIFIED";
}
