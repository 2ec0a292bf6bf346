// `sallyport backends set`: changes by hand how much a backend gets, until it is set to `auto` again.

import { type Command, Option } from "commander";
import { objectsOf } from "./answer.ts";
import { formatBackends } from "./backend-table.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { type ClientFlags, openSession } from "./client-command.ts";
import { adminFlag, jsonFlag } from "./flags.ts";
import { printable } from "./table.ts";

interface SetFlags {
  readonly admin?: string;
  /** The state file: `--state` is the backend's state here. */
  readonly stateFile?: string;
  readonly json?: boolean;
  readonly route?: string;
  readonly weight?: string;
  readonly state?: string;
}

const NOT_FOUND = 404;

/** As in route files. */
const MAX_WEIGHT = 1_000_000;

/** `auto` is none of these: as it is measured. */
const STATES: readonly string[] = ["auto", "up", "drain", "down"];

export function addBackendsSetCommand(backends: Command, cli: Cli): void {
  backends
    .command("set")
    .description("set a backend's weight or state by hand; it survives reloads and restarts")
    .argument("<backend>", "backend, as `sallyport backends` lists it")
    .option("--route <name>", "only in this route (default: in all that have it)")
    .option("--weight <count>", `its share, 0 to ${MAX_WEIGHT}; auto: as written`)
    .addOption(
      new Option(
        "--state <state>",
        "up: used whatever checks say; drain: no new connections; down: as if it had gone down; auto: as measured",
      ).choices(STATES),
    )
    .addOption(adminFlag())
    .option("--state-file <file>", "state file; its admin token lies beside it (env SALLYPORT_STATE)")
    .addOption(jsonFlag())
    .action(async (backend: string, flags: SetFlags) => {
      // What was said before `set` counts too: without it, another gateway or more routes would be changed.
      const before = backends.opts<ClientFlags & { readonly route?: string }>();
      const { route = before.route, admin = before.admin, stateFile = before.state, json = before.json } = flags;
      if (backend === "" || route === "") {
        throw new CliError(EXIT.usage, "Cannot set a backend by an empty name: it would match nothing");
      }
      const content = changeOf(flags);
      const { client, paint, print } = await openSession(cli, {
        ...(admin === undefined ? {} : { admin }),
        ...(stateFile === undefined ? {} : { state: stateFile }),
        ...(json === undefined ? {} : { json }),
      });
      const query = { route, backend };
      const asked = { method: "PATCH", path: "/api/v1/backends", query, content, accept: [NOT_FOUND] } as const;
      const { status, body } = await client.ask(asked);
      if (status === NOT_FOUND) {
        const where = route === undefined ? "no route has it" : `route "${route}" does not have it`;
        throw new CliError(EXIT.failed, `Cannot set "${backend}": ${where}; see \`sallyport backends\``);
      }
      const items = objectsOf(body, "items");
      print(body, () =>
        items.length === 0
          ? `Took back what was set by hand for ${printable(backend)}: no route has it any more\n`
          : formatBackends(items, paint),
      );
    });
}

/** What the flags say, as the admin port wants it. */
function changeOf({ weight, state }: SetFlags): Readonly<Record<string, number | string | null>> {
  if (weight === undefined && state === undefined) {
    throw new CliError(EXIT.usage, "Cannot set nothing: give --weight, --state or both");
  }
  return {
    ...(weight === undefined ? {} : { weight: weightOf(weight) }),
    ...(state === undefined ? {} : { state: state === "auto" ? null : state }),
  };
}

function weightOf(text: string): number | null {
  if (text === "auto") return null;
  const weight = Number(text);
  if (/^\d+$/.test(text) && weight <= MAX_WEIGHT) return weight;
  throw new CliError(
    EXIT.usage,
    `Cannot use "${text}" for --weight: it wants a whole number from 0 to ${MAX_WEIGHT}, or auto`,
  );
}
