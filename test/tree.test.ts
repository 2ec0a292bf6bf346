// The shape of the source tree: who may import whom, and what every file looks like.

import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = join(import.meta.dir, "..");
const SRC = join(ROOT, "src");

/** From the bottom to the top; folders on one level do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["base"],
  ["wire", "socket", "cel"],
  ["resource", "runtime", "observe"],
  ["config", "plan"],
  ["engine", "tunnel"],
  ["admin"],
  ["app"],
  ["cli"],
];
/** The only places that know which runtime this is. */
const BUN_FILES: ReadonlySet<string> = new Set(["runtime/bun.ts", "main.ts"]);
const DENO_FILES: ReadonlySet<string> = new Set(["runtime/node.ts", "main.ts"]);
const MAX_LINES = 300;

interface SourceText {
  readonly path: string;
  readonly text: string;
  /** Without comments, strings kept: what is left of `//` in a string does no harm here. */
  readonly code: string;
  readonly imports: readonly string[];
}

const names = (await readdir(SRC, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
const files: readonly SourceText[] = await Promise.all(
  names.map(async (name): Promise<SourceText> => {
    const path = name.replaceAll("\\", "/");
    const text = await readFile(join(SRC, path), "utf8");
    const imports = Array.from(text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)|^import "([^"]+)"/gm), (match) =>
      String(match[1] ?? match[2] ?? match[3]),
    );
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, "");
    return { path, text, code, imports };
  }),
);

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function levelOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

/** Imported files of the source tree, as paths below `src/`. */
function localImports({ path, imports }: SourceText): readonly string[] {
  return imports
    .filter((name) => name.startsWith("."))
    .map((name) => relative(SRC, resolve(SRC, dirname(path), name)).replaceAll("\\", "/"));
}

test("there are source files, and each is in a known folder or an entry point", () => {
  expect(files.length).toBeGreaterThan(0);
  const strangers = files.filter(
    ({ path }) => levelOf(folderOf(path)) === -1 && path !== "main.ts" && folderOf(path) !== "",
  );
  expect(strangers.map(({ path }) => path)).toEqual([]);
});

test("a folder imports only from folders below it", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const from = folderOf(file.path);
    if (from === "") continue;
    for (const target of localImports(file)) {
      if (target === "../package.json") continue; // The program's version.
      const to = folderOf(target);
      const allowed = to === from || (levelOf(to) !== -1 && levelOf(to) < levelOf(from));
      if (!allowed) wrong.push(`${file.path} → ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("no file imports itself, directly or through others", () => {
  const graph = new Map(files.map((file) => [file.path, localImports(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) cycles.push([...above.slice(above.indexOf(path)), path].join(" → "));
    if (done.has(path) || above.includes(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  expect(cycles).toEqual([]);
});

test("relative imports name a file that exists, with its ending", () => {
  const known = new Set(files.map(({ path }) => path));
  const wrong = files.flatMap((file) =>
    localImports(file)
      .filter((target) => !known.has(target) && !/\.(?:css|html|js|json)$/.test(target))
      .map((target) => `${file.path} → ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("only the runtime seam and the entry point say Bun", () => {
  const wrong = files.filter(
    ({ path, code, imports }) =>
      !BUN_FILES.has(path) && (/\bBun\./.test(code) || imports.some((name) => /^bun(?::|$)/.test(name))),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("only the runtime seam and the entry point say Deno", () => {
  const wrong = files.filter(({ path, code }) => !DENO_FILES.has(path) && /\bDeno\./.test(code));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("only three files know the YAML library", () => {
  const knowing = files.filter(({ imports }) => imports.includes("yaml")).map(({ path }) => path);
  expect(knowing.toSorted()).toEqual(["config/compose.ts", "config/document.ts", "config/yaml-text.ts"]);
});

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = files.filter(({ text }) => text.split("\n").length > MAX_LINES + 1);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test("every file begins by saying what it owns", () => {
  const silent = files.filter(({ text }) => !/^(?:#!.*\n)?(?:\/\/ \S|\/\*\*)/.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});
