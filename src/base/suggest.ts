// "Did you mean …?": the known word that is nearest to what somebody wrote, by edit distance.

/** Longer words are not compared: nobody mistypes one, and the work grows with the square of the length. */
const MAX_WORD_CHARS = 40;

/** The known word that `written` was probably meant to be, or `undefined` when none is near. Ignores case, `-` and `_`. */
export function suggest(written: string, known: Iterable<string>): string | undefined {
  if (written.length > MAX_WORD_CHARS) return undefined;
  const plain = simplify(written);
  let best: string | undefined;
  // A third of the letters may differ, but in a word of up to five letters only one.
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(plain, simplify(word));
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** Fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? cost) + 1);
      }
      current.push(cost);
    }
    before = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, "");
}
