import { expect, test } from "bun:test";
import { renderMetrics } from "../../src/admin/metrics.ts";
import type { EngineSnapshot } from "../../src/engine/snapshot.ts";
import { CLOSE_REASONS } from "../../src/socket/close-reason.ts";
import {
  SAMPLE_DIAGNOSTIC,
  SAMPLE_ENGINE,
  SAMPLE_INFO,
  SAMPLE_TLS,
  sampleBackend,
  sampleRoute,
  sampleTarget,
} from "../support/admin-view.ts";
import { labelsOf, parsePrometheus } from "../support/prometheus.ts";
import type { Family } from "../support/prometheus.ts";

const SAMPLE_PROCESS = { residentBytes: 50_000_000, cpuSeconds: 1.5, openFds: 12 };

function metricsOf(engine: Partial<EngineSnapshot> = {}): Map<string, Family> {
  return parsePrometheus(
    renderMetrics(SAMPLE_INFO, { ...SAMPLE_ENGINE, ...engine }, [SAMPLE_DIAGNOSTIC], SAMPLE_PROCESS),
  );
}

test("every metric of the contract is there, with its type", () => {
  const types = Object.fromEntries([...metricsOf()].map(([name, { type }]) => [name, type]));
  expect(types).toEqual({
    sallyport_connections_total: "counter",
    sallyport_connections_active: "gauge",
    sallyport_connections_greeting: "gauge",
    sallyport_connections_queued: "gauge",
    sallyport_retries_total: "counter",
    sallyport_bytes_total: "counter",
    sallyport_connect_seconds: "histogram",
    sallyport_connection_seconds: "histogram",
    sallyport_backend_up: "gauge",
    sallyport_backend_weight: "gauge",
    sallyport_backend_connections_active: "gauge",
    sallyport_backend_connections_total: "counter",
    sallyport_backend_dial_failures_total: "counter",
    sallyport_backend_ejections_total: "counter",
    sallyport_backend_targets: "gauge",
    sallyport_backend_checks_total: "counter",
    sallyport_certificate_not_after_timestamp_seconds: "gauge",
    sallyport_limited_total: "counter",
    sallyport_policy_verdicts_total: "counter",
    sallyport_listener_up: "gauge",
    sallyport_reloads_total: "counter",
    sallyport_plan_generation: "gauge",
    sallyport_diagnostics: "gauge",
    sallyport_build_info: "gauge",
    process_resident_memory_bytes: "gauge",
    process_cpu_seconds_total: "counter",
    process_open_fds: "gauge",
    process_start_time_seconds: "gauge",
  });
});

