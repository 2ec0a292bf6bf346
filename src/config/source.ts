// A source is a text with a name: a route file, a document put through the admin API, or a file embedded in the binary.

/** One text to read documents from. */
export interface SourceFile {
  /** As diagnostics show it; unique. */
  readonly file: string;
  readonly text: string;
}

/** Where routes come from, in order of precedence (design 5). */
export interface Sources {
  /** Documents put through the admin API, named `document:NAME`. */
  readonly documents: readonly SourceFile[];
  /** Directories (or single files) given on the command line. */
  readonly directories: readonly string[];
  /** Used when `directories` is empty. */
  readonly embedded: readonly SourceFile[];
}
