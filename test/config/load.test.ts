import { expect, test } from "bun:test";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

import { PlanLoader } from "../../src/app/load.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { Loader } from "../../src/config/load.ts";
import { MAX_FILE_BYTES, type Sources } from "../../src/config/source.ts";
import { createRouteFiles, route } from "../support/route-files.ts";

function directories(...paths: readonly string[]): Sources {
  return { documents: [], directories: paths, embedded: [] };
}

function codes(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
}

/** What one file does to a loader that saw it once before. */
async function reload(loader: Loader, sources: Sources) {
  const loaded = await loader.load(sources);
  loader.accept(loaded, new Set());
  return { names: loaded.resources.map(({ name }) => name), codes: codes(loaded.diagnostics), count: loaded.fileCount };
}

test("directories are read recursively, by name, without what is ignored", async () => {
  await using files = await createRouteFiles({
    "b.yaml": route(2),
    "a.yml": route(1),
    "c.json": '{"listen": 3, "backends": ["a:1"]}',
    "below/deep/d.yaml": route(4),
    "_examples/x.yaml": "wrong: [",
    ".hidden/x.yaml": "wrong: [",
    ".a.yaml": "wrong: [",
    "_b.yaml": "wrong: [",
    "#a.yaml#": "wrong: [",
    "a.yaml~": "wrong: [",
    ".a.yaml.swp": "wrong: [",
    "a.yaml.tmp": "wrong: [",
    "notes.txt": "wrong: [",
  });
  const loaded = await reload(new Loader(), directories(files.path));
  expect(loaded).toEqual({ names: ["a", "b", "d", "c"], codes: [], count: 4 });
});

test("a file that is named is read, whatever its name", async () => {
  await using files = await createRouteFiles({ "_example.conf": route(1) });
  expect((await reload(new Loader(), directories(files.at("_example.conf")))).names).toEqual(["_example"]);
});

test("each real file is read once, whatever leads to it", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1), "below/b.yaml": route(2) });
  await symlink("a.yaml", files.at("z.yaml"));
  await symlink("below", files.at("other"));
  await symlink(".", files.at("loop"));
  await symlink("self.yaml", files.at("self.yaml"));
  await symlink("nowhere", files.at("broken.yaml"));
  const loaded = await reload(new Loader(), directories(files.path, files.path, files.at("a.yaml")));
  expect(loaded.names).toEqual(["a", "b"]);
  expect(loaded.count).toBe(2);
});

test("a Kubernetes volume is read through its links, once", async () => {
  await using files = await createRouteFiles({ "..2024/a.yaml": route(1) });
  await symlink("..2024", files.at("..data"));
  await symlink(join("..data", "a.yaml"), files.at("a.yaml"));
  expect(await reload(new Loader(), directories(files.path))).toEqual({ names: ["a"], codes: [], count: 1 });
});

test("documents come before files, and embedded routes only without a directory", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1) });
  const document = { file: "document:stored", text: route(2) };
  const embedded = { file: "routes/packed.yaml", text: route(3) };
  const loader = new Loader();
  expect((await reload(loader, { documents: [document], directories: [], embedded: [embedded] })).names).toEqual([
    "stored",
    "packed",
  ]);
  expect(
    (await reload(loader, { documents: [document], directories: [files.path], embedded: [embedded] })).names,
  ).toEqual(["stored", "a"]);
});

test.each([
  ["a NUL byte", new Uint8Array([97, 58, 10, 0, 1]), "config/not-text", "2:1"],
  ["UTF-16", new Uint8Array([0xff, 0xfe, 97, 0]), "config/not-text", "1:1"],
  ["invalid UTF-8", new Uint8Array([97, 10, 98, 0xff, 10]), "config/not-text", "2:2"],
  ["too many bytes", new Uint8Array(MAX_FILE_BYTES + 1).fill(35), "config/too-large", "0:0"],
])("a file with %s is one error", async (_what, bytes, code, position) => {
  await using files = await createRouteFiles();
  await files.write("a.yaml", bytes);
  const { diagnostics, resources } = await new Loader().load(directories(files.path));
  expect(diagnostics.map((it) => `${it.line}:${it.column} ${it.code}`)).toEqual([`${position} ${code}`]);
  expect(resources).toEqual([]);
});

