// One gateway for one state file: a second one would change documents and overrides behind the first one's back. The lock is
// a transaction that stays open on a file beside it, so the system releases it however the process ends.

import { GatewayError } from "../base/gateway-error.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A gateway that is just ending is waited for, in milliseconds. */
const WAIT_MS = 2_000;

/** Takes the lock of the state file at `path`; throws GatewayError `state/in-use` while another gateway has it. */
export function lockState(runtime: Pick<Runtime, "openDatabase">, path: string): Disposable {
  const file = `${path}.lock`;
  const database = runtime.openDatabase(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (!(cause instanceof GatewayError) || cause.code !== "state/locked") throw cause;
    throw new GatewayError("state/in-use", `Cannot use the state file "${path}": another gateway is using it`, cause);
  }
  return { [Symbol.dispose]: () => database.close() };
}
