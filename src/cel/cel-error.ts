// What an expression ends with when it has no value: thrown while it is evaluated, never while it is compiled.

/**
 * `no-such-key`: a map has no such key, or a list no such index. `wrong-type`: an operator or function got a value it does
 * not take. `bad-argument`: the type is right and the value is not. `overflow`: a number, time or duration out of range.
 * `division-by-zero`. `too-much`: the work or the size of values passed a limit.
 */
export type CelErrorCode = "no-such-key" | "wrong-type" | "bad-argument" | "overflow" | "division-by-zero" | "too-much";

/** An expression that has no value. The message is for the operator's log and may quote what a client said. */
export class CelError extends Error {
  override readonly name = "CelError";
  readonly code: CelErrorCode;

  constructor(code: CelErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
