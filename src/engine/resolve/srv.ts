// From SRV records (RFC 2782) to addresses: which records count, what their priorities and weights mean, and the
// addresses of the hosts they name. The records come from strangers; who fetched them is not known here.

import { isIP } from "node:net";
import { formatHostPort, isHostName } from "../../base/address.ts";
import { GatewayError } from "../../base/gateway-error.ts";
import { type HostAddresses, isAbsence, type LookUp, type NameAnswer, type ResolvedAddress } from "./name-query.ts";

/** One record, as it came. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** The target: a host name. Empty or `.` means that the service is not offered. */
  readonly name: string;
}

/** A record that counts. */
interface SrvTarget {
  readonly host: string;
  readonly port: number;
  readonly tier: number;
  /** Above 0. */
  readonly weight: number;
}

/** Hosts of one service that are asked for at once: enough to be quick, too few to flood a name server. */
const CONCURRENT_HOSTS = 8;
/** No host is asked for after so long: the look-up as a whole is about to be given up. */
const ASK_HOSTS_MS = 8_000;
/** When a host had no answer, the service is looked up again after so long, whatever the others' lifetimes. */
const INCOMPLETE_TTL_MS = 5_000;
/** Addresses of hosts that are remembered: no more of a service are ever used. */
const MAX_REMEMBERED = 1_000;
/** RFC 2782 wants "a very small chance" for weight 0 beside others: this part of the smallest weight. */
const ZERO_WEIGHT_SHARE = 0.01;

/**
 * The addresses of all hosts that `records` name, asked for by `lookUp`. A host that has none is left out; one that
 * cannot be asked keeps those in `known`. The weight of a record is shared by the addresses of its host. Rejects with
 * GatewayError `dns/no-service` when no record names a host, `dns/no-target` when no host that answered has an address.
 */
export async function resolveRecords(
  records: readonly SrvRecord[],
  lookUp: LookUp,
  known: HostAddresses = new Map(),
): Promise<NameAnswer> {
  const targets = srvTargets(records);
  if (targets.length === 0) throw new GatewayError("dns/no-service", "The service is not available");
  const names = new Set(targets.map(({ host }) => host));
  const { answers, absent, failure } = await lookUpHosts(names, lookUp);
  if (answers.size === 0) throw new GatewayError("dns/no-target", "No host of the service has an address", failure);
  const hosts = new Map(
    Array.from(names, (name) => [name, absent.has(name) ? [] : hostAddresses(name, answers, known)]),
  );
  const byAddress = new Map<string, ResolvedAddress>();
  for (const { host: name, port, tier, weight: whole } of targets) {
    const addresses = hosts.get(name) ?? [];
    const weight = whole / addresses.length;
    for (const host of addresses) {
      const text = formatHostPort(host, port);
      const twin = byAddress.get(text);
      // Targets come in the order of their tiers: an address counts in its first one, with all its weights there.
      if (twin === undefined) byAddress.set(text, { host, port, tier, weight });
      else if (twin.tier === tier) byAddress.set(text, { ...twin, weight: (twin.weight ?? 0) + weight });
    }
  }
  const incomplete = failure !== undefined || [...answers.values()].some((each) => each.unknownFamily !== undefined);
  const ttls = [...answers.values()].flatMap(({ ttlMs }) => ttlMs ?? []);
  if (incomplete) ttls.push(INCOMPLETE_TTL_MS);
  const ttl = ttls.length === 0 ? {} : { ttlMs: Math.min(...ttls) };
  return { addresses: [...byAddress.values()], hosts: remembered(hosts), ...ttl };
}

/** What is known of a host now: its answer, and of what could not be asked for what was known before. */
function hostAddresses(
  name: string,
  answers: ReadonlyMap<string, NameAnswer>,
  known: HostAddresses,
): readonly string[] {
  const answer = answers.get(name);
  const before = known.get(name) ?? [];
  if (answer === undefined) return before;
  const { addresses, unknownFamily } = answer;
  const kept = unknownFamily === undefined ? [] : before.filter((host) => isIP(host) === unknownFamily);
  return [...new Set([...addresses.map(({ host }) => host), ...kept])];
}

/** What is kept for the next look-up: strangers choose how long the answers are. */
function remembered(hosts: HostAddresses): HostAddresses {
  const kept = new Map<string, readonly string[]>();
  let room = MAX_REMEMBERED;
  for (const [name, addresses] of hosts) {
    if (addresses.length === 0 || addresses.length > room) continue;
    kept.set(name, addresses);
    room -= addresses.length;
  }
  return kept;
}

/**
 * The records that count, in the order of their priorities: each once, with a host name that can be looked up and a port.
 * A weight of 0 counts a hundredth of the smallest one of its tier, or 1 when all of the tier are 0.
 */
export function srvTargets(records: readonly SrvRecord[]): readonly SrvTarget[] {
  const byText = new Map<string, SrvRecord>();
  for (const { priority, weight, port, name: written } of records) {
    const name = written.replace(/\.$/, "").toLowerCase();
    if (!isHostName(name) || port === 0) continue;
    byText.set(`${priority} ${weight} ${port} ${name}`, { priority, weight, port, name });
  }
  const tiers = Map.groupBy(byText.values(), ({ priority }) => priority);
  return [...tiers.keys()]
    .toSorted((a, b) => a - b)
    .flatMap((priority, tier) => {
      const ofTier = tiers.get(priority) ?? [];
      const weights = ofTier.map(({ weight }) => weight).filter((weight) => weight > 0);
      const least = weights.length === 0 ? 1 : Math.min(...weights) * ZERO_WEIGHT_SHARE;
      return ofTier.map(({ name, port, weight }) => ({
        host: name,
        port,
        tier,
        weight: weight === 0 ? least : weight,
      }));
    });
}

interface HostAnswers {
  /** Those with an address. */
  readonly answers: ReadonlyMap<string, NameAnswer>;
  /** Hosts that have no address, as whoever was asked says; what is in neither could not be asked. */
  readonly absent: ReadonlySet<string>;
  /** Why one of them has no answer. */
  readonly failure: unknown;
}

/** Asks for all hosts, some at a time. */
async function lookUpHosts(hosts: ReadonlySet<string>, lookUp: LookUp): Promise<HostAnswers> {
  const answers = new Map<string, NameAnswer>();
  const absent = new Set<string>();
  const untilMs = performance.now() + ASK_HOSTS_MS;
  let failure: unknown;
  // One queue for all: each takes the next host when it is done with one.
  const queue = hosts.values();
  const work = async (): Promise<void> => {
    for (const host of queue) {
      if (performance.now() > untilMs) {
        failure ??= new Error("Too many hosts to ask for in time");
        return;
      }
      try {
        const answer = await lookUp({ host });
        if (answer.addresses.length > 0) answers.set(host, answer);
        else absent.add(host);
      } catch (error) {
        if (isAbsence(error)) absent.add(host);
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_HOSTS }, work));
  return { answers, absent, failure };
}
