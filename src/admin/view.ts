// All that the admin port may see and do. `app/` implements it; tests give the Hono app a fake. Asynchronous throughout,
// because the engine may live in other threads. What cannot be done is thrown as GatewayError; its code goes to clients.

import type { Diagnostic } from "../base/diagnostic.ts";
import type {
  BackendSnapshot,
  ConnectionFilter,
  ConnectionSnapshot,
  EngineSnapshot,
  OverrideSettings,
} from "../engine/snapshot.ts";
import type { AddressChange, AddressResult, AddressWish, ReservedAddress } from "./address.ts";
import type { BackendFilter } from "./backend-filter.ts";
import type { ResourceObject } from "./resource-object.ts";

/** Names of what a reload did, and what it had to say. */
export interface ReloadResult {
  /** `unchanged`: nothing to do. `partial`: applied, but some file or listener is in error. */
  readonly result: "ok" | "partial" | "unchanged";
  /** Generation of the plan now running. */
  readonly generation: number;
  /** Route names. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Listeners that could not be bound and are tried again, for people. */
  readonly failures: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** When and how the running plan came to be. */
export interface LastReload {
  /** ISO 8601. */
  readonly at: string;
  readonly trigger: "start" | "files" | "signal" | "api" | "document" | "address";
  readonly result: ReloadResult["result"];
  readonly durationMs: number;
}

export interface GatewayInfo {
  readonly version: string;
  /** For example `bun 1.4.5`. */
  readonly runtime: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly generation: number;
  readonly lastReload: LastReload;
  /** Counts of reloads since start, by result. */
  readonly reloads: Readonly<Record<ReloadResult["result"], number>>;
  /** Directories that are watched; empty when the embedded routes run. */
  readonly routeDirectories: readonly string[];
}

/** A document put through the admin API. */
export interface StoredDocument {
  readonly name: string;
  /** The YAML text as it was put. */
  readonly text: string;
  readonly updatedAt: string;
}

/** Outcome of putting a document. `stored: false` means it has mistakes and nothing was changed. */
export type PutResult =
  | { readonly stored: true; readonly created: boolean; readonly reload: ReloadResult }
  | { readonly stored: false; readonly diagnostics: readonly Diagnostic[] };

/** A change of what was set by hand: absent keeps, `null` removes. */
export type OverrideChange = { readonly [Key in keyof OverrideSettings]: OverrideSettings[Key] | null };

export interface AdminView {
  /**
   * All documents with `apiVersion` and `kind` that are in force, with their status, in no particular order; the same array
   * until something changes.
   */
  resources(): Promise<readonly ResourceObject[]>;
  info(): Promise<GatewayInfo>;
  engine(): Promise<EngineSnapshot>;
  diagnostics(): Promise<readonly Diagnostic[]>;
  /** Why the gateway is not ready; empty when it is. */
  notReady(): Promise<readonly string[]>;
  /** Live connections by ascending id, after the one with id `after`, at most `limit`. */
  connections(
    filter: ConnectionFilter,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ConnectionSnapshot[]>;
  /** Aborts one connection; false when there is none with this id. */
  kill(id: string): Promise<boolean>;
  /** Aborts all that match; how many. */
  killWhere(filter: ConnectionFilter): Promise<number>;
  /**
   * Sets by hand, on disk when it resolves; every backend that matches as it is then. Empty: no route has it, but something
   * that was set for it was taken back. `undefined`: there is nothing to change.
   */
  overrideBackends(filter: BackendFilter, change: OverrideChange): Promise<readonly BackendSnapshot[] | undefined>;
  /** Reserved TCP addresses, the newest first. */
  addresses(): Promise<readonly ReservedAddress[]>;
  address(id: string): Promise<ReservedAddress | undefined>;
  /** Reserves an address, on disk when it resolves. */
  createAddress(wish: AddressWish): Promise<AddressResult>;
  /** As it is then; `undefined` when there is none with this id. */
  updateAddress(id: string, change: AddressChange): Promise<ReservedAddress | undefined>;
  /** The one that was given back, or `undefined` when there is none with this id. */
  deleteAddress(id: string): Promise<ReservedAddress | undefined>;
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets connections end within the drain timeout, then exits the process. Returns at once. */
  drain(): Promise<void>;
  documents(): Promise<readonly StoredDocument[]>;
  document(name: string): Promise<StoredDocument | undefined>;
  putDocument(name: string, text: string): Promise<PutResult>;
  /** The reload that removed it, or `undefined` when there is none with this name. */
  deleteDocument(name: string): Promise<ReloadResult | undefined>;
}
