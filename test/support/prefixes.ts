// How a parser of growing input does on every beginning of an input.

/**
 * Feeds `read` with the input as it grows byte by byte, and gives the first verdict other than `more` and how many bytes
 * it took. Throws when a later verdict is another one, so that it does not matter how an input is split.
 */
export function growing<Verdict>(
  read: (bytes: Uint8Array) => "more" | Verdict,
  input: Uint8Array,
): { readonly verdict: "more" | Verdict; readonly after: number } {
  let first: { readonly verdict: "more" | Verdict; readonly after: number } | undefined;
  for (let length = 0; length <= input.length; length++) {
    // In a larger buffer and not at its start, as bytes arrive.
    const held = new Uint8Array(length + 8).fill(0xee);
    held.set(input.subarray(0, length), 3);
    const verdict = read(held.subarray(3, 3 + length));
    if (first === undefined) {
      if (verdict !== "more") first = { verdict, after: length };
    } else if (!Bun.deepEquals(verdict, first.verdict)) {
      throw new Error(`After ${first.after} bytes ${Bun.inspect(first)}, after ${length} ${Bun.inspect(verdict)}`);
    }
  }
  return first ?? { verdict: "more", after: input.length };
}

/** Changes, adds, repeats or takes away a few bytes. */
export function mutate(
  input: Uint8Array,
  random: { below(limit: number): number; bytes(length: number): Uint8Array },
): Uint8Array {
  let bytes = Uint8Array.from(input);
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    const [before, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kind = random.below(4);
    if (kind === 0) bytes = Uint8Array.from([...before, ...random.bytes(1), ...rest.subarray(1)]);
    else if (kind === 1) bytes = Uint8Array.from([...before, ...rest.subarray(1 + random.below(4))]);
    else if (kind === 2) bytes = Uint8Array.from([...before, ...random.bytes(1 + random.below(3)), ...rest]);
    else bytes = Uint8Array.from([...before, ...rest.subarray(0, 5), ...rest]);
  }
  return bytes;
}
