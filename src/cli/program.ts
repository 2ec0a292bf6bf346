// The command tree: the one list of commands that help, completion and did-you-mean are made from.

import { Command } from "commander";
import { addAddressCommand } from "./address.ts";
import { addBackendsCommand } from "./backends.ts";
import { addCheckCommand } from "./check.ts";
import type { Cli } from "./cli.ts";
import { addCompletionCommand } from "./completion.ts";
import { addConnectionsCommand } from "./connections.ts";
import { addDrainCommand } from "./drain.ts";
import { addKillCommand } from "./kill.ts";
import { addListenersCommand } from "./listeners.ts";
import { addReloadCommand } from "./reload.ts";
import { addResourcesCommand } from "./resources.ts";
import { addRoutesCommand } from "./routes.ts";
import { addRunCommand } from "./run.ts";
import { addStatusCommand } from "./status.ts";
import { addVersionCommand } from "./version.ts";

const COMMANDS = [
  addRunCommand,
  addCheckCommand,
  addStatusCommand,
  addRoutesCommand,
  addListenersCommand,
  addBackendsCommand,
  addConnectionsCommand,
  addResourcesCommand,
  addAddressCommand,
  addKillCommand,
  addReloadCommand,
  addDrainCommand,
  addVersionCommand,
  addCompletionCommand,
] as const;

const EXAMPLES = `
Examples:
  sallyport run --routes routes     run the gateway on the files in routes/
  sallyport check routes            judge them first
  sallyport status                  look at the running gateway
  sallyport kill --route orders-db  abort all connections of a route

Exit codes: 0 ok, 1 failed, 2 bad usage or bad routes.
`;

/** Builds the tree. Nothing happens until it parses. */
export function createProgram(cli: Cli): Command {
  const program = new Command("sallyport");
  program
    .description("A self-hosted TCP gateway. Without a command it runs: `sallyport` is `sallyport run`.")
    .version(`sallyport ${cli.version}`, "-V, --version", "print the version")
    .helpCommand("help [command]", "say more about a command")
    .addHelpText("after", EXAMPLES)
    // A command's flags come after its name: a command within a command has its own.
    .enablePositionalOptions()
    .showHelpAfterError("(see `sallyport help`)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => cli.out(text), writeErr: (text) => cli.err(text) });
  // Settings such as exitOverride are inherited by commands that are added after them.
  for (const add of COMMANDS) add(program, cli);
  return program;
}
