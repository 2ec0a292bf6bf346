// What the command line decides about resources of Gateway API, judged and with defaults filled in.

export interface GatewayApiOptions {
  /**
   * Names, in lower case, that a Gateway may ask for as its address, with the IP that is bound then; `undefined`: all addresses.
   */
  readonly tcpHosts: ReadonlyMap<string, string | undefined>;
  /** Of the cluster whose Services are meant, such as `cluster.local`, without a dot at the end; absent: there is none. */
  readonly clusterDomain?: string;
}

/** Where nothing else was said. */
export const DEFAULT_TCP_HOSTS: GatewayApiOptions["tcpHosts"] = new Map([["localhost", "127.0.0.1"]]);
