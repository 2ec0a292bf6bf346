// An AdminView without a gateway: every kind of snapshot once with all its fields, documents in memory, and a record of
// what was asked of it.

import type { ReservedAddress } from "../../src/admin/address.ts";
import type { ResourceObject } from "../../src/admin/resource-object.ts";
import type { AdminView, GatewayInfo, ReloadResult, StoredDocument } from "../../src/admin/view.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import type {
  BackendSnapshot,
  ConnectionFilter,
  ConnectionSnapshot,
  EngineSnapshot,
  RouteSnapshot,
  TargetSnapshot,
} from "../../src/engine/snapshot.ts";

export const SAMPLE_INFO: GatewayInfo = {
  version: "1.2.3",
  runtime: "bun 1.4.5",
  pid: 42,
  startedAt: "2026-01-02T12:00:00.000Z",
  uptimeSeconds: 12.5,
  generation: 7,
  lastReload: { at: "2026-01-02T12:00:10.000Z", trigger: "files", result: "partial", durationMs: 3.2 },
  reloads: { ok: 3, partial: 1, unchanged: 2 },
  routeDirectories: ["routes"],
};

export const SAMPLE_DIAGNOSTIC: Diagnostic = {
  file: "routes/a.yaml",
  line: 3,
  column: 1,
  severity: "error",
  code: "route/unknown-key",
  message: 'Unknown key "backend"',
  hint: 'Did you mean "backends"?',
};

export const SAMPLE_RELOAD: ReloadResult = {
  result: "ok",
  generation: 8,
  added: ["new"],
  changed: [],
  removed: ["old"],
  failures: [],
  unchanged: ["orders-db"],
  diagnostics: [],
};

export function sampleRoute(name: string): RouteSnapshot {
  return {
    name,
    file: "routes/a.yaml",
    line: 1,
    listeners: ["*:5432"],
    backends: ["10.0.0.11:5432"],
    allow: 2,
    deny: 0,
    protocol: "tcp",
    timeouts: { connectMs: 5000, idleMs: 3_600_000, halfCloseMs: 600_000, lifetimeMs: 0, helloMs: 5000 },
    balance: "round-robin",
    connectionLimit: 1000,
    limits: { connections: 1000, queue: { size: 128, timeoutMs: 5000 } },
    connectionsActive: 2,
    connectionsQueued: 0,
    retries: 1,
    connectionsTotal: { done: 10, "client-reset": 1 },
    limited: { "perSource.rate": 2 },
    bytesIn: 1000,
    bytesOut: 2000,
    connectSeconds: { bounds: [0.001, 0.01, 1], counts: [1, 5, 11, 11], sum: 0.25 },
    connectionSeconds: { bounds: [1, 60], counts: [4, 10, 11], sum: 321.5 },
  };
}

/** All that a route's snapshot may say about TLS and PROXY headers. */
export const SAMPLE_TLS = {
  tls: {
    mode: "terminate",
    hostnames: ["db.example.com", "*.apps.example.com"],
    minVersion: "1.2",
    alpn: ["postgresql"],
    clientAuth: "require",
    certificate: { notBefore: "2026-01-01T00:00:00.000Z", notAfter: "2026-04-01T00:00:00.000Z" },
  },
  alpn: ["postgresql"],
  clientCert: 1,
  upstreamTls: {
    insecure: false,
    serverName: "db.internal",
    certificate: { notBefore: "2026-01-01T00:00:00.000Z", notAfter: "2027-01-01T00:00:00.000Z" },
  },
  proxySend: 2,
} as const satisfies Partial<RouteSnapshot>;

export function sampleBackend(route: string, backend: string): BackendSnapshot {
  return {
    route,
    backend,
    addresses: ["10.0.0.11"],
    weight: 1,
    backup: false,
    maxConnections: 0,
    state: "down",
    reason: "Ejected: ECONNREFUSED",
    lastError: "ECONNREFUSED",
    targets: [sampleTarget("10.0.0.11:5432")],
    connectionsActive: 2,
    connectionsTotal: 13,
    dialFailures: 1,
    ejections: 1,
  };
}

export function sampleTarget(address: string): TargetSnapshot {
  return {
    address,
    state: "ejected",
    reason: "Ejected: ECONNREFUSED",
    weight: 1,
    connectionsActive: 2,
    connectionsTotal: 13,
    dialFailures: 1,
    ejections: 1,
    ejectedUntil: "2026-01-02T12:00:00.000Z",
    check: { status: "up", lastAt: "2026-01-02T12:00:00.000Z", checks: 4, failures: 0 },
  };
}

export function sampleConnection(index: number): ConnectionSnapshot {
  return {
    id: `c${String(index).padStart(6, "0")}`,
    route: "orders-db",
    listener: "*:5432",
    client: `10.0.0.1:${index}`,
    backend: "10.0.0.11:5432",
    sni: "db.example.com",
    proxySource: "10.0.0.9:40112",
    tls: "TLSv1.3",
    clientCert: "billing",
    openedAt: "2026-01-02T12:00:00.000Z",
    durationMs: 100,
    idleMs: 10,
    bytesIn: 1,
    bytesOut: 2,
  };
}

