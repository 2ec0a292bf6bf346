// bun run build [--routes DIR]… [--target bun-linux-arm64]… [--outfile FILE]
// Judges the routes as the gateway would, packs them in, and writes one executable that needs nothing beside it. Exit
// codes as the program's own: 1 failed, 2 bad usage or bad routes.

import { mkdir, rm, stat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import process from "node:process";
import { Command, CommanderError } from "commander";
import { formatDiagnostic } from "../src/base/diagnostic.ts";
import { formatCount } from "../src/cli/quantity.ts";
import { collect } from "../src/cli/flags.ts";
import { BUILD_TARGETS, type BuildTarget, defaultOutfile, parseTarget } from "./build-target.ts";
import { collectRoutes, embedRoutes } from "./embedded-routes.ts";

const ROOT = resolve(import.meta.dir, "..");

interface BuildFlags {
  readonly routes?: readonly string[];
  readonly target?: readonly string[];
  readonly outfile?: string;
}

process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("bun run build")
    .option("--routes <dir>", "directory of routes to embed (repeatable; default routes/)", collect)
    .option("--target <target>", `platform (repeatable; default this one): ${BUILD_TARGETS.join(", ")}`, collect)
    .option("--outfile <file>", "where to write the binary (default dist/sallyport[-target])")
    .exitOverride();
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const flags: BuildFlags = program.opts();
  const targets: (BuildTarget | undefined)[] = [];
  for (const text of flags.target ?? []) {
    const target = parseTarget(text);
    if (target === undefined) return refuse(`Cannot build for "${text}": it wants one of ${BUILD_TARGETS.join(", ")}`);
    targets.push(target);
  }
  if (targets.length === 0) targets.push(undefined);
  if (flags.outfile !== undefined && targets.length > 1) {
    return refuse("Cannot write several targets to one --outfile: leave it out");
  }

  const routes = await collectRoutes(flags.routes ?? [relative(process.cwd(), resolve(ROOT, "routes"))]);
  for (const diagnostic of routes.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  if (!routes.valid) return refuse("Cannot build with errors in the routes");
  if (routes.routes === 0) return refuse("Cannot find a route to embed: name a directory with --routes");

  const commit = commitOf(ROOT);
  for (const target of targets) {
    const outfile = flags.outfile === undefined ? resolve(ROOT, defaultOutfile(target)) : resolve(flags.outfile);
    await mkdir(dirname(outfile), { recursive: true });
    const result = await Bun.build({
      entrypoints: [resolve(ROOT, "src/main.ts")],
      compile: {
        ...(target === undefined ? {} : { target }),
        outfile,
        // A daemon obeys its flags, not what lies in the directory it happens to be started in.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadPackageJson: false,
        autoloadTsconfig: false,
      },
      minify: true,
      bytecode: true,
      // Bytecode alone would mean CommonJS, which has no top-level await.
      format: "esm",
      // Embedded, so that stack traces name our files; the copy that Bun leaves beside the binary is not needed.
      sourcemap: "inline",
      define: { SALLYPORT_COMMIT: JSON.stringify(commit) },
      plugins: [embedRoutes(routes.files)],
      throw: false,
    });
    if (!result.success) {
      for (const log of result.logs) process.stderr.write(`${String(log)}\n`);
      return 1;
    }
    await rm(`${outfile}.map`, { force: true });
    const { size } = await stat(outfile);
    process.stdout.write(
      `${outfile}: ${(size / 1024 / 1024).toFixed(1)} MiB, ${formatCount(routes.routes, "route")} embedded\n`,
    );
  }
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

/** Short hash of the checkout, with a mark when something is not committed; empty outside of git. */
function commitOf(directory: string): string {
  const head = git(directory, ["rev-parse", "--short=9", "HEAD"]);
  if (head === "") return "";
  return git(directory, ["status", "--porcelain", "--untracked-files=no"]) === "" ? head : `${head}.dirty`;
}

function git(directory: string, args: readonly string[]): string {
  // A machine without git builds as well.
  if (Bun.which("git") === null) return "";
  const { exitCode, stdout } = Bun.spawnSync(["git", ...args], { cwd: directory, stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : "";
}
