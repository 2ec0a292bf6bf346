// How a name is asked for, once: by the operating system, or of DNS servers that were given. When it is asked again, and
// what a failure means, is the resolver's business.

import { lookup, Resolver as DnsClient } from "node:dns/promises";
import { isAbsence, type LookUp, type NameAnswer } from "./name-query.ts";
import { resolveRecords, type SrvRecord } from "./srv.ts";

/** In milliseconds; the second try waits twice as long. Three servers are tried within the time a look-up has. */
const DNS_CLIENT = { timeout: 1_000, tries: 2 };
/** A query that is still open then is withdrawn: its look-up was given up. */
const WITHDRAW_MS = 10_000;

/**
 * Asks the operating system for hosts, so that `/etc/hosts` and search domains count, and the DNS servers that it knows
 * for SRV records. Of neither is a lifetime known.
 */
export function systemLookUp(): LookUp {
  const lookUp: LookUp = async (query, known) =>
    "srv" in query ? resolveRecords(await askRecords(query.srv, []), lookUp, known) : systemHost(query.host);
  return lookUp;
}

/**
 * Asks these DNS servers (`IP`, `IP:PORT`, `[IP]:PORT`) for everything, the first that answers counts. Neither
 * `/etc/hosts` nor search domains count, but for `localhost`, which is the system's own (RFC 6761).
 */
export function serverLookUp(servers: readonly string[]): LookUp {
  const lookUp: LookUp = async (query, known) => {
    if ("srv" in query) return resolveRecords(await askRecords(query.srv, servers), lookUp, known);
    return /^(?:.*\.)?localhost\.?$/i.test(query.host) ? systemHost(query.host) : askHost(query.host, servers);
  };
  return lookUp;
}

async function systemHost(host: string): Promise<NameAnswer> {
  const answers = await lookup(host, { all: true });
  return { addresses: answers.map(({ address }) => ({ host: address })) };
}

/** A record of an address with its lifetime in seconds. */
interface AddressRecord {
  readonly address: string;
  readonly ttl: number;
}

/**
 * Both families. One that has no addresses is as good as absent; one that fails beside a good one is told as unknown,
 * for there are servers that never answer for IPv6.
 */
async function askHost(host: string, servers: readonly string[]): Promise<NameAnswer> {
  const [v4, v6] = await withClient(servers, (client) =>
    Promise.all([
      addressRecords(client.resolve4(host, { ttl: true })),
      addressRecords(client.resolve6(host, { ttl: true })),
    ]),
  );
  const records = [...v4.records, ...v6.records];
  // A failure says more than an absence.
  if (records.length === 0) throw v4.failure ?? v6.failure ?? v4.absence ?? v6.absence ?? new Error("No address");
  const unknown = v4.failure !== undefined ? 4 : v6.failure !== undefined ? 6 : undefined;
  return {
    addresses: records.map(({ address }) => ({ host: address })),
    ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
    ...(unknown === undefined ? {} : { unknownFamily: unknown }),
  };
}

interface FamilyAnswer {
  readonly records: readonly AddressRecord[];
  /** The server says that there are none. */
  readonly absence?: Error;
  readonly failure?: Error;
}

async function addressRecords(asked: Promise<readonly AddressRecord[]>): Promise<FamilyAnswer> {
  try {
    return { records: await asked };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error("The query failed", { cause });
    return isAbsence(error) ? { records: [], absence: error } : { records: [], failure: error };
  }
}

function askRecords(name: string, servers: readonly string[]): Promise<readonly SrvRecord[]> {
  return withClient(servers, (client) => client.resolveSrv(name));
}

/** A client of its own for every query, because one keeps good answers for their lifetime. No servers: the system's. */
async function withClient<T>(servers: readonly string[], ask: (client: DnsClient) => Promise<T>): Promise<T> {
  const client = new DnsClient(DNS_CLIENT);
  if (servers.length > 0) client.setServers(servers);
  const timer = setTimeout(() => client.cancel(), WITHDRAW_MS);
  timer.unref();
  try {
    return await ask(client);
  } finally {
    clearTimeout(timer);
  }
}
