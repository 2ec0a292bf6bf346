// What the rest of the program needs from a runtime beyond web and `node:` APIs. `bun.ts` and `node.ts` implement it;
// the entry point picks one and hands it down, so nothing else knows where it runs.

import type { DirectReader } from "../socket/direct-reader.ts";
import type { DialOwner, SocketOwner } from "../socket/socket.ts";
import type { Tls } from "./tls.ts";

/** Where to listen or connect: a TCP address (`host` an IP without brackets), or the path of a unix socket. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly unix: string };

/** A bound, accepting listener. */
export interface Listening {
  /** The bound port (the one the kernel chose when 0 was asked for); 0 for unix sockets. */
  readonly port: number;
  /** Stops accepting and releases the address; accepted connections go on. */
  stop(): void;
}

/** How long requests that are being answered may take when an HTTP server stops, in milliseconds. */
export const HTTP_STOP_MS = 500;

/**
 * Connections that an HTTP server has at once; more are closed as they come. People and monitoring need a handful, and the
 * descriptors that are not for clients of routes (engine/connection-limit.ts) are twice as many.
 */
export const HTTP_CONNECTIONS = 64;

/** A running HTTP server (the admin port). */
export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets answers get out for HTTP_STOP_MS, ends the rest, resolves when all is released. */
  stop(): Promise<void>;
}

/** A value that SQLite stores. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** An open SQLite database. Statements are prepared and kept by their text. Throws GatewayError `state/…`. */
export interface Database {
  /** Runs statements without parameters, for schema and pragmas. */
  exec(sql: string): void;
  /** Runs one statement and returns its rows. */
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[];
  close(): void;
}

export interface Runtime {
  readonly name: "bun" | "deno" | "node";
  readonly version: string;
  /** Listens; every accepted socket starts with `owner` as its `data`. Rejects with GatewayError (`EADDRINUSE`, …). */
  listen(address: SocketAddress, owner: SocketOwner): Promise<Listening>;
  /**
   * Connects. Never throws, calls the owner only after it returned, and cannot be cancelled: an owner that gave up
   * terminates the socket when it opens.
   */
  connect(address: SocketAddress, owner: DialOwner): void;
  /** Serves HTTP/1.1 on at most HTTP_CONNECTIONS connections. Rejects with GatewayError when the address cannot be bound. */
  serve(address: SocketAddress, handle: (request: Request) => Response | Promise<Response>): Promise<HttpServer>;
  /** TLS over the sockets of `listen` and `connect`; `null` where it is not to be had. */
  readonly tls: Tls | null;
  openDatabase(path: string): Database;
  /** A new reader for this runtime's sockets; `null` where their descriptors cannot be read. */
  directReader(): DirectReader | null;
  /** Descriptors this process may have open now; `undefined` where that cannot be known. */
  descriptorLimit(): number | undefined;
  /** Whether this process cannot open another descriptor now. A dial fails then as if the backend had refused it. */
  descriptorsExhausted(): boolean;
}
