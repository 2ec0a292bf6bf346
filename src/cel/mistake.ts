// What is wrong with an expression as it is written. Compilers give it to whoever wrote the expression, as a value.

import { suggest } from "../base/suggest.ts";

/** What is wrong, and where: `offset` counts UTF-16 units from the begin of the source. */
export interface CelMistake {
  readonly message: string;
  readonly offset: number;
  /** How to mend it, when we can tell, for example `Did you mean "conn.client_ip"?`. */
  readonly hint?: string;
}

/** Whether a compiler found a mistake instead of compiling. */
export function isMistake<T extends object>(compiled: T | CelMistake): compiled is CelMistake {
  return "message" in compiled && "offset" in compiled;
}

/** Carries a mistake out of the depths of a parser or compiler; `caught` ends its way. It never leaves this folder. */
export class Mistaken extends Error {
  override readonly name = "Mistaken";
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(offset: number, message: string, hint?: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** What `compile` gives, or the mistake that it threw. */
export function caught<T>(compile: () => T): T | CelMistake {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof Mistaken)) throw error;
    const { message, offset, hint } = error;
    return hint === undefined ? { message, offset } : { message, offset, hint };
  }
}

/** The longest name that a message repeats, in UTF-16 units. */
const MAX_NAME_CHARS = 100;

/** A name that somebody wrote, shortened for a message. */
export function shorten(name: string): string {
  return name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}…` : name;
}

/** `Did you mean …?` for the known name that is nearest, or `undefined`. */
export function nearest(written: string, known: Iterable<string>, prefix = ""): string | undefined {
  const near = suggest(written, known);
  return near === undefined ? undefined : `Did you mean "${prefix}${near}"?`;
}
