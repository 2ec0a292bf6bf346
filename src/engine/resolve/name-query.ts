// What can be asked about a name and what comes back: the words that asking, SRV records and scheduling share. Nothing
// is asked here.

/** What is asked for. */
export type NameQuery =
  | {
      readonly host: string;
      /** Asked for in turn while the one before does not exist. */ readonly orElse?: readonly string[];
    }
  | { /** Name of SRV records. */ readonly srv: string };

/** One address that a name stands for. */
export interface ResolvedAddress {
  /** IP without brackets. */
  readonly host: string;
  /** From SRV only. */
  readonly port?: number;
  /** From SRV only: share among those of one tier; above 0, not always whole. */
  readonly weight?: number;
  /** From SRV only: 0 for the lowest priority number, 1 for the next … (RFC 2782). */
  readonly tier?: number;
}

/** The answer to one query. */
export interface NameAnswer {
  readonly addresses: readonly ResolvedAddress[];
  /** For how long it holds, in milliseconds, where that is known. */
  readonly ttlMs?: number;
  /** The addresses of this family could not be asked for: what was known of them has not changed. */
  readonly unknownFamily?: 4 | 6;
  /** Of a query for names in turn: the one that there was. */
  readonly of?: string;
  /** From SRV only: what is known of the hosts that the records name. */
  readonly hosts?: HostAddresses;
}

/** IPs by host name. */
export type HostAddresses = ReadonlyMap<string, readonly string[]>;

/**
 * Asks once. Rejects when the name stands for nothing, or when nobody answers. `known` is what the last good answer said
 * of its hosts, for those that cannot be asked now.
 */
export type LookUp = (query: NameQuery, known?: HostAddresses) => Promise<NameAnswer>;

/** Whether a look-up failed because there is nothing, and not because nobody could say. */
export function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Bun says ENOTFOUND for both a name that is not there and one without such records.
  return code === "ENOTFOUND" || code === "ENODATA";
}

/** The name as it is written in a route, or all that are asked for in turn. Two queries are the same when their texts are. */
export function queryText(query: NameQuery): string {
  return "srv" in query ? `srv+${query.srv}` : [query.host, ...(query.orElse ?? [])].join(" or ");
}
