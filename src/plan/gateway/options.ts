// What the command line decides about resources with `apiVersion` and `kind`, judged and with defaults filled in.

import type { Ports } from "../../base/address.ts";

export interface GatewayApiOptions {
  /**
   * Names, in lower case, that a Gateway may ask for as its address and that TCP addresses have, with the IP that is bound then;
   * `undefined`: all addresses. At least one.
   */
  readonly tcpHosts: ReadonlyMap<string, string | undefined>;
  /** Ports that TCP addresses may have, from 1 on. At least one. */
  readonly tcpPorts: readonly Ports[];
  /** Of the cluster whose Services are meant, such as `cluster.local`, without a dot at the end; absent: there is none. */
  readonly clusterDomain?: string;
}

/** Where nothing else was said. */
export const DEFAULT_TCP_HOSTS: GatewayApiOptions["tcpHosts"] = new Map([["localhost", "127.0.0.1"]]);

export const DEFAULT_TCP_PORTS: GatewayApiOptions["tcpPorts"] = [{ firstPort: 20_000, lastPort: 29_999 }];
