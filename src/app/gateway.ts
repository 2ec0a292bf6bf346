// The composition root: load → compile → diff → apply, the admin port, and what signals do.

import type { AdminView } from "../admin/view.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { SocketAddress } from "../runtime/runtime.ts";
import type { GatewayOptions } from "./options.ts";

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Where the admin port is bound, with the real port. */
  readonly admin: SocketAddress;
  readonly view: AdminView;
  /** Stops accepting, lets connections end within the drain timeout, then stops. Resolves when all is released. */
  drain(): Promise<void>;
  /** Aborts everything at once and releases all. */
  stop(): Promise<void>;
  /** Resolves when the gateway has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

/** Thrown by `startGateway` with `strict` when the routes have errors. */
export interface RoutesRefused {
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Starts a gateway; resolves when every listener was tried and the admin port answers. Throws GatewayError: `routes/refused`
 * (strict, diagnostics in `cause`), `EADDRINUSE` (admin port), `state/…` (state file).
 */
export declare function startGateway(options: GatewayOptions): Promise<Gateway>;
