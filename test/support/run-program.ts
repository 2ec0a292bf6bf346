// Running a client program to its end.

import { programPath } from "./installed.ts";

/** Runs it and gives its standard output. Throws, with all it said, when it fails. */
export async function runProgram(name: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([programPath(name), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} exited with ${code}: ${errors}${output}`);
  return output;
}
