// What the program says while it runs. The interface only: the writer is made at the composition root, so that nothing
// below it can log to a place of its own.

import type { CloseReason } from "../socket/close-reason.ts";

/** Peers can cause `debug` and `info` only; a backend's failure is a `warn`; `error` is our own bug (design 4). */
export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line of the access log, written when a connection ends (design 6). */
export interface AccessRecord {
  readonly id: string;
  readonly route: string;
  readonly listener: string;
  readonly client: string;
  readonly backend: string | undefined;
  /** TLS name the client asked for, where one was read. */
  readonly sni?: string | undefined;
  /** Address of the proxy whose PROXY header told `client`. */
  readonly proxySource?: string | undefined;
  /** Version of the client's TLS where it ended here: `TLSv1.3`. */
  readonly tls?: string | undefined;
  /** Common name of the client's certificate, or what else identifies it. */
  readonly clientCert?: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  /** From the choice of a target to its answer; absent when no backend was reached. */
  readonly connectMs: number | undefined;
  readonly reason: CloseReason;
  /** The limit that refused it, by its key in the route's file; absent when none did. */
  readonly limit?: string | undefined;
  /** What was wrong with what a client said or showed, for people; ours, without a byte of the client's. */
  readonly detail?: string | undefined;
  /** What the policies that it met did; absent: it met none. */
  readonly policy?: PolicyRecord | undefined;
}

/** What policies have to say of one connection. */
export interface PolicyRecord {
  /** The rule that decided last, and what; absent: none did. */
  readonly rule: string | undefined;
  readonly verdict: string | undefined;
  /** What `log` actions said. Values are those of JSON. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** What `set-vars` actions set. */
  readonly vars: Readonly<Record<string, unknown>>;
}

export interface Log {
  /** `event` is a stable word for programs, `message` a sentence for people. */
  write(level: LogLevel, event: string, message: string, fields?: LogFields): void;
  /** Whether access records are written at all, so that callers need not build them. */
  readonly access: boolean;
  connection(record: AccessRecord): void;
}
