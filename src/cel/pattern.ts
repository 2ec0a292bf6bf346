// Patterns of `matches`: RE2, so that the time of a match grows with the text and with nothing else. A client chooses some
// of the texts, and JavaScript's own expressions can take forever.

import { RE2JS } from "@bufbuild/re2";

import { CelError } from "./cel-error.ts";

/** A compiled pattern; it matches anywhere in a text unless it is anchored. */
export interface Pattern {
  test(text: string): boolean;
}

/** The longest pattern, in UTF-16 units. Compiling costs time for each of them. */
const MAX_PATTERN_CHARS = 1000;
/** The longest text that is matched, in UTF-16 units: some patterns take a microsecond for each of them. */
const MAX_MATCHED_CHARS = 8192;

/** Compiles a pattern. Throws CelError when it is none. */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_CHARS) {
    throw new CelError("bad-argument", `A pattern has ${MAX_PATTERN_CHARS} characters at most`);
  }
  try {
    const pattern = new RE2JS(source);
    return {
      test: (text) => {
        if (text.length <= MAX_MATCHED_CHARS) return pattern.test(text);
        throw new CelError("too-much", `A text of ${MAX_MATCHED_CHARS} characters at most is matched`);
      },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    throw new CelError("bad-argument", `The pattern is no RE2 expression: ${why}`, error);
  }
}
