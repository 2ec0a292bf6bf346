// `sallyport address`: the TCP addresses that are reserved; reserve one, give one back.

import type { Command } from "commander";
import { addAddressCreateCommand } from "./address-create.ts";
import { addAddressDeleteCommand } from "./address-delete.ts";
import { type Answer, textOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { addListCommand } from "./list-command.ts";
import type { Column, Paint } from "./table.ts";

export function addAddressCommand(program: Command, cli: Cli): void {
  const command = program.command("address").description("reserve TCP addresses, list them, give them back");
  addAddressCreateCommand(command, cli);
  addListCommand(command, cli, {
    name: "list",
    description: "list the reserved TCP addresses, the newest first",
    path: "/api/v1/addresses",
    empty: "There are no addresses: reserve one with `sallyport address create`",
    columns,
  });
  addAddressDeleteCommand(command, cli);
}

/** Most have nothing to be noted. */
function columns(paint: Paint, rows: readonly Answer[]): readonly Column<Answer>[] {
  const note: Column<Answer> = { title: "NOTE", value: (row) => textOf(row, "note", ""), paint: paint.warn };
  return [
    { title: "ID", value: (row) => textOf(row, "id") },
    { title: "ADDRESS", value: (row) => textOf(row, "addr") },
    { title: "CREATED", value: (row) => textOf(row, "createdAt").replace(/\.\d+Z$/, "Z") },
    { title: "DESCRIPTION", value: (row) => textOf(row, "description", "") },
    ...(rows.some((row) => "note" in row) ? [note] : []),
  ];
}
