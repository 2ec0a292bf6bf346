// `sallyport reload`: reads the routes again and says what came of it.

import type { Command } from "commander";
import { diagnosticsOf, textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { EXIT } from "./cli-error.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { formatDiagnostics } from "./diagnostics.ts";
import { hasErrors } from "./load-routes.ts";
import { printable } from "./table.ts";

export function addReloadCommand(program: Command, cli: Cli): void {
  clientCommand(program, "reload", "read the routes again").action(async (flags: ClientFlags) => {
    const { client, paint, print } = await openSession(cli, flags);
    const { body } = await client.ask({ method: "POST", path: "/api/v1/reload" });
    const diagnostics = diagnosticsOf(body, "diagnostics");
    print(body, () => {
      const lines = [`Reloaded: ${textOf(body, "result")}, generation ${textOf(body, "generation")}`];
      for (const change of ["added", "changed", "removed"]) {
        const names = textsOf(body, change);
        if (names.length > 0) lines.push(`${change.padEnd(9)}  ${printable(names.join(", "))}`);
      }
      lines.push(`unchanged  ${textsOf(body, "unchanged").length}`);
      for (const failure of textsOf(body, "failures")) lines.push(printable(failure));
      return `${lines.join("\n")}\n${formatDiagnostics(diagnostics, paint)}`;
    });
    if (hasErrors(diagnostics)) cli.exitCode = EXIT.usage;
  });
}