test("a file with a byte order mark is read", async () => {
  await using files = await createRouteFiles({ "a.yaml": `\u{FEFF}${route(1)}` });
  expect((await reload(new Loader(), directories(files.path))).names).toEqual(["a"]);
});

test("a pipe among the routes is refused, and not waited for", async () => {
  await using files = await createRouteFiles();
  expect(Bun.spawnSync(["mkfifo", files.at("a.yaml")]).exitCode).toBe(0);
  expect((await reload(new Loader(), directories(files.path))).codes).toEqual(["error config/not-a-file"]);
});

test("a path that does not exist is an error, and the others are read", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1) });
  const loaded = await reload(new Loader(), directories(files.at("nowhere"), files.path));
  expect(loaded).toEqual({ names: ["a"], codes: ["error config/unreadable"], count: 1 });
});

test("nothing of a file that was never good is used: half of it may be its permissive half", async () => {
  await using files = await createRouteFiles({ "a.yaml": `name: one\n${route(1)}---\nname: two\nlisten: x\n` });
  const loaded = await reload(new Loader(), directories(files.path));
  expect(loaded.names).toEqual([]);
});

test("a file that is emptied keeps its last good version, until it says something or is deleted", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1) });
  const loader = new Loader();
  await reload(loader, directories(files.path));
  await files.write("a.yaml", "# nothing yet\n");
  for (let turn = 0; turn < 2; turn++) {
    const loaded = await reload(loader, directories(files.path));
    expect(loaded.names).toEqual(["a"]);
    expect(loaded.codes).toEqual(["error config/emptied"]);
  }
  await rm(join(files.path, "a.yaml"));
  expect((await reload(loader, directories(files.path))).names).toEqual([]);
});

test("a file that becomes wrong keeps its last good version as a whole, until it is good again", async () => {
  await using files = await createRouteFiles({ "a.yaml": `name: one\n${route(1)}---\nname: two\n${route(2)}` });
  const loader = new Loader();
  await reload(loader, directories(files.path));
  await files.write("a.yaml", `name: three\n${route(3)}---\nname: two\nlisten: x\n`);
  for (let turn = 0; turn < 2; turn++) {
    const loaded = await reload(loader, directories(files.path));
    expect(loaded.names).toEqual(["one", "two"]);
    expect(loaded.codes).toEqual(["error route/missing-key", "error route/bad-listen"]);
  }
  await files.write("a.yaml", `name: three\n${route(3)}`);
  expect((await reload(loader, directories(files.path))).names).toEqual(["three"]);
});

test("a file that becomes unreadable text keeps its last good version", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1) });
  const loader = new Loader();
  await reload(loader, directories(files.path));
  await files.write("a.yaml", new Uint8Array([0]));
  expect(await reload(loader, directories(files.path))).toEqual({
    names: ["a"],
    codes: ["error config/not-text"],
    count: 1,
  });
});

test("what a load said has no effect unless it is accepted", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1) });
  const loader = new Loader();
  await loader.load(directories(files.path));
  await files.write("a.yaml", "wrong");
  expect((await loader.load(directories(files.path))).resources).toEqual([]);
});

test("a file that is deleted is gone, and a directory that vanished keeps what was read from it", async () => {
  await using files = await createRouteFiles({ "r/a.yaml": route(1), "r/b.yaml": route(2) });
  const loader = new Loader();
  const sources = directories(files.at("r"));
  await reload(loader, sources);
  await rm(files.at("r/a.yaml"));
  expect((await reload(loader, sources)).names).toEqual(["b"]);
  await rename(files.at("r"), files.at("elsewhere"));
  for (let turn = 0; turn < 2; turn++) {
    expect(await reload(loader, sources)).toEqual({ names: ["b"], codes: ["error config/unreadable"], count: 1 });
  }
  await mkdir(files.at("r"));
  expect(await reload(loader, sources)).toEqual({ names: [], codes: [], count: 0 });
});

