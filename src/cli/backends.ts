// `sallyport backends`: where connections go, which of these places cannot be reached, and why.

import type { Command } from "commander";
import { formatBackends, formatTargets } from "./backend-table.ts";
import { addBackendsSetCommand } from "./backends-set.ts";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { readList } from "./list-command.ts";
import { refuseUnknownName } from "./unknown-name.ts";

interface BackendsFlags extends ClientFlags {
  readonly route?: string;
  readonly backend?: string;
  readonly targets?: boolean;
}

export function addBackendsCommand(program: Command, cli: Cli): void {
  const command = clientCommand(program, "backends", "list the backends and their state, or set it by hand")
    .option("--route <name>", "only of this route")
    .option("--backend <address>", "only this backend, as written in the route")
    .option("--targets", "show every address of each backend")
    // The flags of a command within this one are its own: --state means something else there.
    .enablePositionalOptions()
    .action(async (flags: BackendsFlags) => {
      const { client, paint, print } = await openSession(cli, flags);
      const filter = { route: flags.route, backend: flags.backend };
      const items = await readList(client, "/api/v1/backends", filter);
      if (items.length === 0) await refuseUnknownName(client, filter);
      const format = flags.targets === true ? formatTargets : formatBackends;
      print({ items, next: null }, () => format(items, paint));
    });
  addBackendsSetCommand(command, cli);
}
