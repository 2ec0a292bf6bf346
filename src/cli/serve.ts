// The life of a gateway process: start, say where the admin port is, hear signals, end. Knows the process; what a gateway
// is made of is the composition root's business.
//
//   SIGHUP          reload
//   SIGTERM SIGINT  drain; once more: stop at once, exit 1

import type { Gateway } from "../app/gateway.ts";
import type { GatewayOptions } from "../app/options.ts";
import { formatDiagnostic } from "../base/diagnostic.ts";
import type { LogWriter } from "../observe/log-writer.ts";
import { formatAdminAddress } from "./admin-address.ts";
import type { Cli } from "./cli.ts";
import { EXIT } from "./cli-error.ts";
import { startFailure } from "./start-failure.ts";

/** After a second signal nobody wants to wait, whatever hangs. */
const STOP_MS = 2_000;

/** Runs until the gateway has stopped; resolves with the exit code. Throws CliError when it cannot start. */
export async function serve(cli: Cli, options: (log: LogWriter) => GatewayOptions, log: LogWriter): Promise<number> {
  const judged = options(log);
  // From the first listener on, a bug of ours must not cost everybody's connections.
  const forgetUncaught = cli.onUncaught((error) => {
    const message = error instanceof Error ? error.message : String(error);
    log.write("error", "uncaught", message, { stack: error instanceof Error ? error.stack : undefined });
  });
  try {
    let gateway: Gateway;
    try {
      gateway = await cli.startGateway(judged);
    } catch (error) {
      await log.flush();
      throw startFailure(error, judged);
    }
    await announce(gateway, log);
    return await untilStopped(cli, gateway, log);
  } finally {
    forgetUncaught();
    await log.flush();
  }
}

async function announce(gateway: Gateway, log: LogWriter): Promise<void> {
  for (const diagnostic of await gateway.view.diagnostics()) {
    const { file, line, column, code, severity } = diagnostic;
    const level = severity === "notice" ? "info" : "warn";
    log.write(level, "diagnostic", formatDiagnostic(diagnostic), { file, line, column, code, severity });
  }
  const admin = formatAdminAddress(gateway.admin);
  log.write("info", "ready", `Ready, admin port at ${admin}`, { admin });
}

async function untilStopped(cli: Cli, gateway: Gateway, log: LogWriter): Promise<number> {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<number>();
  const report = (what: string, error: unknown): void => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.write("error", "signal-failed", `Cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, {
      stack,
    });
  };
  let draining = false;
  let aborting = false;
  const end = (signal: string): void => {
    if (aborting) return;
    if (draining) {
      aborting = true;
      log.write("warn", "stop", `${signal} again: stopping at once`);
      void stopSoon(gateway, report).then(() => abort(EXIT.failed));
      return;
    }
    draining = true;
    log.write("info", "drain", `${signal}: draining; the same signal again stops at once`);
    gateway.drain().catch((error: unknown) => {
      report("drain", error);
      abort(EXIT.failed);
    });
  };
  const reload = (): void => {
    gateway.view.reload().catch((error: unknown) => report("reload", error));
  };
  const forget = [
    cli.onSignal("SIGHUP", reload),
    cli.onSignal("SIGTERM", () => end("SIGTERM")),
    cli.onSignal("SIGINT", () => end("SIGINT")),
  ];
  try {
    // `aborting` is looked at when the gateway has stopped: a stop that was forced is not a clean end.
    return await Promise.race([gateway.stopped.then(() => (aborting ? EXIT.failed : EXIT.ok)), aborted]);
  } finally {
    for (const off of forget) off();
  }
}

async function stopSoon(gateway: Gateway, report: (what: string, error: unknown) => void): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, STOP_MS);
  await Promise.race([gateway.stop().catch((error: unknown) => report("stop", error)), late]);
  clearTimeout(timer);
}
