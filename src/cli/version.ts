// `sallyport version`: what this binary is.

import process from "node:process";
import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { jsonFlag } from "./flags.ts";

export function addVersionCommand(program: Command, cli: Cli): void {
  program
    .command("version")
    .description("print the version")
    .addOption(jsonFlag())
    .action((flags: { readonly json?: boolean }) => {
      const runtime = `${cli.runtime.name} ${cli.runtime.version}`;
      const platform = `${process.platform}-${process.arch}`;
      const { version } = cli;
      cli.out(
        flags.json === true
          ? `${JSON.stringify({ version, runtime, platform }, null, 2)}\n`
          : `sallyport ${version} (${runtime}, ${platform})\n`,
      );
    });
}
