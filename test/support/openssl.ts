// `openssl s_client` as a TLS client: what it says of a handshake, and what comes after it.

import { programPath } from "./installed.ts";

export interface ClientRun {
  /** All it said, the server's bytes among it. */
  readonly output: string;
  readonly code: number;
}

/** Connects to a port of loopback, says `send`, and reads until the server ends. */
export async function sClient(port: number, options: readonly string[], send = ""): Promise<ClientRun> {
  // With -ign_eof it waits for the server's end instead of for that of its own input, and takes no letter for a command.
  const connect = ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof"];
  const child = Bun.spawn([programPath("openssl"), ...connect, ...options], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.write(send);
  await child.stdin.end();
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { output: `${errors}${output}`, code };
}
