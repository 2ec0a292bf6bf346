// `sallyport completion SHELL`: a script that completes commands, flags and closed sets of values. It is made from the
// command tree itself, so it cannot go stale.

import { Argument, type Command, Option } from "commander";
import type { Cli } from "./cli.ts";
import { bashCompletion, type CompletedCommand, fishCompletion, zshCompletion } from "./completion-scripts.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function addCompletionCommand(program: Command, cli: Cli): void {
  program
    .command("completion")
    .description("print a completion script, as in: source <(sallyport completion bash)")
    .addArgument(new Argument("<shell>", "the shell to complete in").choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      cli.out(SCRIPTS[shell](describeCommands(program)));
    });
}

/** The command tree as data. */
export function describeCommands(program: Command): readonly CompletedCommand[] {
  const commands = program.commands
    .flatMap((command) => [command, ...command.commands])
    .map((command) => ({
      name: command.parent === program ? command.name() : `${command.parent?.name()} ${command.name()}`,
      description: command.description(),
      flags: [...command.options, new Option("--help", "say more about this command")].map((option) => ({
        name: option.long ?? option.flags,
        description: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
      })),
      choices: command.registeredArguments[0]?.argChoices ?? command.commands.map((inner) => inner.name()),
      files: command.registeredArguments.some((argument) => argument.name() === "path"),
    }));
  const help = { name: "help", description: "say more about a command", flags: [], files: false };
  return [...commands, { ...help, choices: program.commands.map((command) => command.name()) }];
}
