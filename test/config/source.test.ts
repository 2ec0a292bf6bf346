// What is remembered of files hides no change: links that go another way, edits of one size, times that were set back.

import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readSources, SourceMemory } from "../../src/config/source.ts";
import { eventually } from "../support/eventually.ts";

interface Place extends AsyncDisposable {
  readonly routes: string;
  readonly versions: string;
}

async function makePlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-source-"));
  const [routes, versions] = [join(directory, "routes"), join(directory, "versions")];
  await mkdir(routes);
  await mkdir(versions);
  const remove = () => rm(directory, { recursive: true });
  return { routes, versions, [Symbol.asyncDispose]: remove };
}

const texts = async (routes: string, memory: SourceMemory): Promise<readonly string[]> =>
  (await readSources([routes], memory)).files.map((file) => ("text" in file ? file.text : "?"));

/** Resolves when files are remembered: the same object comes twice. */
async function settle(routes: string, memory: SourceMemory): Promise<void> {
  await eventually(async () => {
    const [one] = (await readSources([routes], memory)).files;
    const [two] = (await readSources([routes], memory)).files;
    return one === two;
  });
}

test("a link that goes to another version of the same file leaves the new one to another link", async () => {
  await using place = await makePlace();
  const { routes, versions } = place;
  const memory = new SourceMemory();
  await mkdir(join(versions, "now"));
  await writeFile(join(versions, "now/a.yaml"), "old");
  await symlink("../versions/now/a.yaml", join(routes, "one.yaml"));
  await settle(routes, memory);
  await rename(join(versions, "now"), join(versions, "before"));
  await mkdir(join(versions, "now"));
  await writeFile(join(versions, "now/a.yaml"), "new");
  await rm(join(routes, "one.yaml"));
  await symlink("../versions/before/a.yaml", join(routes, "one.yaml"));
  await symlink("../versions/now/a.yaml", join(routes, "two.yaml"));
  expect(await texts(routes, memory)).toEqual(["old", "new"]);
});

test("an edit of the same size is seen, also with its time set back, and so is a directory that a link flips to", async () => {
  await using place = await makePlace();
  const { routes, versions } = place;
  const memory = new SourceMemory();
  const file = join(routes, "a.yaml");
  await writeFile(file, "1");
  await utimes(file, 1, 1);
  await mkdir(join(versions, "1"));
  await mkdir(join(versions, "2"));
  for (const name of ["1", "2"]) {
    await writeFile(join(versions, name, "b.yaml"), name);
    await utimes(join(versions, name, "b.yaml"), 1, 1);
  }
  await symlink("../versions/1", join(routes, "..data"));
  await symlink("..data/b.yaml", join(routes, "b.yaml"));
  await settle(routes, memory);
  expect(await texts(routes, memory)).toEqual(["1", "1"]);
  await writeFile(file, "2");
  await utimes(file, 1, 1);
  await symlink("../versions/2", join(routes, "..new"));
  await rename(join(routes, "..new"), join(routes, "..data"));
  expect(await texts(routes, memory)).toEqual(["2", "2"]);
});
