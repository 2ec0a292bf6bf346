// `sallyport listeners`: the bound addresses, and why those that are not bound are not.

import type { Command } from "commander";
import { type Answer, NOTHING, numberOf, textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { addListCommand } from "./list-command.ts";
import { formatCount } from "./quantity.ts";
import { type Column, shortList } from "./table.ts";

/** Whose connections have to begin with a PROXY header; `-`: nobody's. */
const PROXY_COLUMN: Column<Answer> = {
  title: "PROXY FROM",
  value: (row) => (numberOf(row, "proxyFrom") > 0 ? formatCount(numberOf(row, "proxyFrom"), "source") : NOTHING),
};

export function addListenersCommand(program: Command, cli: Cli): void {
  addListCommand(program, cli, {
    name: "listeners",
    description: "list the addresses the gateway listens on",
    path: "/api/v1/listeners",
    empty: "There are no listeners",
    columns: (paint, rows) => [
      { title: "LISTENER", value: (row) => textOf(row, "name") },
      { title: "PORT", value: (row) => textOf(row, "port"), right: true },
      {
        title: "STATE",
        value: (row) => textOf(row, "state"),
        paint: (text) => (text === "listening" ? paint.good(text) : paint.bad(text)),
      },
      { title: "ROUTES", value: (row) => shortList(textsOf(row, "routes")) },
      ...(rows.some((row) => numberOf(row, "proxyFrom") > 0) ? [PROXY_COLUMN] : []),
      { title: "ERROR", value: (row) => textOf(row, "error", "") },
    ],
  });
}
