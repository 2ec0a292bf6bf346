// Putting bytes that arrived apart back together.

/** `a` followed by `b`; `b` itself when `a` is empty, which is nearly always. */
export function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
