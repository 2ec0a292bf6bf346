// `sallyport kill`: aborts connections, by id or by filter. It never aborts everything because a filter was forgotten.

import type { Command } from "commander";
import { numberOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { addFilterFlags, type FilterFlags, filterOf } from "./connections.ts";
import { formatCount } from "./quantity.ts";
import { refuseUnknownName } from "./unknown-name.ts";

const NOT_FOUND = 404;

export function addKillCommand(program: Command, cli: Cli): void {
  addFilterFlags(clientCommand(program, "kill", "abort connections"))
    .argument("[id...]", "connections, as `sallyport connections` lists them")
    .action(async (ids: readonly string[], flags: ClientFlags & FilterFlags) => {
      const filter = filterOf(flags);
      const given = Object.values(filter).filter((value) => value !== undefined);
      if (given.includes("")) throw new CliError(EXIT.usage, "Cannot kill by an empty filter: it would match nothing");
      const filtered = given.length > 0;
      if (ids.length > 0 && filtered) {
        throw new CliError(EXIT.usage, "Cannot kill by id and by filter at once: say which");
      }
      if (ids.length === 0 && !filtered) {
        throw new CliError(
          EXIT.usage,
          "Cannot kill without saying what: give ids, or --route, --source, --backend or --sni",
        );
      }
      const { client, print } = await openSession(cli, flags);
      if (filtered) {
        const { body } = await client.ask({ method: "DELETE", path: "/api/v1/connections", query: filter });
        const killed = numberOf(body, "killed");
        // Connections outlive their route: only when nothing was killed does an unknown name mean a mistake.
        if (killed === 0) await refuseUnknownName(client, filter);
        print({ killed }, () => `Killed ${formatCount(killed, "connection")}\n`);
        return;
      }
      const missing: string[] = [];
      for (const id of ids) {
        const path = `/api/v1/connections/${encodeURIComponent(id)}`;
        const { status } = await client.ask({ method: "DELETE", path, accept: [NOT_FOUND] });
        if (status === NOT_FOUND) missing.push(id);
      }
      const killed = ids.length - missing.length;
      print({ killed, missing }, () => `Killed ${formatCount(killed, "connection")}\n`);
      if (missing.length > 0) {
        throw new CliError(EXIT.failed, `Cannot find ${missing.join(", ")}: see \`sallyport connections\``);
      }
    });
}
