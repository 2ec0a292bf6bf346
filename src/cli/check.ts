// `sallyport check`: judges route files exactly as the gateway does, without starting anything. Exit 0 valid, 2 not.

import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { Option } from "commander";
import type { Diagnostic } from "../base/diagnostic.ts";
import { GatewayError } from "../base/gateway-error.ts";
import type { Sources } from "../config/source.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { countDiagnostics, formatDiagnostics } from "./diagnostics.ts";
import { isErrnoException } from "./errno.ts";
import { bindFlag, chosenBind, chosenGeoDatabases, chosenRoutes, geoFlag } from "./flags.ts";
import { addGatewayApiFlags, chosenGatewayApi, type GatewayApiFlags } from "./gateway-flags.ts";
import { hasErrors, type LoadedRoutes } from "./load-routes.ts";
import { formatCount } from "./quantity.ts";
import { createPaint, wantsColor } from "./table.ts";

const FORMATS = ["text", "json", "github"] as const;

interface CheckFlags extends GatewayApiFlags {
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
  readonly bind?: readonly string[];
  readonly geoDb?: readonly string[];
}

export function addCheckCommand(program: Command, cli: Cli): void {
  const command = program
    .command("check")
    .description("judge route files without starting anything; exit 0 valid, 2 not")
    .argument("[path...]", "directories or files (default: SALLYPORT_ROUTES, else the embedded routes)")
    .addOption(new Option("--format <format>", "how to print").choices(FORMATS).default("text"))
    .option("--json", "same as --format json")
    .addOption(bindFlag())
    .addOption(geoFlag());
  addGatewayApiFlags(command).action(async (paths: readonly string[], flags: CheckFlags) => {
    const directories = chosenRoutes(cli, paths.length === 0 ? undefined : paths);
    const sources: Sources = { documents: [], directories, embedded: cli.embedded };
    await refuseNothing(sources);
    const loaded = await load(cli, sources, flags);
    const place = directories.length === 0 ? "the embedded routes" : directories.join(", ");
    const valid = !hasErrors(loaded.diagnostics) && loaded.routes + loaded.manifests > 0;
    const format = flags.json === true ? "json" : flags.format;
    cli.out(formatResult(format, loaded, valid, wantsColor(cli.stdoutIsTerminal, cli.env)));
    // Success would mean that something was found to be right.
    if (!valid && !hasErrors(loaded.diagnostics)) {
      throw new CliError(EXIT.usage, `Cannot find a route in ${place}: nothing was checked`);
    }
    if (!valid) cli.exitCode = EXIT.usage;
  });
}

async function load(cli: Cli, sources: Sources, flags: CheckFlags): Promise<LoadedRoutes> {
  const databases = chosenGeoDatabases(cli, flags.geoDb);
  try {
    return await cli.loadRoutes(sources, chosenBind(flags.bind), {}, chosenGatewayApi(cli, flags), databases);
  } catch (error) {
    if (!(error instanceof GatewayError) || !error.code.startsWith("geo/")) throw error;
    throw new CliError(EXIT.usage, error.message, error);
  }
}

async function refuseNothing(sources: Sources): Promise<void> {
  if (sources.directories.length === 0 && sources.embedded.length === 0) {
    throw new CliError(EXIT.usage, "Cannot check nothing: name a directory or a file, as in `sallyport check routes`");
  }
  for (const path of sources.directories) {
    try {
      await stat(path);
    } catch (error) {
      if (!isErrnoException(error)) throw error;
      throw new CliError(EXIT.usage, `Cannot read "${path}": ${error.message}`, error);
    }
  }
}

function formatResult(format: CheckFlags["format"], loaded: LoadedRoutes, valid: boolean, color: boolean): string {
  const { routes, listeners, diagnostics } = loaded;
  if (format === "json") return `${JSON.stringify({ valid, routes, listeners, diagnostics }, null, 2)}\n`;
  const paint = createPaint(color && format === "text");
  const lines =
    format === "github" ? diagnostics.map(formatAnnotation).join("") : formatDiagnostics(diagnostics, paint);
  const counted = countDiagnostics(diagnostics);
  const found = `${formatCount(routes, "route")} on ${formatCount(listeners, "listener")}`;
  const summary = `${valid ? "Valid" : "Not valid"}: ${found}${counted === "" ? "" : `, ${counted}`}`;
  return `${lines}${valid ? paint.good(summary) : paint.bad(summary)}\n`;
}

/** A workflow command that GitHub shows beside the line. */
function formatAnnotation(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, message, hint } = diagnostic;
  const place = line === 0 ? "" : `,line=${line},col=${Math.max(1, column)}`;
  const said = hint === undefined ? message : `${message} (${hint})`;
  return `::${severity} file=${escapeProperty(file)}${place},title=${escapeProperty(code)}::${escapeData(said)}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
