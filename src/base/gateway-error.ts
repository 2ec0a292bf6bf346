// A failed operation (bind, read, open the state file): thrown with a code that programs match on and the cause that
// the runtime gave. Wrong files are Diagnostics and ended connections are CloseReasons; neither is ever thrown.

/** An operation that could not be done. `code` is stable: an errno name such as `EADDRINUSE`, or `area/what`. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
