// TLS on Bun's own sockets, by `upgradeTLS`, whose server side is undocumented (ARCHITECTURE.md; test/contract/ pins what we
// rely on). A TLS socket is wrapped: it must not be read by its descriptor nor closed by `end()`, which plain ones may.

import { GatewayError } from "../base/gateway-error.ts";
import { parseIp } from "../base/ip.ts";
import type { Socket, SocketOwner } from "../socket/socket.ts";
import { hasSubjectAltName, type SubjectAltNames } from "../wire/x509-server.ts";
import { asError, errorCode } from "./error-code.ts";
import { ClientContext, ServerContext } from "./bun-tls-contexts.ts";
import type { Handshake, Tls, TlsOwner, TlsSession } from "./tls.ts";

/** What Bun's TLS sockets have beside `Socket`, as far as it is used here. */
interface NativeTlsSocket extends Omit<Socket, "data"> {
  data: BunTlsSocket;
  readonly authorized: boolean;
  readonly alpnProtocol: unknown;
  getTLSVersion(): string | null;
  getPeerX509Certificate(): { readonly raw: Uint8Array } | undefined;
  getCipher(): { readonly standardName?: string } | undefined;
  isSessionReused(): boolean;
}

/** TLS on Bun. */
export const bunTls: Tls = {
  serverContext: (settings) => new ServerContext(settings),
  clientContext: (settings) => new ClientContext(settings),
  accept(socket, context, received, owner) {
    if (!(context instanceof ServerContext)) throw new GatewayError("internal", "Not a context of this runtime");
    const wrapper = new BunTlsSocket(owner, context.wantsCertificate ? "owner" : "nobody");
    const options = { isServer: true, tls: context.options, data: wrapper, socket: EVENTS, initialData: received };
    return wrapper.upgrade(socket, options);
  },
  start(socket, context, serverName, owner) {
    if (!(context instanceof ClientContext)) throw new GatewayError("internal", "Not a context of this runtime");
    const { secureContext, insecure, subjectAltNames } = context;
    const wrapper = new BunTlsSocket(owner, subjectAltNames ?? (insecure ? "nobody" : "runtime"));
    const named = serverName !== undefined && parseIp(serverName) === undefined;
    const judged = subjectAltNames !== null;
    if (!named && !insecure && !judged && serverName !== socket.remoteAddress) {
      throw new GatewayError("internal", "A server without a name is verified by the address that was dialled");
    }
    // An address must not be sent as a name (RFC 6066, 3), and Bun sends it unless the name is empty; what it verifies then
    // is the address that was dialled.
    const rejectUnauthorized = !insecure && !judged;
    const tls = { secureContext, rejectUnauthorized, serverName: named ? serverName : "" };
    deafen(socket);
    return wrapper.upgrade(socket, { tls, data: wrapper, socket: EVENTS });
  },
};

const EVENTS = {
  binaryType: "uint8array",
  open(socket: NativeTlsSocket): void {
    socket.data.opened(socket);
  },
  handshake(socket: NativeTlsSocket, done: boolean, error: unknown): void {
    socket.data.handshaken(done, error);
  },
  data(socket: NativeTlsSocket, bytes: Uint8Array): void {
    socket.data.data.received(bytes);
  },
  drain(socket: NativeTlsSocket): void {
    socket.data.data.writable();
  },
  end(socket: NativeTlsSocket): void {
    socket.data.ended();
  },
  close(socket: NativeTlsSocket, error?: Error): void {
    socket.data.closed(error);
  },
  error(socket: NativeTlsSocket, error: Error): void {
    if (isBroken(errorCode(error))) socket.data.broken(error);
    else socket.data.data.failed(error);
  },
} as const;

/** Without a `data` handler the encrypted half gets no copy of what the other half decrypts. */
const QUIET = {
  binaryType: "uint8array",
  drain(): void {},
  end(): void {},
  close(socket: { readonly data: SocketOwner }, error?: Error): void {
    socket.data.closed(error);
  },
  error(): void {},
} as const;

/** A dialled socket has handlers of its own. Those of an accepted one are its listener's, and stay. */
function deafen(socket: Socket): void {
  const reload: unknown = Reflect.get(socket, "reload");
  if (typeof reload === "function") Reflect.apply(reload, socket, [{ socket: QUIET }]);
}

/**
 * Hears of the encrypted half, which goes on telling what the other half has decrypted. Its end counts: now and then Bun
 * tells that of the other half to nobody.
 */
class EncryptedHalf implements SocketOwner {
  readonly #whole: BunTlsSocket;

  constructor(whole: BunTlsSocket) {
    this.#whole = whole;
  }

  opened(): void {}
  received(): void {}
  writable(): void {}
  ended(): void {}

  /** A turn later: what the other half has still to tell, and its own end, comes before. */
  closed(error?: Error): void {
    setImmediate(() => this.#whole.closed(error));
  }

  failed(): void {}
}

/**
 * Who decides about the peer's certificate. `runtime`: the handshake fails when it is not good. Names: the runtime verified its
 * chain, and it has one of these.
 */
type Judge = "runtime" | "owner" | "nobody" | SubjectAltNames;

/** What is wrong with a certificate whose chain was verified: a chain that is not good is told before the name. */
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/** One TLS socket: Bun's, with what a plain one may do and this one must not kept away. */
class BunTlsSocket implements Socket {
  data: SocketOwner;
  #inner: NativeTlsSocket | null = null;
  /** Until the handshake is over; the same object as `data`. */
  #waiting: TlsOwner | null;
  readonly #judge: Judge;
  #failure: Error | undefined;
  #ended = false;
  #closed = false;

