// Schemas, for the OpenAPI description, of what the engine tells about itself. The types in engine/snapshot.ts lead: the
// annotations make a schema that promises something else a compile error.

import * as v from "valibot";
import type {
  BackendSnapshot,
  CheckSnapshot,
  ConnectionSnapshot,
  CertificateSnapshot,
  HistogramSnapshot,
  ListenerSnapshot,
  OverrideSettings,
  PoolSnapshot,
  RouteSnapshot,
  RouteTlsSnapshot,
  TargetSnapshot,
  UpstreamTlsSnapshot,
} from "../engine/snapshot.ts";
import { LIMIT_NAMES } from "../engine/limit/refusal.ts";
import { VERDICTS } from "../engine/policy/policy-note.ts";
import type { RateSpec, RouteLimits } from "../resource/limits.ts";
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
    proxyFrom: v.exactOptional(
      v.pipe(Count, v.description("Number of source prefixes that begin with a PROXY header; absent without any")),
    ),
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

const RateSchema: v.GenericSchema<RateSpec> = v.pipe(
  v.object({ perSecond: v.number(), burst: v.number() }),
  v.description("New connections, as a token bucket"),
);

const LimitsSchema: v.GenericSchema<RouteLimits> = v.object({
  connections: v.pipe(Count, v.description("0 means no limit of its own")),
  rate: v.exactOptional(RateSchema),
  perSource: v.exactOptional(v.object({ connections: Count, rate: v.exactOptional(RateSchema), ipv6Prefix: Count })),
  bandwidth: v.exactOptional(v.object({ connectionBytesPerSecond: Bytes, routeBytesPerSecond: Bytes })),
  queue: v.object({ size: Count, timeoutMs: Duration }),
});

const CertificateSchema: v.GenericSchema<CertificateSnapshot> = v.pipe(
  v.object({
    notBefore: v.pipe(v.string(), v.isoTimestamp()),
    notAfter: v.pipe(v.string(), v.isoTimestamp()),
  }),
  v.description("When the certificate that the gateway shows is valid"),
);

const RouteTlsSchema: v.GenericSchema<RouteTlsSnapshot> = v.pipe(
  v.object({
    mode: v.picklist(["passthrough", "terminate"]),
    hostnames: v.pipe(
      v.array(v.string()),
      v.description("Names that the route takes; empty: all, and clients that give none"),
    ),
    minVersion: v.exactOptional(v.picklist(["1.2", "1.3"])),
    alpn: v.exactOptional(v.pipe(v.array(v.string()), v.description("Protocols that are agreed to"))),
    clientAuth: v.exactOptional(
      v.pipe(v.picklist(["require", "request"]), v.description("Absent: no client certificate is asked for")),
    ),
    certificate: v.exactOptional(CertificateSchema),
  }),
  v.description("Absent: the route's clients do not speak TLS, as far as the gateway knows"),
);

const UpstreamTlsSchema: v.GenericSchema<UpstreamTlsSnapshot> = v.pipe(
  v.object({
    insecure: v.pipe(v.boolean(), v.description("Nothing of a backend's certificate is verified")),
    serverName: v.exactOptional(v.pipe(v.string(), v.description("Absent: the host of each backend as written"))),
    certificate: v.exactOptional(CertificateSchema),
  }),
  v.description("Absent: backends are not spoken to in TLS by the gateway"),
);

const PoolSchema: v.GenericSchema<PoolSnapshot> = v.object({
  name: v.pipe(v.string(), v.description("Within the route")),
  weight: Count,
  backends: v.array(v.string()),
});

