// `sallyport listeners`: the bound addresses, and why those that are not bound are not.

import type { Command } from "commander";
import { textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { addListCommand } from "./list-command.ts";
import { shortList } from "./routes.ts";

export function addListenersCommand(program: Command, cli: Cli): void {
  addListCommand(program, cli, {
    name: "listeners",
    description: "list the addresses the gateway listens on",
    path: "/api/v1/listeners",
    empty: "There are no listeners",
    columns: (paint) => [
      { title: "LISTENER", value: (row) => textOf(row, "name") },
      { title: "PORT", value: (row) => textOf(row, "port"), right: true },
      {
        title: "STATE",
        value: (row) => textOf(row, "state"),
        paint: (text) => (text === "listening" ? paint.good(text) : paint.bad(text)),
      },
      { title: "ROUTES", value: (row) => shortList(textsOf(row, "routes")) },
      { title: "ERROR", value: (row) => textOf(row, "error", "") },
    ],
  });
}
