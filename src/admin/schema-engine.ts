// Schemas, for the OpenAPI description, of what the engine tells about itself. The types in engine/snapshot.ts lead: the
// annotations make a schema that promises something else a compile error.

import * as v from "valibot";
import type {
  BackendSnapshot,
  ConnectionSnapshot,
  HistogramSnapshot,
  ListenerSnapshot,
  RouteSnapshot,
} from "../engine/snapshot.ts";
import { CLOSE_REASONS } from "../socket/close-reason.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Duration = v.pipe(v.number(), v.minValue(0), v.description("Milliseconds"));
const Bytes = v.pipe(v.number(), v.minValue(0), v.description("Bytes"));

export const ListenerSchema: v.GenericSchema<ListenerSnapshot> = v.pipe(
  v.object({
    name: v.pipe(v.string(), v.description("Address and port as in the plan, for example *:5432")),
    port: v.pipe(Count, v.description("The bound port")),
    state: v.picklist(["listening", "failed"]),
    error: v.exactOptional(v.pipe(v.string(), v.description("Why it failed; it is retried"))),
    routes: v.array(v.string()),
  }),
  v.metadata({ ref: "Listener" }),
);

const HistogramSchema: v.GenericSchema<HistogramSnapshot> = v.pipe(
  v.object({
    bounds: v.pipe(v.array(v.number()), v.description("Upper bounds")),
    counts: v.pipe(v.array(Count), v.description("Cumulative; one more than bounds, the last counts everything")),
    sum: v.number(),
  }),
  v.metadata({ ref: "Histogram" }),
);

/** Only the reasons that occurred. */
const ReasonCountsSchema = v.object(
  v.entriesFromList(CLOSE_REASONS, v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0)))),
);

export const RouteSchema: v.GenericSchema<RouteSnapshot> = v.pipe(
  v.object({
    name: v.string(),
    file: v.string(),
    line: Count,
    listeners: v.array(v.string()),
    backends: v.array(v.string()),
    allow: v.pipe(Count, v.description("Number of allowed source prefixes; 0 allows everyone")),
    deny: v.pipe(Count, v.description("Number of denied source prefixes")),
    timeouts: v.pipe(
      v.object({ connectMs: Duration, idleMs: Duration, halfCloseMs: Duration, lifetimeMs: Duration }),
      v.description("0 means no limit"),
    ),
    connectionLimit: v.pipe(Count, v.description("0 means no limit of its own")),
    connectionsActive: Count,
    connectionsTotal: v.pipe(ReasonCountsSchema, v.description("Ended connections by close reason")),
    bytesIn: v.pipe(Bytes, v.description("Bytes from clients to backends")),
    bytesOut: v.pipe(Bytes, v.description("Bytes from backends to clients")),
    connectSeconds: HistogramSchema,
    connectionSeconds: HistogramSchema,
  }),
  v.metadata({ ref: "Route" }),
);

export const BackendSchema: v.GenericSchema<BackendSnapshot> = v.pipe(
  v.object({
    route: v.string(),
    backend: v.pipe(v.string(), v.description("As written")),
    addresses: v.pipe(v.array(v.string()), v.description("What it resolves to now")),
    weight: Count,
    state: v.picklist(["up", "down"]),
    lastError: v.exactOptional(v.string()),
    connectionsActive: Count,
    connectionsTotal: Count,
    dialFailures: Count,
  }),
  v.metadata({ ref: "Backend" }),
);

export const ConnectionSchema: v.GenericSchema<ConnectionSnapshot> = v.pipe(
  v.object({
    id: v.string(),
    route: v.string(),
    listener: v.string(),
    client: v.pipe(v.string(), v.description("address:port")),
    backend: v.exactOptional(v.pipe(v.string(), v.description("Absent while no backend is connected"))),
    openedAt: v.pipe(v.string(), v.isoTimestamp()),
    durationMs: Duration,
    idleMs: Duration,
    bytesIn: Bytes,
    bytesOut: Bytes,
  }),
  v.metadata({ ref: "Connection" }),
);
