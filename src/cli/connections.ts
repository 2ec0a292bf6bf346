// `sallyport connections`: the live connections, filtered, in pages.

import type { Command } from "commander";
import { type Answer, numberOf, objectsOf, textOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { countFlag } from "./flags.ts";
import { formatBytes, formatCount, formatDuration } from "./quantity.ts";
import { type Column, formatTable } from "./table.ts";

/** Which connections: each must match. Shared with `kill`. */
export interface FilterFlags {
  readonly route?: string;
  readonly source?: string;
  readonly backend?: string;
}

interface ConnectionsFlags extends ClientFlags, FilterFlags {
  readonly limit: string;
  readonly after?: string;
}

/** A screen and a half. */
const DEFAULT_LIMIT = "100";
const MAX_LIMIT = 1_000_000;
/** Asked for at once; the gateway may give fewer. */
const PAGE = 100;

const COLUMNS: readonly Column<Answer>[] = [
  { title: "ID", value: (row) => textOf(row, "id") },
  { title: "ROUTE", value: (row) => textOf(row, "route") },
  { title: "CLIENT", value: (row) => textOf(row, "client") },
  { title: "LISTENER", value: (row) => textOf(row, "listener") },
  { title: "BACKEND", value: (row) => textOf(row, "backend") },
  { title: "AGE", value: (row) => formatDuration(numberOf(row, "durationMs")), right: true },
  { title: "IDLE", value: (row) => formatDuration(numberOf(row, "idleMs")), right: true },
  { title: "IN", value: (row) => formatBytes(numberOf(row, "bytesIn")), right: true },
  { title: "OUT", value: (row) => formatBytes(numberOf(row, "bytesOut")), right: true },
];

export function addConnectionsCommand(program: Command, cli: Cli): void {
  addFilterFlags(clientCommand(program, "connections", "list the live connections"))
    .option("--limit <count>", "show at most this many", DEFAULT_LIMIT)
    .option("--after <id>", "show those after this one")
    .action(async (flags: ConnectionsFlags) => {
      const limit = countFlag("--limit", flags.limit, MAX_LIMIT);
      const { client, paint, print } = await openSession(cli, flags);
      const items: Answer[] = [];
      let next = flags.after;
      do {
        const query = { ...filterOf(flags), limit: String(Math.min(PAGE, limit - items.length)), after: next };
        const { body } = await client.ask({ method: "GET", path: "/api/v1/connections", query });
        const page = objectsOf(body, "items");
        items.push(...page);
        const following = body["next"];
        // A page without anything, or the same page again, would go on forever.
        next = typeof following === "string" && page.length > 0 && following !== next ? following : undefined;
      } while (next !== undefined && items.length < limit);
      print({ items, next: next ?? null }, () => {
        if (items.length === 0) return "There are no such connections\n";
        const more = `${formatCount(items.length, "connection")} shown; more with --after ${next ?? ""}`;
        return formatTable(COLUMNS, items, paint) + (next === undefined ? "" : `${paint.grey(more)}\n`);
      });
    });
}

/** `--route`, `--source` and `--backend`. */
export function addFilterFlags(command: Command): Command {
  return command
    .option("--route <name>", "only of this route")
    .option("--source <cidr>", "only from this address or prefix")
    .option("--backend <address>", "only to this backend");
}

/** The filter as the admin port wants it. */
export function filterOf(flags: FilterFlags): Readonly<Record<string, string | undefined>> {
  return { route: flags.route, source: flags.source, backend: flags.backend };
}
