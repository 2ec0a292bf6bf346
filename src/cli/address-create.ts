// `sallyport address create`: reserves a TCP address, and prints it alone, for scripts.

import type { Command } from "commander";
import { textOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { countFlag } from "./flags.ts";
import { printable } from "./table.ts";

interface CreateFlags extends ClientFlags {
  readonly host?: string;
  readonly port?: string;
  readonly description?: string;
  readonly metadata?: string;
}

const MAX_PORT = 65_535;

export function addAddressCreateCommand(address: Command, cli: Cli): void {
  clientCommand(address, "create", "reserve a TCP address, which is kept until it is deleted")
    .option("--host <name>", "one of the gateway's --tcp-host (default: any)")
    .option("--port <port>", "one of the gateway's --tcp-ports (default: any that is free)")
    .option("--description <text>", "for people, at most 255 characters")
    .option("--metadata <text>", "for programs, at most 4096 bytes")
    .action(async (flags: CreateFlags) => {
      const { host, port, description, metadata } = flags;
      const content = {
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port: countFlag("--port", port, MAX_PORT) }),
        ...(description === undefined ? {} : { description }),
        ...(metadata === undefined ? {} : { metadata }),
      };
      const { client, print } = await openSession(cli, flags);
      const { body } = await client.ask({ method: "POST", path: "/api/v1/addresses", content });
      print(body, () => `${printable(textOf(body, "addr"))}\n`);
    });
}
