// What a route says about the health of its backends: active checks, passive ejection, and what follows from them.

/** How a backend is asked whether it works. */
export type CheckSpec =
  /** It accepts a connection. */
  | { readonly kind: "tcp" }
  /**
   * It completes a TLS handshake. Its certificate is judged as clients' connections judge it where the route has
   * `upstreamTls`, whose server name counts then; elsewhere it is not judged.
   */
  | { readonly kind: "tls"; readonly serverName?: string }
  /** It answers a start-up packet and is not starting up, shutting down or out of connections. */
  | { readonly kind: "postgres"; readonly user: string }
  /** It answers PING and is not loading. */
  | { readonly kind: "redis" }
  /** It greets. */
  | { readonly kind: "mysql" }
  /** It sends INFO. */
  | { readonly kind: "nats" }
  /** What it sends, after `send` if there is one, contains `expect`. */
  | { readonly kind: "exchange"; readonly send?: Uint8Array; readonly expect: Uint8Array };

/** Active checks. */
export interface HealthSpec {
  readonly check: CheckSpec;
  readonly intervalMs: number;
  /** Each check is up to this much later, so that many gateways do not ask at once. */
  readonly jitterMs: number;
  readonly timeoutMs: number;
  /** Good checks in a row that bring a target up. */
  readonly rise: number;
  /** Bad checks in a row that take it down. */
  readonly fall: number;
  /** Where to ask, when it is not the port that clients are sent to. */
  readonly port?: number;
}

/** Ejection of a target because of what clients' connections met. */
export interface PassiveSpec {
  /** Failures in a row that eject it. */
  readonly failures: number;
  /** A reset within this time without a byte from the backend is a failure; 0: resets never are. */
  readonly earlyResetMs: number;
  /** How long the first ejection lasts; each further one twice as long. */
  readonly ejectMs: number;
  readonly maxEjectMs: number;
  /** Whether the last usable target of a pool may be ejected. */
  readonly ejectLast: boolean;
}