test("every sample has the labels of the contract and its value", () => {
  const samples = [...metricsOf().values()].flatMap((family) => [...family.samples]);
  expect(Object.fromEntries(samples)).toEqual({
    'sallyport_connections_total{route="orders-db",reason="done"}': 10,
    'sallyport_connections_total{route="orders-db",reason="client-reset"}': 1,
    'sallyport_connections_total{route="",reason="no-route"}': 4,
    'sallyport_connections_total{route="",reason="hello-malformed"}': 1,
    'sallyport_limited_total{route="orders-db",limit="perSource.rate"}': 2,
    'sallyport_connections_active{route="orders-db"}': 2,
    sallyport_connections_greeting: 3,
    'sallyport_connections_queued{route="orders-db"}': 0,
    'sallyport_retries_total{route="orders-db"}': 1,
    'sallyport_bytes_total{route="orders-db",direction="in"}': 1000,
    'sallyport_bytes_total{route="orders-db",direction="out"}': 2000,
    'sallyport_connect_seconds_bucket{route="orders-db",le="0.001"}': 1,
    'sallyport_connect_seconds_bucket{route="orders-db",le="0.01"}': 5,
    'sallyport_connect_seconds_bucket{route="orders-db",le="1"}': 11,
    'sallyport_connect_seconds_bucket{route="orders-db",le="+Inf"}': 11,
    'sallyport_connect_seconds_sum{route="orders-db"}': 0.25,
    'sallyport_connect_seconds_count{route="orders-db"}': 11,
    'sallyport_connection_seconds_bucket{route="orders-db",le="1"}': 4,
    'sallyport_connection_seconds_bucket{route="orders-db",le="60"}': 10,
    'sallyport_connection_seconds_bucket{route="orders-db",le="+Inf"}': 11,
    'sallyport_connection_seconds_sum{route="orders-db"}': 321.5,
    'sallyport_connection_seconds_count{route="orders-db"}': 11,
    'sallyport_backend_up{route="orders-db",backend="10.0.0.11:5432"}': 0,
    'sallyport_backend_connections_active{route="orders-db",backend="10.0.0.11:5432"}': 2,
    'sallyport_backend_weight{route="orders-db",backend="10.0.0.11:5432"}': 1,
    'sallyport_backend_connections_total{route="orders-db",backend="10.0.0.11:5432"}': 13,
    'sallyport_backend_dial_failures_total{route="orders-db",backend="10.0.0.11:5432"}': 1,
    'sallyport_backend_ejections_total{route="orders-db",backend="10.0.0.11:5432"}': 1,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="up"}': 0,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="failing"}': 0,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="down"}': 0,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="ejected"}': 1,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="drained"}': 0,
    'sallyport_backend_targets{route="orders-db",backend="10.0.0.11:5432",state="full"}': 0,
    'sallyport_backend_checks_total{route="orders-db",backend="10.0.0.11:5432",result="good"}': 4,
    'sallyport_backend_checks_total{route="orders-db",backend="10.0.0.11:5432",result="bad"}': 0,
    'sallyport_certificate_not_after_timestamp_seconds{route="orders-db",use="server"}': Date.UTC(2026, 3, 1) / 1000,
    'sallyport_certificate_not_after_timestamp_seconds{route="orders-db",use="upstream"}': Date.UTC(2027, 0, 1) / 1000,
    'sallyport_listener_up{listener="*:5432"}': 1,
    'sallyport_listener_up{listener="*:80"}': 0,
    'sallyport_reloads_total{result="ok"}': 3,
    'sallyport_reloads_total{result="partial"}': 1,
    'sallyport_reloads_total{result="unchanged"}': 2,
    sallyport_plan_generation: 7,
    'sallyport_diagnostics{severity="error"}': 1,
    'sallyport_diagnostics{severity="warning"}': 0,
    'sallyport_diagnostics{severity="notice"}': 0,
    'sallyport_build_info{version="1.2.3"}': 1,
    process_resident_memory_bytes: 50_000_000,
    process_cpu_seconds_total: 1.5,
    process_open_fds: 12,
    process_start_time_seconds: Date.parse(SAMPLE_INFO.startedAt) / 1000,
  });
});

test("label values survive quotes, backslashes, line ends, braces and commas", () => {
  const names = ['say "hi"', "back\\slash", "two\nlines", 'a="b",c', "{x}", "", "\\n", 'end\\"', "é 🏰"];
  const metrics = metricsOf({
    routes: names.map(sampleRoute),
    backends: names.map((name) => sampleBackend(name, name)),
  });
  const seen = (family: string) => [...(metrics.get(family)?.samples.keys() ?? [])].map(labelsOf);
  expect(seen("sallyport_connections_active").map(({ route }) => route)).toEqual(names);
  expect(seen("sallyport_backend_up")).toEqual(names.map((name) => ({ route: name, backend: name })));
});

test("a backend written twice in a route is one series: up when one is, with all connections", () => {
  const twice = [
    sampleBackend("a", "b:1"),
    { ...sampleBackend("a", "b:1"), state: "up" as const },
    sampleBackend("a", "b:1"),
  ];
  const metrics = metricsOf({ backends: twice });
  expect(metrics.get("sallyport_backend_up")?.samples).toEqual(
    new Map([['sallyport_backend_up{route="a",backend="b:1"}', 1]]),
  );
  expect([...(metrics.get("sallyport_backend_connections_active")?.samples.values() ?? [])]).toEqual([6]);
});

