// Errors that the operating system gave, recognised by their code.

/** Whether this is an error with an errno name in `code`. */
export function isErrnoException(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
