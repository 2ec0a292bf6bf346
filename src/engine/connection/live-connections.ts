// Finds live connections for people: by filter, page by page. The data path never looks for one.

import { compileCidrMap, lookupCidr } from "../../base/cidr-map.ts";
import { GatewayError } from "../../base/gateway-error.ts";
import { parseHostname } from "../../base/hostname.ts";
import { parseCidr, parseIp } from "../../base/ip.ts";
import type { LiveConnection } from "../services.ts";
import type { ConnectionFilter, ConnectionSnapshot } from "../snapshot.ts";

/**
 * Those that match, in the order they were accepted, after id `after`, at most `limit`. Throws GatewayError
 * `request/bad-after`, `request/bad-source`.
 */
export function listConnections(
  connections: Iterable<LiveConnection>,
  filter: ConnectionFilter,
  after: string | undefined,
  limit: number,
): ConnectionSnapshot[] {
  const afterId = after === undefined ? 0 : Number(after);
  if (Number.isNaN(afterId)) {
    throw new GatewayError("request/bad-after", `Cannot continue after "${after}": the id of a connection is wanted`);
  }
  const found: ConnectionSnapshot[] = [];
  for (const connection of matchingConnections(connections, filter)) {
    if (connection.id <= afterId) continue;
    found.push(connection.snapshot());
    if (found.length === limit) break;
  }
  return found;
}

/** All that match. Throws GatewayError `request/bad-source`. */
export function* matchingConnections(
  connections: Iterable<LiveConnection>,
  filter: ConnectionFilter,
): Generator<LiveConnection> {
  const { route, backend, source } = filter;
  const sni = filter.sni === undefined ? undefined : (parseHostname(filter.sni) ?? filter.sni);
  const cidr = source === undefined ? undefined : parseCidr(source);
  if (source !== undefined && cidr === undefined) {
    throw new GatewayError("request/bad-source", `Cannot filter by source "${source}": an address or a CIDR is wanted`);
  }
  const sources = cidr === undefined ? undefined : compileCidrMap([{ cidr, value: 0 }]);
  for (const connection of connections) {
    if (route !== undefined && connection.route.plan.name !== route) continue;
    if (backend !== undefined && connection.target?.backend.plan.address !== backend) continue;
    if (sni !== undefined && connection.sni !== sni) continue;
    if (sources !== undefined) {
      const ip = parseIp(connection.clientHost);
      if (ip === undefined || lookupCidr(sources, ip) === -1) continue;
    }
    yield connection;
  }
}
