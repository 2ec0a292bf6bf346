// What the rest of the program needs of TLS: contexts made of PEM texts, and handshakes over sockets that are open and may
// have been read. How trust is decided is said here, because every implementation has to keep it.

import type { Socket, SocketOwner } from "../socket/socket.ts";
import type { SubjectAltNames } from "../wire/x509-server.ts";

/** What a server shows and wants. PEM texts; see `resource/credentials.ts`. */
export interface TlsServerSettings {
  readonly certificate: string;
  readonly key: string;
  readonly minVersion: "1.2" | "1.3";
  /** Protocols that are agreed to, the most wanted first; empty: ALPN is ignored. */
  readonly alpn: readonly string[];
  /** Asks clients for a certificate by these authorities. Sessions are never resumed then: a resumed one is not verified. */
  readonly clients?: TlsTrust;
}

/** What a client shows and believes. */
export interface TlsClientSettings {
  /** Absent: the system's authorities. */
  readonly trust?: TlsTrust;
  readonly identity?: { readonly certificate: string; readonly key: string };
  /** The server's certificate is not verified. */
  readonly insecure: boolean;
  /**
   * The server's certificate must have one of these, and not its name. Without them that is what counts. Throws together with
   * `insecure`, and where a runtime cannot see to it.
   */
  readonly subjectAltNames?: SubjectAltNames;
}

export interface TlsTrust {
  /** One certificate each. Never empty. */
  readonly ca: readonly string[];
  readonly crl: readonly string[];
}

/** Settings made ready, to be used for any number of handshakes. What is inside is its maker's. */
export interface TlsServerContext {
  readonly role: "server";
}
export interface TlsClientContext {
  readonly role: "client";
}

/** What a finished handshake came to. */
export interface Handshake {
  /** `TLSv1.3` */
  readonly version: string;
  /** The protocol agreed on; absent for none. */
  readonly alpn?: string;
  /** The peer's certificate, DER; absent when it showed none. */
  readonly certificate?: Uint8Array;
  /**
   * Why the peer's certificate must not be believed, as an OpenSSL code such as `CERT_HAS_EXPIRED`; absent when it was
   * verified. Of a server's side it says something only when `certificate` is there.
   */
  readonly distrust?: string;
  /** Absent where nothing more is known. */
  readonly session?: TlsSession;
}

/** What else was agreed on: looked up when it is asked for, as long as the socket is open. */
export interface TlsSession {
  /** The name of IANA, such as `TLS_AES_128_GCM_SHA256`; empty where the runtime does not tell. */
  readonly cipherSuite: string;
  /** The client came back with an earlier session. */
  readonly resumed: boolean;
}

/** Owner of a socket during its handshake. Exactly one of `secured` and `closed` is called first. */
export interface TlsOwner extends SocketOwner {
  /**
   * The handshake is over. `socket` takes the place of the one below it, which is dead to everybody else. `opened` is not
   * called.
   */
  secured(socket: Socket, handshake: Handshake): void;
}

/** TLS as a runtime does it. */
export interface Tls {
  /** Throws when a text is not what it should be. */
  serverContext(settings: TlsServerSettings): TlsServerContext;
  clientContext(settings: TlsClientSettings): TlsClientContext;
  /**
   * Answers the client of `socket`, of which `received` was read already. Its certificate is not judged here: `distrust`
   * says what was found, and the owner has to look. The socket that is returned is for `terminate` until `secured`.
   */
  accept(socket: Socket, context: TlsServerContext, received: Uint8Array, owner: TlsOwner): Socket;
  /**
   * Begins TLS with the server of `socket`, which has to be one that `connect` opened and of which nothing was read that
   * follows. A server whose certificate does not verify, or is not for `serverName` (a name or an IP), fails: `closed`
   * with an error that says why, and nothing of ours was sent. Where the context has alternative names, the certificate must
   * have one of those in place of `serverName`. Without a `serverName` no name is sent, and the context has to be an insecure
   * one, or have alternative names.
   */
  start(socket: Socket, context: TlsClientContext, serverName: string | undefined, owner: TlsOwner): Socket;
}