export const SAMPLE_ENGINE: EngineSnapshot = {
  listeners: [
    { name: "*:5432", port: 5432, state: "listening", routes: ["orders-db"], proxyFrom: 2 },
    { name: "*:80", port: 80, state: "failed", error: "EACCES", routes: [] },
  ],
  routes: [{ ...sampleRoute("orders-db"), ...SAMPLE_TLS }],
  backends: [sampleBackend("orders-db", "10.0.0.11:5432")],
  connectionsActive: 2,
  connectionsTotal: 13,
  connectionsGreeting: 3,
  connectionsUnrouted: { "no-route": 4, "hello-malformed": 1 },
  connectionLimit: 10_000,
  draining: false,
};

/** A resource with everything that one may have beside its status. */
export function sampleResource(kind: string, namespace: string, name: string, status?: unknown): ResourceObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      generation: 2,
      creationTimestamp: "2026-01-02T12:00:00Z",
      labels: { app: "orders" },
      annotations: { "sallyport.dev/source": "routes/a.yaml:1" },
    },
    spec: { rules: [] },
    ...(status === undefined ? {} : { status }),
  };
}

export const SAMPLE_RESOURCES: readonly ResourceObject[] = [
  sampleResource("TCPRoute", "default", "orders", { parents: [] }),
  sampleResource("Gateway", "default", "front", { conditions: [] }),
  sampleResource("GatewayClass", "", "sallyport"),
];

/** The second one is older, and outside of what the flags give now. */
export const SAMPLE_ADDRESSES: readonly ReservedAddress[] = [
  sampleAddress("ra_2", 20_002),
  { ...sampleAddress("ra_1", 30_001), note: "Port 30001 is outside of --tcp-ports 20000-29999; it stays reserved" },
];

export function sampleAddress(id: string, port: number): ReservedAddress {
  return {
    id,
    addr: `localhost:${port}`,
    host: "localhost",
    port,
    description: `Number ${port}`,
    metadata: '{"owner":"orders"}',
    createdAt: "2026-01-02T12:00:00.250Z",
  };
}

/** A view whose every operation can be replaced, and the calls that would have changed something. */
export interface FakeView extends AdminView {
  readonly calls: readonly unknown[][];
}

/** Port 20002 is taken. `connections` are the live ones; `kill` and `killWhere` remove none. A document that contains `mistake` is refused. */
export function fakeView(
  replaced: Partial<AdminView> = {},
  connections: readonly ConnectionSnapshot[] = [sampleConnection(1), sampleConnection(2)],
): FakeView {
  const calls: unknown[][] = [];
  const stored = new Map<string, StoredDocument>();
  const matching = (filter: ConnectionFilter) =>
    connections.filter(
      ({ route, client, backend, sni }) =>
        (filter.route ?? route) === route &&
        (filter.backend ?? backend) === backend &&
        (filter.sni ?? sni) === sni &&
        (filter.source === undefined || client.startsWith(`${filter.source}:`)),
    );
  return {
    calls,
    info: async () => SAMPLE_INFO,
    engine: async () => SAMPLE_ENGINE,
    diagnostics: async () => [SAMPLE_DIAGNOSTIC, { ...SAMPLE_DIAGNOSTIC, severity: "notice" }],
    resources: async () => SAMPLE_RESOURCES,
    notReady: async () => [],
    connections: async (filter, after, limit) =>
      matching(filter)
        .filter(({ id }) => after === undefined || id > after)
        .slice(0, limit),
    overrideBackends: async (filter, change) => {
      calls.push(["overrideBackends", filter, change]);
      const matching = SAMPLE_ENGINE.backends.filter(
        ({ route, backend }) => (filter.route ?? route) === route && (filter.backend ?? backend) === backend,
      );
      return matching.length === 0 ? undefined : matching;
    },
    kill: async (id) => {
      calls.push(["kill", id]);
      return connections.some((connection) => connection.id === id);
    },
    killWhere: async (filter) => {
      calls.push(["killWhere", filter]);
      return matching(filter).length;
    },
    addresses: async () => SAMPLE_ADDRESSES,
    address: async (id) => SAMPLE_ADDRESSES.find((address) => address.id === id),
    createAddress: async (wish) => {
      calls.push(["createAddress", wish]);
      const { port = 20_003, description = "", metadata = "" } = wish;
      if (port === 20_002) {
        const holder = "address ra_2";
        return { refusal: { code: "address-taken", message: `localhost:20002 is taken: ${holder} has it`, holder } };
      }
      return { address: { ...sampleAddress("ra_3", port), description, metadata } };
    },
    updateAddress: async (id, change) => {
      calls.push(["updateAddress", id, change]);
      const found = SAMPLE_ADDRESSES.find((address) => address.id === id);
      return found === undefined ? undefined : { ...found, ...change };
    },
    deleteAddress: async (id) => {
      calls.push(["deleteAddress", id]);
      return SAMPLE_ADDRESSES.find((address) => address.id === id);
    },
    reload: async () => {
      calls.push(["reload"]);
      return SAMPLE_RELOAD;
    },
    drain: async () => {
      calls.push(["drain"]);
    },
    documents: async () => [...stored.values()],
    document: async (name) => stored.get(name),
    putDocument: async (name, text) => {
      calls.push(["putDocument", name]);
      if (text.includes("mistake")) return { stored: false, diagnostics: [SAMPLE_DIAGNOSTIC] };
      const created = !stored.has(name);
      stored.set(name, { name, text, updatedAt: "2026-01-02T12:00:00.000Z" });
      return { stored: true, created, reload: SAMPLE_RELOAD };
    },
    deleteDocument: async (name) => {
      calls.push(["deleteDocument", name]);
      return stored.delete(name) ? SAMPLE_RELOAD : undefined;
    },
    ...replaced,
  };
}