export const RouteSchema: v.GenericSchema<RouteSnapshot> = v.pipe(
  v.object({
    name: v.string(),
    file: v.string(),
    line: Count,
    listeners: v.array(v.string()),
    backends: v.pipe(v.array(v.string()), v.description("Of all its pools")),
    pools: v.exactOptional(
      v.pipe(
        v.array(PoolSchema),
        v.description("How its clients are shared out by weight; absent: one pool gets all of them"),
      ),
    ),
    refused: v.exactOptional(
      v.pipe(
        v.object({ weight: Count, detail: v.pipe(v.string(), v.description("Why")) }),
        v.description("The share of its clients that is refused; absent: none"),
      ),
    ),
    allow: v.pipe(Count, v.description("Number of allowed source prefixes; 0 allows everyone")),
    deny: v.pipe(Count, v.description("Number of denied source prefixes")),
    protocol: v.picklist(["tcp", "postgres"]),
    tls: v.exactOptional(RouteTlsSchema),
    alpn: v.exactOptional(
      v.pipe(v.array(v.string()), v.description("Only clients that offer one of these are the route's own")),
    ),
    clientCert: v.exactOptional(
      v.pipe(
        Count,
        v.description("Number of rules of which a client's certificate must fit one to be the route's own"),
      ),
    ),
    upstreamTls: v.exactOptional(UpstreamTlsSchema),
    proxySend: v.exactOptional(
      v.pipe(v.picklist([1, 2]), v.description("Version of the PROXY header that backends get")),
    ),
    timeouts: v.pipe(
      v.object({
        connectMs: Duration,
        idleMs: Duration,
        halfCloseMs: Duration,
        lifetimeMs: Duration,
        helloMs: Duration,
      }),
      v.description("0 means no limit"),
    ),
    balance: v.pipe(
      v.picklist(["round-robin", "least-connections", "random", "source-hash"]),
      v.description("This, upstreamTls and proxySend are those of the first of several pools"),
    ),
    connectionLimit: v.pipe(Count, v.description("0 means no limit of its own")),
    limits: LimitsSchema,
    connectionsActive: Count,
    connectionsQueued: v.pipe(Count, v.description("Waiting for a backend that has as many connections as it may")),
    retries: v.pipe(Count, v.description("Dials after the first one of a connection")),
    connectionsTotal: v.pipe(ReasonCountsSchema, v.description("Ended connections by close reason")),
    limited: v.pipe(
      v.object(v.entriesFromList(LIMIT_NAMES, v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))))),
      v.description("Of these, refused by a limit: how many by each"),
    ),
    policy: v.exactOptional(
      v.pipe(
        v.array(v.object({ rule: v.string(), verdict: v.picklist(VERDICTS), count: Count })),
        v.description("What rules of its traffic policy came to; absent: it has none"),
      ),
    ),
    bytesIn: v.pipe(Bytes, v.description("Bytes from clients to backends")),
    bytesOut: v.pipe(Bytes, v.description("Bytes from backends to clients")),
    connectSeconds: HistogramSchema,
    connectionSeconds: HistogramSchema,
  }),
  v.metadata({ ref: "Route" }),
);

const CheckSchema: v.GenericSchema<CheckSnapshot> = v.pipe(
  v.object({
    status: v.pipe(v.picklist(["unknown", "up", "down"]), v.description("unknown: not checked yet, and used")),
    lastAt: v.exactOptional(v.pipe(v.string(), v.isoTimestamp())),
    since: v.exactOptional(v.pipe(v.string(), v.isoTimestamp())),
    checks: Count,
    failures: Count,
    error: v.exactOptional(v.pipe(v.string(), v.description("Why the last check failed"))),
  }),
  v.description("What active checks found; absent without them"),
);

const OverrideSchema: v.GenericSchema<OverrideSettings> = v.pipe(
  v.object({
    weight: v.exactOptional(Count),
    state: v.exactOptional(v.picklist(["up", "drain", "down"])),
  }),
  v.description("What was set by hand"),
);

const TargetSchema: v.GenericSchema<TargetSnapshot> = v.pipe(
  v.object({
    address: v.string(),
    state: v.pipe(
      v.picklist(["up", "failing", "down", "ejected", "drained", "full"]),
      v.description("failing: its last dial failed, and it is still used. full: it has as many connections as it may"),
    ),
    reason: v.exactOptional(v.pipe(v.string(), v.description("Why it is not up"))),
    weight: v.pipe(v.number(), v.description("Its share now: less than written while it starts slowly")),
    connectionsActive: Count,
    connectionsTotal: Count,
    dialFailures: Count,
    ejections: Count,
    ejectedUntil: v.exactOptional(v.pipe(v.string(), v.isoTimestamp())),
    check: v.exactOptional(CheckSchema),
  }),
  v.metadata({ ref: "Target" }),
);

export const BackendSchema: v.GenericSchema<BackendSnapshot> = v.pipe(
  v.object({
    route: v.string(),
    pool: v.exactOptional(v.pipe(v.string(), v.description("Which of several pools of the route it is in"))),
    backend: v.pipe(v.string(), v.description("As written")),
    addresses: v.pipe(v.array(v.string()), v.description("What it resolves to now")),
    weight: Count,
    backup: v.boolean(),
    maxConnections: v.pipe(Count, v.description("Of each address; 0 means no limit")),
    state: v.pipe(
      v.picklist(["up", "failing", "down", "drained"]),
      v.description("failing: those of its addresses that are used failed their last dial"),
    ),
    reason: v.exactOptional(v.pipe(v.string(), v.description("Why it is not up"))),
    override: v.exactOptional(OverrideSchema),
    lastError: v.exactOptional(v.string()),
    targets: v.pipe(v.array(TargetSchema), v.description("Its addresses")),
    connectionsActive: Count,
    connectionsTotal: Count,
    dialFailures: Count,
    ejections: Count,
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
    sni: v.exactOptional(v.pipe(v.string(), v.description("TLS name that the client asked for"))),
    proxySource: v.exactOptional(v.pipe(v.string(), v.description("The proxy whose PROXY header told the client"))),
    tls: v.exactOptional(v.pipe(v.string(), v.description("TLS version, where TLS ends at the gateway"))),
    clientCert: v.exactOptional(
      v.pipe(v.string(), v.description("Common name of the client's certificate, or what else identifies it")),
    ),
    openedAt: v.pipe(v.string(), v.isoTimestamp()),
    durationMs: Duration,
    idleMs: Duration,
    bytesIn: Bytes,
    bytesOut: Bytes,
  }),
  v.metadata({ ref: "Connection" }),
);
