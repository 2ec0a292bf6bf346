// `sallyport routes`: the routes as they run, with their traffic.

import type { Command } from "commander";
import { type Answer, numberOf, objectOf, textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { addListCommand } from "./list-command.ts";
import { formatBytes } from "./quantity.ts";
import { shareColumns } from "./share-column.ts";
import { shortList } from "./table.ts";
import { tlsColumns } from "./tls-column.ts";

export function addRoutesCommand(program: Command, cli: Cli): void {
  addListCommand(program, cli, {
    name: "routes",
    description: "list the routes as they run",
    path: "/api/v1/routes",
    empty: "There are no routes",
    columns: (paint, rows) => [
      { title: "ROUTE", value: (row) => textOf(row, "name") },
      { title: "LISTENERS", value: (row) => shortList(textsOf(row, "listeners")) },
      { title: "BACKENDS", value: (row) => shortList(textsOf(row, "backends")) },
      ...shareColumns(rows, paint),
      ...tlsColumns(rows, paint),
      { title: "ACTIVE", value: (row) => textOf(row, "connectionsActive"), right: true },
      { title: "ENDED", value: (row) => String(endedConnections(row)), right: true },
      { title: "IN", value: (row) => formatBytes(numberOf(row, "bytesIn")), right: true },
      { title: "OUT", value: (row) => formatBytes(numberOf(row, "bytesOut")), right: true },
      {
        title: "WRITTEN AT",
        value: (row) => `${textOf(row, "file")}:${textOf(row, "line")}`,
        paint: (text) => paint.grey(text),
      },
    ],
  });
}

function endedConnections(row: Answer): number {
  const totals = objectOf(row, "connectionsTotal");
  return Object.keys(totals).reduce((sum, reason) => sum + numberOf(totals, reason), 0);
}
