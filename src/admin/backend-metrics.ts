// The metrics about backends. What an address of a backend counted is added up: labels are what people wrote, because the
// addresses behind a name come and go.

import type { BackendSnapshot, TargetSnapshot } from "../engine/snapshot.ts";
import { type Exposition, type Labels, labels } from "./exposition.ts";

/** All of one `route` and `backend`. */
interface Series {
  up: boolean;
  weight: number;
  active: number;
  total: number;
  dialFailures: number;
  ejections: number;
  readonly targets: Record<TargetSnapshot["state"], number>;
  /** Absent without active checks. */
  checks?: { good: number; bad: number };
}

/** Writes the families `sallyport_backend_…`. */
export function writeBackends(out: Exposition, backends: readonly BackendSnapshot[]): void {
  const all = seriesOf(backends);
  const write = (type: "counter" | "gauge", name: string, help: string, value: (series: Series) => number): void => {
    out.family(type, name, help);
    for (const [set, series] of all) out.sample(set, value(series));
  };
  write("gauge", "sallyport_backend_up", "Whether any address of the backend takes connections", ({ up }) =>
    up ? 1 : 0,
  );
  write("gauge", "sallyport_backend_weight", "Weight as written or as set by hand", ({ weight }) => weight);
  write("gauge", "sallyport_backend_connections_active", "Live connections to the backend", ({ active }) => active);
  write("counter", "sallyport_backend_connections_total", "Connections made to the backend", ({ total }) => total);
  write("counter", "sallyport_backend_dial_failures_total", "Dials that failed", ({ dialFailures }) => dialFailures);
  write("counter", "sallyport_backend_ejections_total", "Ejections of its addresses", ({ ejections }) => ejections);
  out.family("gauge", "sallyport_backend_targets", "Addresses of the backend by state");
  for (const [set, { targets }] of all) {
    for (const [state, count] of Object.entries(targets)) out.sample(`${set},state="${state}"`, count);
  }
  out.family("counter", "sallyport_backend_checks_total", "Active checks of its addresses by result");
  for (const [set, { checks }] of all) {
    if (checks === undefined) continue;
    out.sample(`${set},result="good"`, checks.good);
    out.sample(`${set},result="bad"`, checks.bad);
  }
}

/** A backend that is written twice in one route is one series: a repeated one would void the whole scrape. */
function seriesOf(backends: readonly BackendSnapshot[]): ReadonlyMap<Labels, Series> {
  const all = new Map<Labels, Series>();
  for (const backend of backends) {
    const set = labels({ route: backend.route, backend: backend.backend });
    const series = all.get(set) ?? emptySeries();
    all.set(set, series);
    series.up ||= backend.state === "up";
    series.weight += backend.weight;
    series.active += backend.connectionsActive;
    series.total += backend.connectionsTotal;
    series.dialFailures += backend.dialFailures;
    series.ejections += backend.ejections;
    for (const { state, check } of backend.targets) {
      series.targets[state]++;
      if (check === undefined) continue;
      const checks = (series.checks ??= { good: 0, bad: 0 });
      checks.good += check.checks - check.failures;
      checks.bad += check.failures;
    }
  }
  return all;
}

function emptySeries(): Series {
  return {
    up: false,
    weight: 0,
    active: 0,
    total: 0,
    dialFailures: 0,
    ejections: 0,
    targets: { up: 0, failing: 0, down: 0, ejected: 0, drained: 0, full: 0 },
  };
}
