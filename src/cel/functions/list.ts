// Functions of lists (cel-go's extension `lists`).

import { type CelFunc, celFunc, celMethod, type CelValue as LibraryValue, isCelList } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { compare, isEqual } from "../order.ts";
import { INT, LIST } from "../type.ts";
import { fromLibrary } from "../value.ts";
import { itemsOf, MAX_LIST_ITEMS } from "./declare.ts";

/** Sorts pairs of a key and an element, which the checker makes of `sortBy`. */
export const SORT_PAIRS = "@sort_pairs";

/** Functions of lists. */
export const LIST_FUNCTIONS: readonly CelFunc[] = [
  celMethod("slice", LIST, [INT, INT], LIST, function slice(from, to) {
    const items = itemsOf(this);
    if (from < 0n || to < from || to > BigInt(items.length)) {
      throw new CelError("bad-argument", `There is no slice from ${from} to ${to} of a list of ${items.length}`);
    }
    return items.slice(Number(from), Number(to));
  }),
  celMethod("flatten", LIST, [], LIST, function flatten() {
    return flattened(itemsOf(this), 1);
  }),
  celMethod("flatten", LIST, [INT], LIST, function flatten(depth) {
    if (depth < 0n) throw new CelError("bad-argument", "A list is flattened by 0 levels or more");
    return flattened(itemsOf(this), Number(depth));
  }),
  celMethod("sort", LIST, [], LIST, function sort() {
    return sorted(itemsOf(this).map((item) => ({ key: item, item })));
  }),
  celFunc(SORT_PAIRS, [LIST], LIST, (pairs) => {
    return sorted(
      itemsOf(pairs).map((pair) => {
        const [key = null, item = null] = isCelList(pair) ? pair : [];
        return { key, item };
      }),
    );
  }),
  celMethod("distinct", LIST, [], LIST, function distinct() {
    if (this.size > MAX_LIST_ITEMS)
      throw new CelError("too-much", `distinct() takes ${MAX_LIST_ITEMS} elements at most`);
    const seen: { value: ReturnType<typeof fromLibrary>; item: LibraryValue }[] = [];
    for (const item of this) {
      const value = fromLibrary(item);
      if (!seen.some((other) => isEqual(other.value, value))) seen.push({ value, item });
    }
    return seen.map(({ item }) => item);
  }),
  celMethod("reverse", LIST, [], LIST, function reverse() {
    return itemsOf(this).toReversed();
  }),
  celFunc("lists.range", [INT], LIST, (count) => {
    if (count < 0n || count > BigInt(MAX_LIST_ITEMS)) {
      throw new CelError("bad-argument", `A range has 0 to ${MAX_LIST_ITEMS} elements, not ${count}`);
    }
    return Array.from({ length: Number(count) }, (_, index) => BigInt(index));
  }),
  // The library's own keeps lists of lists, which take longer with each one that is added.
  celFunc("_+_", [LIST, LIST], LIST, (a, b) => {
    if (a.size + b.size > MAX_LIST_ITEMS)
      throw new CelError("too-much", `A list has ${MAX_LIST_ITEMS} elements at most`);
    return [...a, ...b];
  }),
];

function flattened(items: readonly LibraryValue[], depth: number): LibraryValue[] {
  const flat: LibraryValue[] = [];
  const add = (list: Iterable<LibraryValue>, level: number): void => {
    for (const item of list) {
      if (isCelList(item) && level > 0) add(item, level - 1);
      else flat.push(item);
      if (flat.length > MAX_LIST_ITEMS) throw new CelError("too-much", `A list has ${MAX_LIST_ITEMS} elements at most`);
    }
  };
  add(items, depth);
  return flat;
}

function sorted(pairs: readonly { readonly key: LibraryValue; readonly item: LibraryValue }[]): LibraryValue[] {
  if (pairs.length > MAX_LIST_ITEMS)
    throw new CelError("too-much", `A list of ${MAX_LIST_ITEMS} elements at most is sorted`);
  const keyed = pairs.map(({ key, item }) => ({ key: fromLibrary(key), item }));
  // Also a list of one element must have an order.
  for (const { key } of keyed) compare(key, key);
  return keyed.toSorted((a, b) => compare(a.key, b.key)).map(({ item }) => item);
}
