// Kills a process in the middle of writing to a state file, and tells what the store had confirmed to it by then.

import { join } from "node:path";

/** Enough that several writes are among it. */
const CONFIRMED_CHARACTERS = 200;

/**
 * Runs `script`, a writer beside this file that prints the name of each thing once it is stored, kills it with SIGKILL
 * after some of them, and gives the names that it printed in full.
 */
export async function killWriter(script: string, ...args: readonly string[]): Promise<readonly string[]> {
  const command = [process.execPath, join(import.meta.dir, script), ...args];
  const writer = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  let confirmed = "";
  for await (const chunk of writer.stdout) {
    confirmed += new TextDecoder().decode(chunk);
    if (confirmed.length > CONFIRMED_CHARACTERS) writer.kill("SIGKILL");
  }
  await writer.exited;
  return confirmed.split("\n").slice(0, -1);
}
