// The metrics of the contract (design 6, "Metrics"), from plain snapshots. Every name here is relied on by dashboards and
// alerts outside the project.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { EngineSnapshot, RouteSnapshot } from "../engine/snapshot.ts";
import { writeBackends } from "./backend-metrics.ts";
import { Exposition, labels } from "./exposition.ts";
import type { Labels } from "./exposition.ts";
import type { ProcessSample } from "./process-sample.ts";
import { countBySeverity } from "./severity-count.ts";
import type { GatewayInfo } from "./view.ts";

/** Of `renderMetrics`. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All metrics as one text. Linear in the number of routes, backends and listeners. */
export function renderMetrics(
  info: GatewayInfo,
  engine: EngineSnapshot,
  diagnostics: readonly Diagnostic[],
  sample: ProcessSample,
): string {
  const out = new Exposition();
  writeRoutes(out, engine);
  writeBackends(out, engine.backends);
  writeCertificates(out, engine.routes);

  out.family("gauge", "sallyport_listener_up", "Whether the listener is bound");
  for (const { name, state } of engine.listeners) {
    out.sample(labels({ listener: name }), state === "listening" ? 1 : 0);
  }
  out.family("counter", "sallyport_reloads_total", "Reloads since start by result");
  for (const [result, count] of Object.entries(info.reloads)) out.sample(labels({ result }), count);
  out.family("gauge", "sallyport_plan_generation", "Generation of the plan now running");
  out.sample("", info.generation);
  out.family("gauge", "sallyport_diagnostics", "Messages about the routes by severity");
  for (const [severity, count] of Object.entries(countBySeverity(diagnostics))) out.sample(labels({ severity }), count);
  out.family("gauge", "sallyport_build_info", "Always 1; the label tells the version");
  out.sample(labels({ version: info.version }), 1);

  writeProcess(out, info, sample);
  return out.text();
}

function writeRoutes(out: Exposition, engine: EngineSnapshot): void {
  const { routes } = engine;
  const sets = routes.map((route): [RouteSnapshot, Labels] => [route, labels({ route: route.name })]);

  out.family("counter", "sallyport_connections_total", "Ended connections by close reason");
  for (const [route, set] of sets) {
    for (const [reason, count] of Object.entries(route.connectionsTotal))
      out.sample(`${set},reason="${reason}"`, count);
  }
  // A client that no route of its listener wants, or that never said which one it is for, belongs to none.
  for (const [reason, count] of Object.entries(engine.connectionsUnrouted))
    out.sample(labels({ route: "", reason }), count);
  out.family("counter", "sallyport_limited_total", "Clients refused by limit, named as in the route's file");
  for (const [route, set] of sets) {
    for (const [limit, count] of Object.entries(route.limited)) out.sample(`${set},limit="${limit}"`, count);
  }
  out.family(
    "counter",
    "sallyport_policy_verdicts_total",
    "What rules of a traffic policy came to; a client that nobody was reached for may be forwarded several times",
  );
  for (const [route, set] of sets) {
    for (const { rule, verdict, count } of route.policy ?? []) out.sample(`${set},${labels({ rule, verdict })}`, count);
  }
  out.family("gauge", "sallyport_connections_active", "Live connections");
  for (const [route, set] of sets) out.sample(set, route.connectionsActive);
  out.family("gauge", "sallyport_connections_greeting", "Clients that have yet to say which route they are for");
  out.sample("", engine.connectionsGreeting);
  out.family("gauge", "sallyport_connections_queued", "Live connections that wait for a backend to have room");
  for (const [route, set] of sets) out.sample(set, route.connectionsQueued);
  out.family("counter", "sallyport_retries_total", "Dials after the first one of a connection");
  for (const [route, set] of sets) out.sample(set, route.retries);
  out.family("counter", "sallyport_bytes_total", "Bytes from clients to backends (in) and back (out)");
  for (const [route, set] of sets) {
    out.sample(`${set},direction="in"`, route.bytesIn);
    out.sample(`${set},direction="out"`, route.bytesOut);
  }
  out.family("histogram", "sallyport_connect_seconds", "From the choice of a target to its answer");
  for (const [
    {
      connectSeconds: { bounds, counts, sum },
    },
    set,
  ] of sets)
    out.histogram(set, bounds, counts, sum);
  out.family("histogram", "sallyport_connection_seconds", "From accepting a connection to its end");
  for (const [
    {
      connectionSeconds: { bounds, counts, sum },
    },
    set,
  ] of sets)
    out.histogram(set, bounds, counts, sum);
}

function writeCertificates(out: Exposition, routes: readonly RouteSnapshot[]): void {
  const help =
    "When the certificate that is shown to clients (server) or backends (upstream) expires, since the Unix epoch";
  out.family("gauge", "sallyport_certificate_not_after_timestamp_seconds", help);
  for (const { name, listeners, tls, upstreamTls } of routes) {
    // A route that was removed shows its certificate to nobody, however long its last connections live.
    if (listeners.length === 0) continue;
    for (const [use, certificate] of [
      ["server", tls?.certificate],
      ["upstream", upstreamTls?.certificate],
    ] as const) {
      if (certificate !== undefined) out.sample(labels({ route: name, use }), Date.parse(certificate.notAfter) / 1000);
    }
  }
}

function writeProcess(out: Exposition, info: GatewayInfo, sample: ProcessSample): void {
  out.family("gauge", "process_resident_memory_bytes", "Resident memory");
  out.sample("", sample.residentBytes);
  out.family("counter", "process_cpu_seconds_total", "User and system CPU time");
  out.sample("", sample.cpuSeconds);
  if (sample.openFds !== undefined) {
    out.family("gauge", "process_open_fds", "Open file descriptors");
    out.sample("", sample.openFds);
  }
  out.family("gauge", "process_start_time_seconds", "Start time since the Unix epoch");
  out.sample("", Date.parse(info.startedAt) / 1000);
}
