// Everything the command line decides about a gateway, judged and with defaults filled in.

import type { SourceFile } from "../config/source.ts";
import type { Log } from "../observe/log.ts";
import type { GatewayApiOptions } from "../plan/gateway/options.ts";
import type { Runtime, SocketAddress } from "../runtime/runtime.ts";

export interface GatewayOptions extends GatewayApiOptions {
  readonly version: string;
  readonly runtime: Runtime;
  readonly log: Log;
  /** Directories or files with routes; empty runs `embedded`. */
  readonly routes: readonly string[];
  readonly embedded: readonly SourceFile[];
  readonly admin: SocketAddress;
  /** Bearer token of the admin port; absent means: made at first start and kept in `<state>.token`, mode 0600. */
  readonly adminToken?: string;
  /** Path of the state database; its directory is made when missing. */
  readonly state: string;
  /** IPs that a route without a host in `listen` binds; empty means all. */
  readonly bind: readonly string[];
  /** DNS servers for names of backends (`IP:PORT`, `[IP]:PORT`); empty asks the system. */
  readonly dns: readonly string[];
  /** Files that know where addresses are, in MaxMind's format; absent: none. */
  readonly geoDatabases?: readonly string[];
  /** Where the status of resources is written, a file for each; absent: nowhere. */
  readonly statusDir?: string;
  /** Refuse to start on any error in the routes. */
  readonly strict: boolean;
  readonly drainTimeoutMs: number;
}
