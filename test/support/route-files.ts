// A directory of route files that goes away with the test.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface RouteFiles extends AsyncDisposable {
  /** The directory. */
  readonly path: string;
  /** Writes a file in place, with the directories above it; its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  at(name: string): string;
}

/** Makes a temporary directory with these files in it. */
export async function createRouteFiles(files: Readonly<Record<string, string>> = {}): Promise<RouteFiles> {
  const path = await mkdtemp(join(tmpdir(), "sallyport-routes-"));
  const made: RouteFiles = {
    path,
    at: (name) => join(path, name),
    async write(name, content) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
  for (const [name, content] of Object.entries(files)) await made.write(name, content);
  return made;
}

/** A complete route on this port. */
export function route(port: number | string, more = ""): string {
  return `listen: "127.0.0.1:${port}"\nbackends: ["127.0.0.1:9"]\n${more}`;
}
