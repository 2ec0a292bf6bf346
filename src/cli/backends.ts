// `sallyport backends`: where connections go, and which of these places cannot be reached.

import type { Command } from "commander";
import { textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { addListCommand } from "./list-command.ts";
import { shortList } from "./routes.ts";

export function addBackendsCommand(program: Command, cli: Cli): void {
  addListCommand(program, cli, {
    name: "backends",
    description: "list the backends and their state",
    path: "/api/v1/backends",
    empty: "There are no backends",
    columns: (paint) => [
      { title: "ROUTE", value: (row) => textOf(row, "route") },
      { title: "BACKEND", value: (row) => textOf(row, "backend") },
      {
        title: "STATE",
        value: (row) => textOf(row, "state"),
        paint: (text) => (text === "up" ? paint.good(text) : paint.bad(text)),
      },
      { title: "ADDRESSES", value: (row) => shortList(textsOf(row, "addresses")) },
      { title: "WEIGHT", value: (row) => textOf(row, "weight"), right: true },
      { title: "ACTIVE", value: (row) => textOf(row, "connectionsActive"), right: true },
      { title: "TOTAL", value: (row) => textOf(row, "connectionsTotal"), right: true },
      { title: "FAILURES", value: (row) => textOf(row, "dialFailures"), right: true },
      { title: "LAST ERROR", value: (row) => textOf(row, "lastError", "") },
    ],
  });
}
