// Kinds of ngrok that have nothing to do here: they are known, so that whoever has them is told why nothing comes of them.

import type { BoundEndpoint, Domain } from "../../resource/manifest/ngrok.ts";
import type { Condition } from "../gateway/condition.ts";
import { Conditions } from "../gateway/conditions.ts";

export interface UnneededStatus {
  readonly conditions: readonly Condition[];
}

/** Why nothing comes of it. */
export function whyUnneeded({ kind }: Domain | BoundEndpoint): string {
  return kind === "Domain"
    ? "Domains are not needed here: an endpoint with tls:// has the name in its url, and DNS is your own"
    : "Bound endpoints are not served here: this gateway is no part of a cluster. A Service or a Route can lead to the endpoint's port";
}

/** A Domain is as ready as it gets; a BoundEndpoint is never. */
export function unneededStatus(object: Domain | BoundEndpoint, generation: number): UnneededStatus {
  const conditions = new Conditions();
  if (object.kind === "Domain") conditions.hold("Ready", "NotNeeded", whyUnneeded(object));
  else conditions.fail("Ready", "NotSupported", whyUnneeded(object));
  return { conditions: conditions.list(generation) };
}
