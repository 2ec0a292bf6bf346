// What the admin port may see and do, answered from the running parts.

import type { AdminView } from "../admin/view.ts";
import type { Engine } from "../engine/engine.ts";
import type { AddressBook } from "./addresses.ts";
import type { DocumentStore } from "./documents.ts";
import type { GatewayOptions } from "./options.ts";
import { overrideBackends, type OverrideStore } from "./overrides.ts";
import type { Reloader } from "./reloader.ts";
import type { StatusBoard } from "./status-board.ts";

export interface ViewParts {
  readonly options: GatewayOptions;
  readonly engine: Engine;
  readonly reloader: Reloader;
  readonly store: DocumentStore;
  readonly overrides: OverrideStore;
  readonly addresses: AddressBook;
  readonly board: StatusBoard;
  /** Reads everything again that can be. */
  readonly reload: () => ReturnType<AdminView["reload"]>;
  /** Starts to drain and returns at once. */
  readonly drain: () => void;
}

export function createView(parts: ViewParts): AdminView {
  const { options, engine, reloader, store, overrides, addresses, board, reload, drain } = parts;
  const { runtime, version, routes, log } = options;
  const startedAt = new Date();
  const startedMs = performance.now();
  /** What is reserved decides what objects get, and what is said of them. */
  const follow = async (): Promise<void> => {
    await reloader.reload("address").catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      log.write("error", "reload-failed", `Cannot reload: ${message}`);
    });
  };
  return {
    async info() {
      return {
        version,
        runtime: `${runtime.name} ${runtime.version}`,
        pid: process.pid,
        startedAt: startedAt.toISOString(),
        uptimeSeconds: Math.floor((performance.now() - startedMs) / 1000),
        generation: reloader.generation,
        lastReload: reloader.last,
        reloads: reloader.counts,
        routeDirectories: routes,
      };
    },
    engine: async () => engine.snapshot(),
    diagnostics: async () => reloader.diagnostics,
    resources: () => board.objects(),
    notReady: async () => notReady(engine, reloader),
    connections: async (filter, after, limit) => engine.connections(filter, after, limit),
    kill: async (id) => engine.kill(id),
    killWhere: async (filter) => engine.killWhere(filter),
    overrideBackends: async (filter, change) => overrideBackends({ engine, overrides, log }, filter, change),
    addresses: async () => addresses.list(),
    address: async (id) => addresses.get(id),
    createAddress: async (wish) => {
      // Before the first load nobody knows on which ports routes are.
      if (!reloader.loaded) await follow();
      const result = addresses.create(wish, new Date());
      if ("address" in result) await follow();
      return result;
    },
    updateAddress: async (id, change) => addresses.update(id, change),
    deleteAddress: async (id) => {
      const deleted = addresses.delete(id);
      if (deleted !== undefined) await follow();
      return deleted;
    },
    reload,
    drain: async () => drain(),
    documents: async () => store.list(),
    document: async (name) => store.get(name),
    putDocument: (name, text) => reloader.putDocument(name, text),
    deleteDocument: (name) => reloader.deleteDocument(name),
  };
}

function notReady(engine: Engine, reloader: Reloader): string[] {
  const { listeners, draining } = engine.snapshot();
  if (draining) return ["The gateway is draining"];
  if (!reloader.loaded) return ["The gateway is starting"];
  const reasons: string[] = [];
  for (const { name, state, error } of listeners) {
    if (state === "failed") reasons.push(error ?? `Listener ${name} is not bound`);
  }
  for (const { file, line, column, severity, message } of reloader.diagnostics) {
    if (severity === "error") reasons.push(`${file}:${line}:${column} ${message}`);
  }
  return reasons;
}
