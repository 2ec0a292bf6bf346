// `sallyport drain`: the gateway stops accepting and exits once its connections have ended.

import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";

export function addDrainCommand(program: Command, cli: Cli): void {
  clientCommand(program, "drain", "stop accepting, and exit when the connections have ended").action(
    async (flags: ClientFlags) => {
      const { client, print } = await openSession(cli, flags);
      const { body } = await client.ask({ method: "POST", path: "/api/v1/drain" });
      print(
        { draining: true, ...body },
        () => "Draining: it exits when its connections have ended, or at --drain-timeout\n",
      );
    },
  );
}
