// Where every value of a document was written, kept beside the plain values: a tree of offsets, without the text and
// without the YAML library's nodes, so that it can be kept as long as the resources that were made from it.

import type { Position } from "../base/diagnostic.ts";
import type { ValuePath } from "../resource/origin.ts";

/** Where a value begins, and where the values inside it do. A list of scalars needs one number for each. */
export interface Mark {
  readonly offset: number;
  readonly children?: ReadonlyMap<string, KeyMark> | readonly Mark[] | Uint32Array;
}

/** Where a key of a map begins, and its value. */
export interface KeyMark {
  readonly keyOffset: number;
  readonly value: Mark;
}

/** Offset of the value at `path`, or of its last key, or of the nearest of its ancestors that was written. */
export function findOffset(root: Mark, path: ValuePath, part: "key" | "value" = "value"): number {
  let mark = root;
  for (const [depth, key] of path.entries()) {
    const { children } = mark;
    const last = depth === path.length - 1;
    if (children instanceof Map) {
      const child = children.get(String(key));
      if (child === undefined) return mark.offset;
      if (last && part === "key") return child.keyOffset;
      mark = child.value;
    } else if (children instanceof Uint32Array) {
      return children[Number(key)] ?? mark.offset;
    } else if (Array.isArray(children)) {
      const child: Mark | undefined = children[Number(key)];
      if (child === undefined) return mark.offset;
      mark = child;
    } else {
      return mark.offset;
    }
  }
  return mark.offset;
}

/** Turns offsets of one text into lines and columns. */
export class Lines {
  readonly #starts: Uint32Array;
  readonly #end: number;

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#starts = Uint32Array.from(starts);
    this.#end = text.length;
  }

  /** The line and column of an offset, which is taken to lie inside the text. */
  position(offset: number): Position {
    const inside = Math.min(Math.max(offset, 0), this.#end);
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= inside) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: inside - (this.#starts[low] ?? 0) + 1 };
  }
}
