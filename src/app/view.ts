// What the admin port may see and do, answered from the running parts.

import type { AdminView } from "../admin/view.ts";
import type { Engine } from "../engine/engine.ts";
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
  readonly board: StatusBoard;
  /** Starts to drain and returns at once. */
  readonly drain: () => void;
}

export function createView({ options, engine, reloader, store, overrides, board, drain }: ViewParts): AdminView {
  const { runtime, version, routes, log } = options;
  const startedAt = new Date();
  const startedMs = performance.now();
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
    reload: () => reloader.reload("api"),
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
