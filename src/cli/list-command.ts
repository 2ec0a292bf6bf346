// The shape of `routes`, `listeners` and `address list`: one list of the admin port, as one table. `backends` reads its list in the same way.

import type { Command } from "commander";
import { type Answer, objectsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import type { AdminClient } from "./admin-client.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { type Column, formatTable, type Paint } from "./table.ts";

export interface ListCommand {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  /** Said when the list is empty. */
  readonly empty: string;
  /** Of a table of these rows: a column that would be empty may be left out. */
  readonly columns: (paint: Paint, rows: readonly Answer[]) => readonly Column<Answer>[];
}

/** Pages that are followed before something is wrong with the gateway. */
const MAX_PAGES = 1_000;

/** Adds a command that prints a whole list. */
export function addListCommand(program: Command, cli: Cli, list: ListCommand): void {
  clientCommand(program, list.name, list.description).action(async (flags: ClientFlags) => {
    const { client, paint, print } = await openSession(cli, flags);
    const items = await readList(client, list.path);
    print({ items, next: null }, () =>
      items.length === 0 ? `${list.empty}\n` : formatTable(list.columns(paint, items), items, paint),
    );
  });
}

/** Reads all pages of a list. */
export async function readList(
  client: AdminClient,
  path: string,
  filter: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly Answer[]> {
  const items: Answer[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { body } = await client.ask({ method: "GET", path, query: { ...filter, after } });
    items.push(...objectsOf(body, "items"));
    const next = body["next"];
    if (typeof next !== "string" || next === "" || next === after) break;
    after = next;
  }
  return items;
}
