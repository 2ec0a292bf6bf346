// Programs that are installed, or not.

/** First line of what a program says about itself; `undefined` when it is not installed. */
export function versionLine(command: readonly string[]): string | undefined {
  const program = command[0];
  if (program === undefined || Bun.which(program, { PATH: searchPath() }) === null) return undefined;
  const { stdout, stderr } = Bun.spawnSync([...command], { env: { ...process.env, PATH: searchPath() } });
  return `${stdout.toString()}${stderr.toString()}`.split("\n")[0]?.trim();
}

/** Debian keeps servers in sbin, which is not on everybody's path. */
export function searchPath(): string {
  return `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;
}
