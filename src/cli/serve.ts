// The life of a gateway process: start, say where the admin port is, hear signals, end. Knows the process; what a gateway
// is made of is the composition root's business.
//
//   SIGHUP          reload
//   SIGTERM SIGINT  drain; once more: stop at once, exit 1

import type { Gateway } from "../app/gateway.ts";
import type { GatewayOptions } from "../app/options.ts";
import type { LogWriter } from "../observe/log-writer.ts";
import { formatAdminAddress } from "./admin-address.ts";
import type { Cli } from "./cli.ts";
import { EXIT } from "./cli-error.ts";
import { startFailure } from "./start-failure.ts";

/** After a second signal nobody wants to wait, whatever hangs. */
const STOP_MS = 2_000;

/**
 * A second SIGINT that comes this soon, in milliseconds, is the same Ctrl-C: a terminal sends it to the whole group, and
 * `bun run` and npx pass it on once more.
 */
const ECHO_MS = 500;

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
  const admin = formatAdminAddress(gateway.admin);
  const reasons = await gateway.view.notReady();
  if (reasons.length === 0) {
    log.write("info", "ready", `Ready, admin port at ${admin}`, { admin });
  } else {
    const first = reasons.length === 1 ? reasons[0] : `${reasons[0]} (and ${reasons.length - 1} more, see /readyz)`;
    log.write("warn", "not-ready", `Running but not ready, admin port at ${admin}: ${first}`, { admin });
  }
  const { routes } = await gateway.view.engine();
  if (routes.length === 0) log.write("warn", "no-routes", "There are no routes: name a directory with --routes");
}

async function untilStopped(cli: Cli, gateway: Gateway, log: LogWriter): Promise<number> {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<number>();
  const report = (what: string, error: unknown): void => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.write("error", "signal-failed", `Cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, {
      stack,
    });
  };
  let drainingSinceMs: number | undefined;
  let first = "";
  let aborting = false;
  const end = (signal: string): void => {
    if (aborting) return;
    if (drainingSinceMs !== undefined) {
      const echo = signal === "SIGINT" && first === "SIGINT" && performance.now() - drainingSinceMs < ECHO_MS;
      if (echo) return;
      aborting = true;
      log.write("warn", "stop", `${signal} again: stopping at once`);
      void stopSoon(gateway, report).then(() => abort(EXIT.failed));
      return;
    }
    drainingSinceMs = performance.now();
    first = signal;
    log.write("info", "signal", `${signal}; the same signal again stops at once`);
    gateway.drain().catch((error: unknown) => {
      report("drain", error);
      abort(EXIT.failed);
    });
  };
  const reload = (): void => {
    gateway.reload().catch((error: unknown) => report("reload", error));
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
