// Whether the real servers and clients that a test wants are on this machine. Where they are not, the test is skipped
// and says so; on CI (`CI=true`) it runs, and fails.

import { readdirSync } from "node:fs";

/** Debian keeps some servers off the path of ordinary users, and PostgreSQL's in a directory per version. */
const SEARCH_PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin", ...postgresDirectories()].join(":");

/** Full path of a program. Throws when it is not installed. */
export function programPath(name: string): string {
  const path = Bun.which(name, { PATH: SEARCH_PATH });
  if (path === null) throw new Error(`"${name}" is not installed`);
  return path;
}

/** Whether to skip tests that need these programs; says why, once per call. */
export function skipWithout(...names: readonly string[]): boolean {
  const missing = names.filter((name) => Bun.which(name, { PATH: SEARCH_PATH }) === null);
  if (missing.length === 0 || process.env["CI"] === "true") return false;
  process.stderr.write(`Skipped: ${missing.join(", ")} not installed\n`);
  return true;
}

function postgresDirectories(): string[] {
  const root = "/usr/lib/postgresql";
  try {
    // Newest first.
    return readdirSync(root)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => `${root}/${version}/bin`);
  } catch {
    // No PostgreSQL from Debian's packages.
    return [];
  }
}
