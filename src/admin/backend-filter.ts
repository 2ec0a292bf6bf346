// Which backends a request is about. Lists and changes ask here, so that what is listed by a filter is what it changes.

import type { BackendOverride } from "../engine/snapshot.ts";

/** Every given field must match. */
export interface BackendFilter {
  readonly route?: string;
  /** As written. */
  readonly backend?: string;
}

/** Whether the filter is about this backend of this route. */
export function matchesBackend(
  filter: BackendFilter,
  { route, backend }: Pick<BackendOverride, "route" | "backend">,
): boolean {
  return (filter.route ?? route) === route && (filter.backend ?? backend) === backend;
}
