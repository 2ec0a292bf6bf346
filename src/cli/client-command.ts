// What all commands that talk to a running gateway share: their flags, the client, and how answers are printed.

import type { Command } from "commander";
import { type AdminClient, createAdminClient } from "./admin-client.ts";
import type { Cli } from "./cli.ts";
import { adminFlag, chosenAdmin, chosenState, jsonFlag, stateFlag } from "./flags.ts";
import { findToken } from "./state-path.ts";
import { createPaint, type Paint, wantsColor } from "./table.ts";

/** Flags of every client command. */
export interface ClientFlags {
  readonly admin?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** What such a command works with. */
export interface ClientSession {
  readonly client: AdminClient;
  readonly paint: Paint;
  readonly json: boolean;
  /** Prints an answer: as it came with `--json`, else as the lines that `lines` makes of it. */
  print(answer: unknown, lines: () => string): void;
}

/** Adds a command with the common flags. */
export function clientCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(adminFlag())
    .addOption(stateFlag())
    .addOption(jsonFlag());
}

/** Finds the gateway and its token. */
export async function openSession(cli: Cli, flags: ClientFlags): Promise<ClientSession> {
  const address = chosenAdmin(cli, flags.admin);
  const token = await findToken(cli, chosenState(cli, flags.state), address);
  const json = flags.json === true;
  return {
    client: createAdminClient({ address, token }),
    paint: createPaint(!json && wantsColor(cli.stdoutIsTerminal, cli.env)),
    json,
    print: (answer, lines) => cli.out(json ? `${JSON.stringify(answer, null, 2)}\n` : lines()),
  };
}
