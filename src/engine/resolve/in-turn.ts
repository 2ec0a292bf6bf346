// Asks for several names one after the other, as a search list does: the next one only when the one before does not exist.
// Where nobody could say whether it does, another name's answer must not stand in for it.

import { isAbsence, type LookUp } from "./name-query.ts";

/** A look-up that knows what `orElse` means, made of one that knows of single names only. */
export function inTurn(lookUp: LookUp): LookUp {
  return async (query, known) => {
    if ("srv" in query || query.orElse === undefined) return lookUp(query, known);
    let absence: unknown;
    for (const host of [query.host, ...query.orElse]) {
      try {
        const answer = await lookUp({ host }, known);
        if (answer.addresses.length > 0) return { ...answer, of: host };
      } catch (error) {
        if (!isAbsence(error)) throw error;
        absence ??= error;
      }
    }
    if (absence !== undefined) throw absence;
    return { addresses: [] };
  };
}
