// Schemas, for the OpenAPI description, of the gateway as a whole: status, readiness, reloads, documents.

import * as v from "valibot";
import type { EngineSnapshot } from "../engine/snapshot.ts";
import { DiagnosticSchema } from "./schema-error.ts";
import type { GatewayInfo, LastReload, ReloadResult, StoredDocument } from "./view.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Names = v.array(v.string());

/** What `GET /api/v1/status` answers. */
export interface GatewayStatus extends GatewayInfo {
  readonly draining: boolean;
  readonly connections: {
    readonly active: EngineSnapshot["connectionsActive"];
    readonly total: EngineSnapshot["connectionsTotal"];
    readonly limit: EngineSnapshot["connectionLimit"];
  };
  readonly listeners: { readonly total: number; readonly failed: number };
  readonly routes: number;
  readonly backends: {
    readonly total: number;
    /** In any state but `up`. */
    readonly notUp: number;
    /** Routes none of whose backends takes connections. */
    readonly routesWithout: number;
  };
  /** Documents with `apiVersion` and `kind`. */
  readonly resources: {
    readonly total: number;
    /** By their status: not accepted, not programmed, or with a reference that leads nowhere. */
    readonly notReady: number;
  };
  readonly diagnostics: { readonly error: number; readonly warning: number; readonly notice: number };
}

/** What the list of documents tells about each: the text is at the document's own path. */
export interface DocumentSummary extends Pick<StoredDocument, "name" | "updatedAt"> {
  readonly bytes: number;
}

const LastReloadSchema: v.GenericSchema<LastReload> = v.object({
  at: Time,
  trigger: v.picklist(["start", "files", "signal", "api", "document", "address"]),
  result: v.picklist(["ok", "partial", "unchanged"]),
  durationMs: v.number(),
});

export const StatusSchema: v.GenericSchema<GatewayStatus> = v.pipe(
  v.object({
    version: v.string(),
    runtime: v.string(),
    pid: Count,
    startedAt: Time,
    uptimeSeconds: v.number(),
    generation: v.pipe(Count, v.description("Of the plan now running")),
    lastReload: LastReloadSchema,
    reloads: v.object({ ok: Count, partial: Count, unchanged: Count }),
    routeDirectories: Names,
    draining: v.boolean(),
    connections: v.object({ active: Count, total: Count, limit: Count }),
    listeners: v.object({ total: Count, failed: Count }),
    routes: Count,
    backends: v.object({
      total: Count,
      notUp: v.pipe(Count, v.description("In any state but up")),
      routesWithout: v.pipe(Count, v.description("Routes none of whose backends takes connections")),
    }),
    resources: v.object({
      total: v.pipe(Count, v.description("Documents with apiVersion and kind")),
      notReady: v.pipe(
        Count,
        v.description(
          "By their status: not accepted, not programmed, without clients, or with a reference that leads nowhere",
        ),
      ),
    }),
    diagnostics: v.object({ error: Count, warning: Count, notice: Count }),
  }),
  v.metadata({ ref: "Status" }),
);

export const ReadySchema = v.object({
  ready: v.boolean(),
  reasons: v.pipe(Names, v.description("Why it is not ready")),
});

export const ReloadSchema: v.GenericSchema<ReloadResult> = v.pipe(
  v.object({
    result: v.pipe(
      v.picklist(["ok", "partial", "unchanged"]),
      v.description("partial: applied, but some file or listener is in error"),
    ),
    generation: Count,
    added: Names,
    changed: Names,
    removed: Names,
    unchanged: Names,
    failures: v.pipe(v.array(v.string()), v.description("Listeners that could not be bound and are tried again")),
    diagnostics: v.array(DiagnosticSchema),
  }),
  v.metadata({ ref: "Reload" }),
);

export const DocumentSummarySchema: v.GenericSchema<DocumentSummary> = v.pipe(
  v.object({ name: v.string(), updatedAt: Time, bytes: Count }),
  v.metadata({ ref: "Document" }),
);
