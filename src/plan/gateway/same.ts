// Whether two routes that were made of manifests are the same.

/** What is meant is the object itself: another one has other places, or stands for another certificate. */
const BY_REFERENCE: ReadonlySet<string> = new Set(["origin", "identity", "trust"]);

/** Whether two values are the same plain data. Not to know it costs a recompilation, no more. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item: unknown, index) => isSame(item, b[index]));
  }
  // Sets of bits and maps come from documents, and are the same objects as long as those are.
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => {
      if (!Object.hasOwn(b, key)) return false;
      const [one, two]: readonly unknown[] = [Reflect.get(a, key), Reflect.get(b, key)];
      return BY_REFERENCE.has(key) ? one === two : isSame(one, two);
    })
  );
}
