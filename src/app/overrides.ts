// What people set by hand for backends, kept in the state database so that it survives reloads and restarts. A change is
// on disk before the engine hears of it, and is one transaction however many backends it is for. Whether a setting makes
// sense is judged before it comes here.

import { type BackendFilter, matchesBackend } from "../admin/backend-filter.ts";
import type { OverrideChange } from "../admin/view.ts";
import type { Engine } from "../engine/engine.ts";
import type { BackendOverride, BackendSnapshot, OverrideSettings } from "../engine/snapshot.ts";
import type { Log } from "../observe/log.ts";
import type { Database } from "../runtime/runtime.ts";
import { inTransaction, prepareState } from "./state.ts";

/** The stored overrides. Every method throws GatewayError `state/…` when the database cannot be used. */
export interface OverrideStore {
  /** All of them by route and backend, also those of backends that no route has at the moment. */
  list(): BackendOverride[];
  /** Stores each instead of what was there; one without settings is removed. On disk when it returns, all or none. */
  put(overrides: readonly BackendOverride[], updatedAt: Date): void;
}

/** What an override can be set on: the engine, as far as it is needed here. */
export type Overridable = Pick<Engine, "snapshot" | "setOverride">;

export interface OverrideParts {
  readonly engine: Overridable;
  readonly overrides: OverrideStore;
  readonly log: Log;
}

/** What an override is for. */
type Names = Pick<BackendOverride, "route" | "backend">;

interface Row {
  readonly route: string;
  readonly backend: string;
  readonly weight: number | null;
  readonly state: OverrideSettings["state"] | null;
}

/** Opens the store in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openOverrideStore(database: Database): OverrideStore {
  prepareState(database);
  const put = ({ route, backend, weight, state }: BackendOverride, updatedAt: Date): void => {
    if (weight === undefined && state === undefined) {
      database.all("DELETE FROM override WHERE route = ? AND backend = ?", route, backend);
      return;
    }
    database.all(
      `INSERT INTO override (route, backend, weight, state, updated_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (route, backend) DO UPDATE
       SET weight = excluded.weight, state = excluded.state, updated_at = excluded.updated_at`,
      route,
      backend,
      weight ?? null,
      state ?? null,
      updatedAt.toISOString(),
    );
  };
  return {
    list: () =>
      database
        .all<Row>("SELECT route, backend, weight, state FROM override ORDER BY route, backend")
        .map(({ route, backend, weight, state }) => ({ route, backend, ...settingsOf(weight, state) })),
    put: (overrides, updatedAt) =>
      inTransaction(database, () => {
        for (const override of overrides) put(override, updatedAt);
      }),
  };
}

/**
 * Changes what is set for every backend that matches, and tells how these are then. What is stored for one that no route
 * has any more can only be taken back. Empty: that alone was done. `undefined`: there is nothing to change.
 */
export function overrideBackends(
  { engine, overrides, log }: OverrideParts,
  filter: BackendFilter,
  change: OverrideChange,
): readonly BackendSnapshot[] | undefined {
  const before = new Map(overrides.list().map((stored) => [keyOf(stored), stored]));
  // A backend that is written twice in one route is one.
  const after = new Map<string, BackendOverride>();
  for (const { route, backend } of engine.snapshot().backends) {
    const names = { route, backend };
    if (matchesBackend(filter, names)) after.set(keyOf(names), changedBy(before.get(keyOf(names)) ?? names, change));
  }
  const running = after.size > 0;
  const { weight, state } = change;
  const removal = { ...(weight === null ? { weight } : {}), ...(state === null ? { state } : {}) };
  for (const [key, stored] of before) {
    if (matchesBackend(filter, stored) && !after.has(key)) after.set(key, changedBy(stored, removal));
  }
  const changed = [...after.values()].filter((override) => !isSame(override, before.get(keyOf(override))));
  if (changed.length > 0) overrides.put(changed, new Date());
  for (const override of changed) {
    engine.setOverride(override);
    const { route, backend, ...settings } = override;
    const told = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    const message =
      told.length === 0
        ? `Backend ${backend} of ${route} is as written again`
        : `Backend ${backend} of ${route} by hand: ${told.join(", ")}`;
    log.write("info", "backend-override", message, { route, backend, ...settings });
  }
  if (!running && changed.length === 0) return undefined;
  return engine.snapshot().backends.filter((backend) => matchesBackend(filter, backend));
}

function changedBy(override: BackendOverride, change: OverrideChange): BackendOverride {
  const { route, backend } = override;
  const { weight, state } = { ...override, ...change };
  return { route, backend, ...settingsOf(weight, state) };
}

function isSame(one: OverrideSettings, other: OverrideSettings | undefined): boolean {
  return one.weight === other?.weight && one.state === other?.state;
}

/** Only what is set. */
function settingsOf(
  weight: number | null | undefined,
  state: OverrideSettings["state"] | null | undefined,
): OverrideSettings {
  return { ...(weight == null ? {} : { weight }), ...(state == null ? {} : { state }) };
}

function keyOf({ route, backend }: Names): string {
  return JSON.stringify([route, backend]);
}