  constructor(owner: TlsOwner, judge: Judge) {
    this.data = owner;
    this.#waiting = owner;
    this.#judge = judge;
  }

  /** Begins TLS over `socket`. Much may be told before this returns, even that it is over. */
  upgrade(socket: Socket, options: object): Socket {
    const upgrade: unknown = Reflect.get(socket, "upgradeTLS");
    if (typeof upgrade !== "function") throw new GatewayError("internal", "The runtime cannot begin TLS on a socket");
    socket.data = new EncryptedHalf(this);
    const pair: unknown = Reflect.apply(upgrade, socket, [options]);
    this.#inner ??= Array.isArray(pair) ? pair[1] : null;
    return this;
  }

  get remoteAddress(): string | undefined {
    return this.#inner?.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#inner?.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#inner?.localAddress;
  }

  get localPort(): number | undefined {
    return this.#inner?.localPort;
  }

  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    return this.#inner === null ? -1 : this.#inner.write(bytes, offset, length);
  }

  shutdown(): void {
    this.#inner?.shutdown();
  }

  /** Bun's own `end` leaves the socket open until the peer says goodbye, and drops what it has not sent. */
  end(): void {
    this.#inner?.shutdown();
  }

  terminate(): void {
    // Bun tells it as a handshake that has failed.
    this.#waiting = null;
    this.#inner?.terminate();
  }

  pause(): void {
    if (!this.#ended) this.#inner?.pause();
  }

  resume(): void {
    this.#inner?.resume();
  }

  /** There is one before anything can be told. */
  opened(inner: NativeTlsSocket): void {
    this.#inner = inner;
  }

  handshaken(done: boolean, error: unknown): void {
    const owner = this.#waiting;
    const inner = this.#inner;
    if (owner === null || inner === null) return;
    const code = errorCode(error);
    if (!this.#isGood(inner, done, code)) return this.broken(asError(error));
    if (!this.#isNamed(inner)) {
      return this.broken(new GatewayError("NO_SUBJECT_ALT_NAME", "The certificate has no name that is wanted"));
    }
    this.#waiting = null;
    try {
      owner.secured(this, this.#describe(inner, code));
    } catch (cause) {
      owner.failed(asError(cause));
    }
  }

  /** Told through a pause when it came with the last bytes. Nothing is left to hold back then but the news that it is closed. */
  ended(): void {
    this.#ended = true;
    this.#inner?.resume();
    this.data.ended();
  }

  /** By its own half or, should that be silent, by the encrypted one. */
  closed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = null;
    this.data.closed(this.#failure ?? error);
  }

  /** Something came that is not TLS, or an alert. */
  broken(error: Error): void {
    this.#failure ??= withReason(error);
    this.#inner?.terminate();
  }

  /** `done` is false, too, for a certificate that was found wanting and does not matter. */
  #isGood(inner: NativeTlsSocket, done: boolean, code: string | undefined): boolean {
    if (this.#judge === "runtime") return done && inner.authorized;
    // By its code alone: whatever else there may be to say of a chain, it is not good.
    if (typeof this.#judge === "object") return code === undefined ? done && inner.authorized : code === WRONG_NAME;
    return done || (code !== undefined && !isBroken(code));
  }

  #isNamed(inner: NativeTlsSocket): boolean {
    if (typeof this.#judge !== "object") return true;
    const certificate = inner.getPeerX509Certificate()?.raw;
    return certificate !== undefined && hasSubjectAltName(certificate, this.#judge);
  }

  #describe(inner: NativeTlsSocket, code: string | undefined): Handshake {
    const { alpnProtocol } = inner;
    const certificate = this.#judge === "owner" ? inner.getPeerX509Certificate()?.raw : undefined;
    return {
      version: inner.getTLSVersion() ?? "",
      ...(typeof alpnProtocol === "string" && alpnProtocol !== "" ? { alpn: alpnProtocol } : {}),
      ...(certificate === undefined ? {} : { certificate }),
      ...(inner.authorized || typeof this.#judge === "object" ? {} : { distrust: code ?? "UNVERIFIED" }),
      session: new BunTlsSession(inner),
    };
  }
}

class BunTlsSession implements TlsSession {
  readonly #inner: NativeTlsSocket;

  constructor(inner: NativeTlsSocket) {
    this.#inner = inner;
  }

  get cipherSuite(): string {
    return this.#inner.getCipher()?.standardName ?? "";
  }

  get resumed(): boolean {
    return this.#inner.isSessionReused();
  }
}

/** With what BoringSSL says was wrong, as the code that `node:tls` has for it: `ERR_SSL_UNSUPPORTED_PROTOCOL`. */
function withReason(error: Error): Error {
  const reason = /OPENSSL_internal:([A-Z0-9_]+)/.exec(error.message)?.[1];
  return reason === undefined ? error : new GatewayError(`ERR_SSL_${reason}`, error.message, error);
}

/** The handshake or the connection has failed: an errno, `EPROTO` for all that is wrong with TLS. Certificates have other codes. */
function isBroken(code: string | undefined): boolean {
  return code !== undefined && /^(?:E[A-Z0-9]+$|ERR_SSL_)/.test(code);
}
