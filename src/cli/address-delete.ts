// `sallyport address delete`: gives a TCP address back, by its id or by what it is.

import type { Command } from "commander";
import { parseAddress } from "../base/address.ts";
import type { AdminClient } from "./admin-client.ts";
import { textOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { readList } from "./list-command.ts";
import { printable } from "./table.ts";

const NOT_FOUND = 404;

export function addAddressDeleteCommand(address: Command, cli: Cli): void {
  clientCommand(address, "delete", "give a TCP address back; what listens on it goes on")
    .argument("<address>", "its id or HOST:PORT, as `sallyport address list` shows them")
    .action(async (written: string, flags: ClientFlags) => {
      if (written === "") throw new CliError(EXIT.usage, "Cannot delete nothing: give an id or HOST:PORT");
      const { client, print } = await openSession(cli, flags);
      const id = written.includes(":") ? await idOf(client, written) : written;
      const path = `/api/v1/addresses/${encodeURIComponent(id)}`;
      const { status, body } = await client.ask({ method: "DELETE", path, accept: [NOT_FOUND] });
      if (status === NOT_FOUND) throw missing(written);
      print(body, () => `${printable(textOf(body, "addr"))} is not reserved any more\n`);
    });
}

/** The id of the address that is called so. */
async function idOf(client: AdminClient, written: string): Promise<string> {
  const address = parseAddress(written);
  if ("problem" in address) {
    throw new CliError(EXIT.usage, `Cannot delete "${written}": ${address.problem}; give an id or HOST:PORT`);
  }
  const [found] = await readList(client, "/api/v1/addresses", { addr: written });
  if (found === undefined) throw missing(written);
  return textOf(found, "id");
}

function missing(written: string): CliError {
  return new CliError(EXIT.failed, `There is no address "${written}": see \`sallyport address list\``);
}
