// The addresses of one name as a list that can be compared: in an order of its own, because servers rotate theirs. Pure.

import { isIP } from "node:net";
import { formatHostPort } from "../../base/address.ts";
import type { NameAnswer, ResolvedAddress } from "./name-query.ts";

/** What one log line names; the rest is counted. */
const MAX_NAMED = 10;

/** The answer's addresses in a stable order, each once; with those of `known` about which the answer says nothing. */
export function addressList(answer: NameAnswer, known: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
  const { addresses, unknownFamily } = answer;
  const kept = unknownFamily === undefined ? [] : known.filter(({ host }) => isIP(host) === unknownFamily);
  const byText = new Map([...kept, ...addresses].map((address) => [addressText(address), address]));
  return [...byText.values()].toSorted((a, b) => compare(a.tier ?? 0, b.tier ?? 0) || compareText(a, b));
}

/** Whether two such lists are the same, weights and tiers included. */
export function sameList(one: readonly ResolvedAddress[], other: readonly ResolvedAddress[]): boolean {
  return (
    one.length === other.length &&
    one.every((address, index) => {
      const twin = other[index];
      return (
        twin !== undefined &&
        address.host === twin.host &&
        address.port === twin.port &&
        address.weight === twin.weight &&
        address.tier === twin.tier
      );
    })
  );
}

/** The addresses of `list` that `without` has not, for a log line of bounded length; `undefined` when there are none. */
export function describeDifference(
  list: readonly ResolvedAddress[],
  without: readonly ResolvedAddress[],
): string | undefined {
  const others = new Set(without.map(addressText));
  const texts = list.map(addressText).filter((text) => !others.has(text));
  if (texts.length === 0) return undefined;
  const named = texts.slice(0, MAX_NAMED).join(", ");
  return texts.length > MAX_NAMED ? `${named} and ${texts.length - MAX_NAMED} more` : named;
}

function addressText({ host, port }: ResolvedAddress): string {
  return port === undefined ? host : formatHostPort(host, port);
}

function compareText(one: ResolvedAddress, other: ResolvedAddress): number {
  return compare(one.host, other.host) || compare(one.port ?? 0, other.port ?? 0);
}

function compare<T extends string | number>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
