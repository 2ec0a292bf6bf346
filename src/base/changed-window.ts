// Two lists of which one is the other after a small change: thousands of entries, and the same objects but for a few. Everything
// before the first and behind the last difference can be left as it is.

/** Where two lists differ: from `start` to before these ends. Both empty: they are the same list. */
export interface ChangedWindow<Item> {
  readonly start: number;
  /** What is there in the first list only, in its order; it may have some of `added` too. */
  readonly removed: readonly Item[];
  /** What is there in the second list only. */
  readonly added: readonly Item[];
}

/** Compares by identity. What was moved is in both parts. */
export function changedWindow<Item>(before: readonly Item[], after: readonly Item[]): ChangedWindow<Item> {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let same = 0;
  while (same < shorter - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  return {
    start,
    removed: before.slice(start, before.length - same),
    added: after.slice(start, after.length - same),
  };
}

/** Whether two lists have the same items in the same order. */
export function isSameItems(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before === after || (before.length === after.length && before.every((item, index) => item === after[index]));
}