test("a backend whose addresses are failing is not up", () => {
  const target = { ...sampleTarget("10.0.0.1:1"), state: "failing" as const };
  const metrics = metricsOf({ backends: [{ ...sampleBackend("a", "b:1"), state: "failing", targets: [target] }] });
  const value = (name: string, labels: string) => metrics.get(name)?.samples.get(`${name}{${labels}}`);
  expect(value("sallyport_backend_up", 'route="a",backend="b:1"')).toBe(0);
  expect(value("sallyport_backend_targets", 'route="a",backend="b:1",state="failing"')).toBe(1);
});

test("what the addresses of a backend counted is added up, and a backend without checks has no count of them", () => {
  const check = { status: "down" as const, checks: 10, failures: 3 };
  const target = sampleTarget("10.0.0.1:1");
  const { check: _check, ...unchecked } = target;
  const metrics = metricsOf({
    backends: [
      { ...sampleBackend("a", "b:1"), targets: [target, { ...target, state: "up", check }] },
      { ...sampleBackend("a", "c:1"), targets: [unchecked] },
      { ...sampleBackend("a", "d:1"), targets: [] },
    ],
  });
  expect(metrics.get("sallyport_backend_checks_total")?.samples).toEqual(
    new Map([
      ['sallyport_backend_checks_total{route="a",backend="b:1",result="good"}', 11],
      ['sallyport_backend_checks_total{route="a",backend="b:1",result="bad"}', 3],
    ]),
  );
  const states = metrics.get("sallyport_backend_targets")?.samples;
  expect(states?.get('sallyport_backend_targets{route="a",backend="b:1",state="up"}')).toBe(1);
  expect(states?.get('sallyport_backend_targets{route="a",backend="b:1",state="ejected"}')).toBe(1);
  expect(states?.get('sallyport_backend_targets{route="a",backend="d:1",state="up"}')).toBe(0);
});

test("a route without certificates has no expiry, nor has one that was removed and still has connections", () => {
  const removed = { ...sampleRoute("removed"), ...SAMPLE_TLS, listeners: [] };
  const metrics = metricsOf({ routes: [sampleRoute("plain"), removed] });
  expect(metrics.get("sallyport_certificate_not_after_timestamp_seconds")?.samples.size).toBe(0);
});

test("clients that never belonged to a route are counted by every reason there is", () => {
  const reasons = CLOSE_REASONS.map((reason, at) => [reason, at + 1]);
  const metrics = metricsOf({ routes: [], connectionsUnrouted: Object.fromEntries(reasons) });
  expect(metrics.get("sallyport_connections_total")?.samples).toEqual(
    new Map(CLOSE_REASONS.map((reason, at) => [`sallyport_connections_total{route="",reason="${reason}"}`, at + 1])),
  );
});

test("a gateway without routes has families without samples", () => {
  const metrics = metricsOf({ routes: [], backends: [], listeners: [], connectionsUnrouted: {} });
  expect(metrics.get("sallyport_connections_total")?.samples.size).toBe(0);
});

test("where open descriptors cannot be counted, that metric is missing", () => {
  const text = renderMetrics(SAMPLE_INFO, SAMPLE_ENGINE, [], { ...SAMPLE_PROCESS, openFds: undefined });
  expect(parsePrometheus(text).has("process_open_fds")).toBe(false);
});

test("thousands of routes are one well-formed text", () => {
  const names = Array.from({ length: 5000 }, (_, index) => `route-${index}`);
  const metrics = metricsOf({
    routes: names.map(sampleRoute),
    backends: names.map((name) => sampleBackend(name, "b:1")),
  });
  expect(metrics.get("sallyport_connect_seconds")?.samples.size).toBe(5000 * 6);
});
