// By which name a target is known in TLS: the one that its certificate must have.

import type { TargetPlan, UpstreamTlsPlan } from "../../plan/plan.ts";

/** The service and protocol of an SRV name, `_postgresql._tcp.` */
const SERVICE = /^(?:_[^.]+\.){1,2}/;

/**
 * The name or IP that was set or, without one, the host as written: what DNS answers is not believed in its place. Of SRV
 * records that is the domain that offers the service (RFC 6125, 6.2.1). A unix socket has none.
 */
export function serverNameOf(target: TargetPlan, { serverName }: UpstreamTlsPlan): string | undefined {
  if (serverName !== undefined) return serverName;
  if ("unix" in target) return undefined;
  // The dot of a full name is no part of it in TLS (RFC 6066, 3).
  const name = ("srv" in target ? target.srv.replace(SERVICE, "") : target.host).replace(/\.$/, "");
  return name === "" ? undefined : name;
}
