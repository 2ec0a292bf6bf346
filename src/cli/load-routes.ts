// The one place where the command line and the build call the loading pipeline, and all they want to know of its result.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { CredentialOptions } from "../config/credentials.ts";
import type { Sources } from "../config/source.ts";
import type { GatewayApiOptions } from "../plan/gateway/options.ts";

/** What loading came to. */
export interface LoadedRoutes {
  /** Routes and listeners of the plan. */
  readonly routes: number;
  readonly listeners: number;
  /** Documents with `apiVersion` and `kind`. */
  readonly manifests: number;
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * `bind` as in `--bind`: IPs for routes that name no host. `credentials`: how certificates and keys are read. `gatewayApi`: for
 * resources with `apiVersion` and `kind`. `geoDatabases`: files, which are read to see whether they can be; rejects with GatewayError
 * `geo/…` when not.
 */
export type LoadRoutes = (
  sources: Sources,
  bind: readonly string[],
  credentials?: CredentialOptions,
  gatewayApi?: GatewayApiOptions,
  geoDatabases?: readonly string[],
) => Promise<LoadedRoutes>;

/** Reads, judges and compiles; nothing is started. */
export const loadRoutes: LoadRoutes = async (sources, bind, credentials, gatewayApi, geoDatabases = []) => {
  // Imported when needed: YAML and validation are half of the program's start-up.
  const { loadPlan } = await import("../app/load.ts");
  if (geoDatabases.length > 0) await (await import("../config/geo-files.ts")).GeoFiles.open(geoDatabases);
  const { plan, diagnostics, manifestCount } = await loadPlan(sources, {
    bind,
    ...(credentials === undefined ? {} : { credentials }),
    ...(gatewayApi === undefined ? {} : { gatewayApi }),
    hasGeo: geoDatabases.length > 0,
  });
  return { routes: plan.routes.length, listeners: plan.listeners.length, manifests: manifestCount, diagnostics };
};

/** Whether any of them keeps a document from being used. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
