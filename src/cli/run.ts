// `sallyport run`, the default command: judges the flags and hands over to the serving loop.

import { isIP } from "node:net";
import { type Command, Option } from "commander";
import type { GatewayOptions } from "../app/options.ts";
import { createLog, LOG_FORMATS, LOG_LEVELS, type LogWriter } from "../observe/log-writer.ts";
import type { SocketAddress } from "../runtime/runtime.ts";
import { ADMIN_WANTED } from "./admin-address.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import {
  adminFlag,
  bindFlag,
  chosenAdmin,
  chosenBind,
  chosenDns,
  chosenGeoDatabases,
  chosenRoutes,
  chosenState,
  chosenWord,
  collect,
  dnsFlag,
  durationFlag,
  fromEnvironment,
  geoFlag,
  stateFlag,
} from "./flags.ts";
import {
  addGatewayApiFlags,
  chosenGatewayApi,
  chosenStatusDir,
  type GatewayApiFlags,
  statusDirFlag,
} from "./gateway-flags.ts";
import { serve } from "./serve.ts";
import { wantsColor } from "./table.ts";

interface RunFlags extends GatewayApiFlags {
  readonly routes?: readonly string[];
  readonly admin?: string;
  readonly state?: string;
  readonly bind?: readonly string[];
  readonly dns?: readonly string[];
  readonly geoDb?: readonly string[];
  readonly statusDir?: string;
  readonly strict?: boolean;
  readonly drainTimeout: string;
  readonly log?: string;
  readonly logLevel?: string;
}

export function addRunCommand(program: Command, cli: Cli): void {
  const command = program
    .command("run")
    .description("run the gateway; what `sallyport` does without a command")
    .addOption(
      new Option("--routes <dir>", "directory or file with routes (repeatable; env SALLYPORT_ROUTES)").argParser(
        collect,
      ),
    )
    .addOption(adminFlag())
    .addOption(stateFlag())
    .addOption(bindFlag())
    .addOption(dnsFlag())
    .addOption(geoFlag());
  addGatewayApiFlags(command)
    .addOption(statusDirFlag())
    .option("--strict", "refuse to start on any mistake in the routes")
    .option("--drain-timeout <duration>", "how long connections may go on after SIGTERM; 0 aborts them", "30s")
    .addOption(new Option("--log <format>", `${LOG_FORMATS.join(" or ")} (default by terminal; env SALLYPORT_LOG)`))
    .addOption(new Option("--log-level <level>", `${LOG_LEVELS.join(", ")} (default info; env SALLYPORT_LOG_LEVEL)`))
    .action(async (flags: RunFlags) => {
      cli.exitCode = await serve(cli, (log) => gatewayOptions(cli, flags, log), openLog(cli, flags));
    });
}

function openLog(cli: Cli, flags: RunFlags): LogWriter {
  const format = chosenWord(cli, { name: "--log", value: flags.log, variable: "SALLYPORT_LOG" }, LOG_FORMATS);
  const level = chosenWord(
    cli,
    { name: "--log-level", value: flags.logLevel, variable: "SALLYPORT_LOG_LEVEL" },
    LOG_LEVELS,
  );
  return createLog({
    format: format ?? (cli.stderrIsTerminal ? "pretty" : "json"),
    level: level ?? "info",
    color: wantsColor(cli.stderrIsTerminal, cli.env),
    access: true,
  });
}

function gatewayOptions(cli: Cli, flags: RunFlags, log: LogWriter): GatewayOptions {
  const adminToken = fromEnvironment(cli, "SALLYPORT_ADMIN_TOKEN");
  const geoDatabases = chosenGeoDatabases(cli, flags.geoDb);
  const statusDir = chosenStatusDir(flags.statusDir);
  return {
    version: cli.version,
    runtime: cli.runtime,
    log,
    routes: chosenRoutes(cli, flags.routes),
    embedded: cli.embedded,
    admin: bindable(chosenAdmin(cli, flags.admin)),
    ...(adminToken === undefined ? {} : { adminToken }),
    state: chosenState(cli, flags.state),
    bind: chosenBind(flags.bind),
    dns: chosenDns(cli, flags.dns),
    ...(geoDatabases.length === 0 ? {} : { geoDatabases }),
    ...chosenGatewayApi(cli, flags),
    ...(statusDir === undefined ? {} : { statusDir }),
    strict: flags.strict === true,
    drainTimeoutMs: durationFlag("--drain-timeout", flags.drainTimeout),
  };
}

/** A client may be told a name; a gateway binds an address. */
function bindable(address: SocketAddress): SocketAddress {
  if (!("unix" in address) && isIP(address.host) === 0) {
    throw new CliError(
      EXIT.usage,
      `Cannot listen on "${address.host}": --admin wants an IP address here (${ADMIN_WANTED})`,
    );
  }
  return address;
}
