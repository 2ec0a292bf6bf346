// `sallyport connections`: the live connections, filtered, in pages.

import type { Command } from "commander";
import { type Answer, NOTHING, numberOf, objectsOf, textOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { countFlag } from "./flags.ts";
import { formatBytes, formatCount, formatDuration } from "./quantity.ts";
import { type Column, formatTable, shortened } from "./table.ts";

/** Which connections: each must match. Shared with `kill`. */
export interface FilterFlags {
  readonly route?: string;
  readonly source?: string;
  readonly backend?: string;
  readonly sni?: string;
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

/** Names of certificates may be of any length; whole ones are in the JSON. */
const MAX_NAME_CHARACTERS = 48;

/** Shown only when a connection has something there. */
const RARE_COLUMNS: readonly Column<Answer>[] = [
  { title: "SNI", value: (row) => shortened(textOf(row, "sni"), MAX_NAME_CHARACTERS) },
  { title: "CERTIFICATE", value: (row) => shortened(textOf(row, "clientCert"), MAX_NAME_CHARACTERS) },
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
        return formatTable(columnsFor(items), items, paint) + (next === undefined ? "" : `${paint.grey(more)}\n`);
      });
    });
}

function columnsFor(items: readonly Answer[]): readonly Column<Answer>[] {
  return [
    { title: "ID", value: (row) => textOf(row, "id") },
    { title: "ROUTE", value: (row) => textOf(row, "route") },
    { title: "CLIENT", value: (row) => textOf(row, "client") },
    { title: "LISTENER", value: (row) => textOf(row, "listener") },
    { title: "BACKEND", value: (row) => textOf(row, "backend") },
    ...RARE_COLUMNS.filter(({ value }) => items.some((row) => value(row) !== NOTHING)),
    { title: "AGE", value: (row) => formatDuration(numberOf(row, "durationMs")), right: true },
    { title: "IDLE", value: (row) => formatDuration(numberOf(row, "idleMs")), right: true },
    { title: "IN", value: (row) => formatBytes(numberOf(row, "bytesIn")), right: true },
    { title: "OUT", value: (row) => formatBytes(numberOf(row, "bytesOut")), right: true },
  ];
}

/** `--route`, `--source`, `--backend` and `--sni`. */
export function addFilterFlags(command: Command): Command {
  return command
    .option("--route <name>", "only of this route")
    .option("--source <cidr>", "only from this address or prefix")
    .option("--backend <address>", "only to this backend")
    .option("--sni <name>", "only those that asked for this TLS name");
}

/** The filter as the admin port wants it. */
export function filterOf(flags: FilterFlags): Readonly<Record<string, string | undefined>> {
  return { route: flags.route, source: flags.source, backend: flags.backend, sni: flags.sni };
}
