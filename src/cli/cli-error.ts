// A command that cannot go on, with what to tell the person who typed it and the exit code of design 6.

/** The exit codes that scripts rely on. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Ends the command. `message` says what is wrong and what to do next; it may have several lines. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}
