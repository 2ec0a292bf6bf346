// The routes that a build packs into the binary: read by the gateway's own rules, judged by its own pipeline, and put in
// the place of `src/config/embedded.ts` while bundling, so that no generated file is ever on disk.

import type { BunPlugin } from "bun";
import { compareDiagnostics, type Diagnostic } from "../src/base/diagnostic.ts";
import { hasErrors, loadRoutes } from "../src/cli/load-routes.ts";
import { readSources, type SourceFile } from "../src/config/source.ts";

export interface RoutesToEmbed {
  readonly files: readonly SourceFile[];
  readonly routes: number;
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether they may be built in. */
  readonly valid: boolean;
}

/** Reads and judges directories or files. What is judged is exactly the texts that are embedded. Never rejects. */
export async function collectRoutes(paths: readonly string[]): Promise<RoutesToEmbed> {
  const reading = await readSources(paths);
  const files: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [...reading.diagnostics];
  for (const file of reading.files) {
    if ("text" in file) files.push(file);
    else diagnostics.push(file.problem);
  }
  // Certificates are read where the binary runs: the files of the machine that builds it are not those.
  const loaded = await loadRoutes({ documents: [], directories: [], embedded: files }, [], { readFiles: false });
  diagnostics.push(...loaded.diagnostics);
  return {
    files,
    routes: loaded.routes,
    diagnostics: diagnostics.toSorted(compareDiagnostics),
    valid: !hasErrors(diagnostics),
  };
}

/** Replaces the empty list of embedded routes in the bundle. */
export function embedRoutes(files: readonly SourceFile[]): BunPlugin {
  return {
    name: "embed-routes",
    setup(build) {
      build.onLoad({ filter: /[/\\]src[/\\]config[/\\]embedded\.ts$/ }, () => ({
        loader: "ts",
        contents: `export const EMBEDDED_ROUTES = ${JSON.stringify(files)};`,
      }));
    },
  };
}
