// Every process and directory that the bench makes, so that none outlives it, however it ends.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killTree } from "./process-tree.ts";

const children = new Set<Bun.Subprocess>();
const directories = new Set<string>();

process.on("exit", () => {
  for (const child of children) killTree(child.pid);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

/** Keeps track of a child until it has ended. Returns it. */
export function track<Child extends Bun.Subprocess>(child: Child): Child {
  children.add(child);
  void child.exited.then(() => children.delete(child));
  return child;
}

/** Kills a child with its own children, and waits until it is gone. */
export async function stop(child: Bun.Subprocess): Promise<void> {
  killTree(child.pid);
  await child.exited;
}

/** Makes a directory that is removed when the bench ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  directories.add(directory);
  return directory;
}
