// What was thrown, made safe to look at: runtimes throw anything, and say which error it was in `error.code`.

/** The errno name that a runtime put into `code`; `undefined` when `error` has none. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What was thrown, as an Error; anything else becomes the `cause` of one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
