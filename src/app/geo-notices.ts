// Says to whoever asks about places in a policy that there is no database that knows any: once for each file, at the first
// expression that asks.

import type { Diagnostic } from "../base/diagnostic.ts";
import { needsGeo } from "../cel/geo.ts";
import { variablesOf } from "../resource/expression-checks.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import type { Origin, ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";
import type { TrafficPolicy } from "../resource/traffic-policy/policy.ts";
import { expressionsOf } from "../resource/traffic-policy/policy-expressions.ts";

/** A policy where it is written. */
interface WrittenPolicy {
  readonly policy: TrafficPolicy;
  readonly origin: Origin;
  /** Of the policy in its document. */
  readonly path: ValuePath;
}

/** Notices about policies that are loaded again and again: each is looked at once. */
export class GeoNotices {
  readonly #known = new WeakMap<TrafficPolicy, Diagnostic | "none">();

  /** About these routes and manifests, one for each file that asks. */
  of(routes: readonly RouteResource[], manifests: readonly AnyManifest[]): readonly Diagnostic[] {
    const byFile = new Map<string, Diagnostic>();
    for (const written of [...routes.flatMap(ofRoute), ...manifests.flatMap(ofManifest)]) {
      const { policy, origin } = written;
      if (byFile.has(origin.file)) continue;
      const known = this.#known.get(policy) ?? noticeOf(written) ?? "none";
      this.#known.set(policy, known);
      if (known !== "none") byFile.set(origin.file, known);
    }
    return [...byFile.values()];
  }
}

function ofRoute({ policy, origin }: RouteResource): readonly WrittenPolicy[] {
  return policy === undefined ? [] : [{ policy, origin, path: ["policy"] }];
}

function ofManifest(manifest: AnyManifest): readonly WrittenPolicy[] {
  const { kind, origin } = manifest;
  if (kind === "NgrokTrafficPolicy") return [{ policy: manifest.spec.policy, origin, path: ["spec", "policy"] }];
  if (kind !== "AgentEndpoint" && kind !== "CloudEndpoint") return [];
  const { trafficPolicy } = manifest.spec;
  if (trafficPolicy === undefined || !("inline" in trafficPolicy)) return [];
  return [{ policy: trafficPolicy.inline, origin, path: ["spec", "trafficPolicy", "inline"] }];
}

function noticeOf({ policy, origin, path }: WrittenPolicy): Diagnostic | undefined {
  const found = expressionsOf(policy).find((expression) => needsGeo(variablesOf(expression)));
  if (found === undefined) return undefined;
  return {
    file: origin.file,
    ...origin.locate([...path, ...found.path]),
    severity: "notice",
    code: "policy/no-geo",
    message: "What is asked about places and networks of addresses is empty here: there is no geo database",
    hint: "Start with --geo-db FILE, a database in MaxMind's format",
  };
}