test("a file that cannot be looked at keeps what was read from it", async () => {
  await using files = await createRouteFiles({ "below/a.yaml": route(1) });
  const loader = new Loader();
  await reload(loader, directories(files.path));
  await rm(files.at("below/a.yaml"));
  await symlink("a.yaml", files.at("below/a.yaml"));
  const loaded = await reload(loader, directories(files.path));
  expect(loaded).toEqual({ names: ["a"], codes: ["error config/unreadable"], count: 1 });
});

test("a file that did not change is not read into resources again", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1), "b.yaml": route(2) });
  const loader = new Loader();
  const first = await loader.load(directories(files.path));
  loader.accept(first, new Set());
  await files.write("b.yaml", route(3));
  const second = await loader.load(directories(files.path));
  expect(second.resources[0]).toBe(first.resources[0]);
  expect(second.resources[1]).not.toBe(first.resources[1]);
});

test("a thousand messages about one file are cut, and its errors are among those that are left", async () => {
  const text = `${"%X\n".repeat(2000)}---\nlisten: 1\nbackends: [a:1]\nxyz: 1\n`;
  const { diagnostics } = await new Loader().load({
    documents: [{ file: "document:a", text }],
    directories: [],
    embedded: [],
  });
  expect(diagnostics.length).toBeLessThan(200);
  expect(codes(diagnostics)).toContain("error route/unknown-key");
  expect(codes(diagnostics)).toContain("notice config/more");
});

test("a file whose route takes another's port falls back to its last good version", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1), "b.yaml": route(2) });
  const loader = new PlanLoader();
  const first = await loader.load(directories(files.path));
  first.accept();
  await files.write("a.yaml", route(2));
  const second = await loader.load(directories(files.path), first.plan);
  second.accept();
  expect(codes(second.diagnostics)).toEqual(["error plan/listen-conflict"]);
  expect(second.failed).toBe(true);
  expect(second.plan.listeners.map(({ name, entries }) => `${name} ${entries[0]?.route}`)).toEqual([
    "127.0.0.1:1 a",
    "127.0.0.1:2 b",
  ]);
  // When the other one goes, what is written comes into force without another edit.
  await rm(files.at("b.yaml"));
  const third = await loader.load(directories(files.path), second.plan);
  expect(third.plan.listeners.map(({ name }) => name)).toEqual(["127.0.0.1:2"]);
  expect(third.diagnostics).toEqual([]);
});

test("two files can exchange their ports in one reload", async () => {
  await using files = await createRouteFiles({ "a.yaml": route(1), "b.yaml": route(2) });
  const loader = new PlanLoader();
  const first = await loader.load(directories(files.path));
  first.accept();
  await files.write("a.yaml", route(2));
  await files.write("b.yaml", route(1));
  const second = await loader.load(directories(files.path), first.plan);
  expect(second.diagnostics).toEqual([]);
  expect(second.plan.listeners.map(({ name, entries }) => `${name} ${entries[0]?.route}`)).toEqual([
    "127.0.0.1:2 a",
    "127.0.0.1:1 b",
  ]);
});

test("diagnostics are sorted by file, line and column", async () => {
  await using files = await createRouteFiles({
    "b.yaml": "x: 1\nlisten: x\ny: 1\n",
    "a.yaml": "x: 1\nlisten: x\ny: 1\n",
  });
  const { diagnostics } = await new Loader().load(directories(files.path));
  const places = diagnostics.map(({ file, line, column }) => `${file.slice(-6)}:${line}:${column}`);
  expect(places).toEqual(
    ["a.yaml:1:1", "a.yaml:1:1", "a.yaml:2:9", "a.yaml:3:1"]
      .flatMap((it) => [it])
      .concat(["b.yaml:1:1", "b.yaml:1:1", "b.yaml:2:9", "b.yaml:3:1"]),
  );
});
