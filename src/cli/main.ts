// The command line: arguments in, exit code out. Errors become one line that says what to do; only our own bugs show a
// stack. Nothing here ends the process: the entry point does, with the code that this returns.

import { CommanderError } from "commander";
import { GatewayError } from "../base/gateway-error.ts";
import { EMBEDDED_ROUTES } from "../config/embedded.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { VERSION } from "./program-version.ts";
import { type Cli, PARTS, processSurroundings, type Surroundings } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { createProgram } from "./program.ts";
import { printable } from "./table.ts";

/** What tests replace. */
export type Replacements = Partial<Pick<Cli, "startGateway" | "loadRoutes" | "embedded" | "version">>;

/** Runs one command; `argv` begins after the program's name. Resolves with the exit code, and never rejects. */
export async function main(
  runtime: Runtime,
  argv: readonly string[],
  surroundings: Surroundings = processSurroundings(),
  replacements: Replacements = {},
): Promise<number> {
  const cli: Cli = {
    ...PARTS,
    embedded: EMBEDDED_ROUTES,
    version: VERSION,
    ...replacements,
    ...surroundings,
    runtime,
    exitCode: EXIT.ok,
  };
  let code: number;
  try {
    await createProgram(cli).parseAsync(withCommand(argv), { from: "user" });
    code = cli.exitCode;
  } catch (error) {
    code = report(cli, error);
  }
  await surroundings.written();
  return code;
}

/** `sallyport --routes DIR` means `sallyport run --routes DIR`; only help and version stand alone. */
function withCommand(argv: readonly string[]): string[] {
  const first = argv[0];
  const alone = ["-h", "--help", "-V", "--version"];
  return first === undefined || (first.startsWith("-") && !alone.includes(first)) ? ["run", ...argv] : [...argv];
}

/** What a server or a file said may hold terminal escapes; lines stay lines. */
function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function report(cli: Cli, error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version end this way too; what was wrong is already printed.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof CliError) {
    cli.err(`${printableLines(error.message)}\n`);
    return error.exitCode;
  }
  if (error instanceof GatewayError) {
    cli.err(`${error.message} (${error.code})\n`);
    return EXIT.failed;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  cli.err(`This is a bug in sallyport ${cli.version}, please report it:\n${stack}\n`);
  return EXIT.failed;
}
