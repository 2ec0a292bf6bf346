import { expect, test } from "bun:test";
import { appendFile, chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { stampAt } from "../../src/config/stamp.ts";
import { type SourceWatch, watchSources, type WatchOptions } from "../../src/config/watch.ts";
import { createRouteFiles, type RouteFiles } from "../support/route-files.ts";

/** Only the kernel's events lead to a look. */
const EVENTS: WatchOptions = { quietMs: 20, maxWaitMs: 200, pollMs: 3_600_000 };
/** Only the poll does. */
const POLL: WatchOptions = { quietMs: 3_600_000, maxWaitMs: 3_600_000, pollMs: 20 };

interface Watching extends Disposable {
  readonly watch: SourceWatch;
  readonly changes: () => number;
  /** Resolves at the next report that comes after this call. */
  next(): Promise<void>;
}

async function startWatching(paths: readonly string[], options: WatchOptions): Promise<Watching> {
  let changes = 0;
  let heard = Promise.withResolvers<void>();
  const watch = watchSources(
    paths,
    () => {
      changes++;
      heard.resolve();
      heard = Promise.withResolvers<void>();
    },
    options,
  );
  await watch.ready;
  return { watch, changes: () => changes, next: () => heard.promise, [Symbol.dispose]: () => watch.close() };
}

const operations: readonly (readonly [string, (files: RouteFiles) => Promise<unknown>])[] = [
  ["a file is added", (files) => files.write("new.yaml", "a")],
  ["a file is written in place", (files) => writeFile(files.at("a.yaml"), "changed")],
  ["a file grows", (files) => appendFile(files.at("a.yaml"), "more")],
  ["a file is deleted", (files) => rm(files.at("a.yaml"))],
  ["a file is renamed", (files) => rename(files.at("a.yaml"), files.at("b.yaml"))],
  [
    "a file is replaced by a rename, as editors do",
    async (files) => {
      await files.write(".a.yaml.tmp", "replaced");
      await rename(files.at(".a.yaml.tmp"), files.at("a.yaml"));
    },
  ],
  ["a file in a directory below is written", (files) => files.write("below/deep/c.yaml", "changed")],
  ["a file is added in a new directory", (files) => files.write("fresh/deep/d.yaml", "a")],
  ["a directory is moved in", (files) => rename(files.at("_outside"), files.at("inside"))],
  ["a directory is deleted", (files) => rm(files.at("below"), { recursive: true })],
];

for (const [what, operate] of operations) {
  for (const [how, options] of [["events", EVENTS] as const, ["the poll alone", POLL] as const]) {
    test(`a change is reported by ${how} when ${what}`, async () => {
      await using files = await createRouteFiles({
        "a.yaml": "a",
        "below/deep/c.yaml": "c",
        "_outside/e.yaml": "e",
      });
      using watching = await startWatching([files.path], options);
      const heard = watching.next();
      await operate(files);
      await heard;
    });
  }
}

for (const [how, options] of [["events", EVENTS] as const, ["the poll alone", POLL] as const]) {
  test(`every one of ten renames over the same file is reported by ${how}`, async () => {
    await using files = await createRouteFiles({ "a.yaml": "a" });
    using watching = await startWatching([files.path], options);
    for (let turn = 0; turn < 10; turn++) {
      const heard = watching.next();
      await files.write(".tmp", `turn ${turn}`);
      await rename(files.at(".tmp"), files.at("a.yaml"));
      await heard;
    }
  });

  test(`a directory that is deleted and made again is watched as before, by ${how}`, async () => {
    await using files = await createRouteFiles({ "routes/a.yaml": "a" });
    using watching = await startWatching([files.at("routes")], options);
    let heard = watching.next();
    await rm(files.at("routes"), { recursive: true });
    await heard;
    heard = watching.next();
    await files.write("routes/a.yaml", "again");
    await heard;
    // The write may be told in two reports, of the directory and of the file; the next change is a third.
    for (let turn = 0; turn < 3; turn++) {
      heard = watching.next();
      await files.write("routes/a.yaml", `once more, ${turn}`);
      await heard;
    }
  });

  test(`a Kubernetes volume that swaps its data link is reported by ${how}`, async () => {
    await using files = await createRouteFiles({ "..1/a.yaml": "one", "..2/a.yaml": "two", "..3/a.yaml": "six" });
    await symlink("..1", files.at("..data"));
    await symlink(join("..data", "a.yaml"), files.at("a.yaml"));
    using watching = await startWatching([files.path], options);
    for (const version of ["..2", "..3"]) {
      const heard = watching.next();
      await symlink(version, files.at("..data_tmp"));
      await rename(files.at("..data_tmp"), files.at("..data"));
      await heard;
    }
  });

  test(`a single file is watched through its directory, by ${how}`, async () => {
    await using files = await createRouteFiles({ "_example.yaml": "a" });
    using watching = await startWatching([files.at("_example.yaml")], options);
    for (let turn = 0; turn < 3; turn++) {
      const heard = watching.next();
      await files.write(".tmp", `turn ${turn}`);
      await rename(files.at(".tmp"), files.at("_example.yaml"));
      await heard;
    }
  });

  test(`a directory that does not exist yet is reported by ${how} when it comes`, async () => {
    await using files = await createRouteFiles();
    using watching = await startWatching([files.at("later")], options);
    const heard = watching.next();
    await files.write("later/a.yaml", "a");
    await heard;
  });
}

test("a burst of changes is one report", async () => {
  await using files = await createRouteFiles();
  // Long enough for every write to fall into the first wait, on any machine that can write twenty files within it.
  using watching = await startWatching([files.path], { quietMs: 500, maxWaitMs: 60_000, pollMs: 3_600_000 });
  const heard = watching.next();
  for (let index = 0; index < 20; index++) await files.write(`${index}.yaml`, "a");
  await heard;
  expect(watching.changes()).toBe(1);
});

test("changes that never end are reported in between", async () => {
  await using files = await createRouteFiles({ "a.yaml": "a" });
  using watching = await startWatching([files.path], { quietMs: 3_600_000, maxWaitMs: 50, pollMs: 3_600_000 });
  const heard = watching.next();
  await files.write("a.yaml", "b");
  await heard;
});

test("hidden files, examples and touched files that hold no routes are not reported", async () => {
  await using files = await createRouteFiles({ "a.yaml": "a", "notes.txt": "n" });
  using watching = await startWatching([files.path], EVENTS);
  await files.write(".a.yaml.swp", "x");
  await files.write("_examples/b.yaml", "x");
  await files.write("#a.yaml#", "x");
  await files.write("a.yaml~", "x");
  await files.write("notes.txt", "more");
  const heard = watching.next();
  await files.write("z.yaml", "a");
  await heard;
  expect(watching.changes()).toBe(1);
});

test("symbolic links that go round in circles do no harm", async () => {
  await using files = await createRouteFiles({ "a.yaml": "a" });
  await symlink(".", files.at("loop"));
  await symlink("self", files.at("self"));
  using watching = await startWatching([files.path], EVENTS);
  const heard = watching.next();
  await files.write("a.yaml", "b");
  await heard;
});

test("a closed watch reports nothing, not even what it was looking at", async () => {
  await using files = await createRouteFiles({ "a.yaml": "a" });
  using closed = await startWatching([files.path], POLL);
  using open = await startWatching([files.path], POLL);
  closed.watch.close();
  const heard = open.next();
  await files.write("a.yaml", "b");
  await heard;
  expect(closed.changes()).toBe(0);
  closed.watch.close();
});

test("a path that cannot exist is no reason to throw", async () => {
  await using files = await createRouteFiles({ "a.yaml": "a" });
  await mkdir(files.at("b"));
  using watching = await startWatching([join(files.at("a.yaml"), "below"), "/\0", files.at("b")], EVENTS);
  const heard = watching.next();
  await files.write("b/a.yaml", "a");
  await heard;
});

/** What a loader says that it read just now. */
async function stampsOf(...paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const stamps = await Promise.all(paths.map(async (path) => [path, await stampAt(path)] as const));
  return new Map(stamps);
}

const fileOperations: readonly (readonly [string, (files: RouteFiles) => Promise<unknown>])[] = [
  ["is written in place", (files) => writeFile(files.at("secret/db.crt"), "changed")],
  ["is deleted", (files) => rm(files.at("secret/db.crt"))],
  [
    "is replaced by a rename",
    async (files) => {
      await files.write("secret/.new", "replaced");
      await rename(files.at("secret/.new"), files.at("secret/db.crt"));
    },
  ],
  ["is made readable for others", (files) => chmod(files.at("secret/db.crt"), 0o604)],
  [
    "was not there, and comes",
    async (files) => {
      await files.write("secret/later.crt", "new");
    },
  ],
  ["is a link, and what it leads to is written", async (files) => writeFile(files.at("archive/db1.crt"), "changed")],
  [
    "is a link, and leads elsewhere from now on",
    async (files) => {
      await symlink(join("..", "archive", "db2.crt"), files.at("secret/.link"));
      await rename(files.at("secret/.link"), files.at("secret/link.crt"));
    },
  ],
];

for (const [what, operate] of fileOperations) {
  for (const [how, options] of [["events", EVENTS] as const, ["the poll alone", POLL] as const]) {
    test(`a file that routes refer to is followed, by ${how}, when it ${what}`, async () => {
      await using files = await createRouteFiles({
        "secret/db.crt": "a",
        "archive/db1.crt": "one",
        "archive/db2.crt": "two",
        "routes/a.yaml": "a",
      });
      await symlink(join("..", "archive", "db1.crt"), files.at("secret/link.crt"));
      using watching = await startWatching([files.at("routes")], options);
      const named = ["secret/db.crt", "secret/later.crt", "secret/link.crt"].map((name) => files.at(name));
      watching.watch.alsoWatch(await stampsOf(...named));
      const heard = watching.next();
      await operate(files);
      await heard;
    });
  }
}

for (const [how, options] of [["events", EVENTS] as const, ["the poll alone", POLL] as const]) {
  test(`a Kubernetes secret that swaps its data link is followed by ${how}, without any directory of routes`, async () => {
    await using files = await createRouteFiles({ "..1/tls.crt": "one", "..2/tls.crt": "two", "..3/tls.crt": "six" });
    await symlink("..1", files.at("..data"));
    await symlink(join("..data", "tls.crt"), files.at("tls.crt"));
    using watching = await startWatching([], options);
    watching.watch.alsoWatch(await stampsOf(files.at("tls.crt")));
    for (const version of ["..2", "..3"]) {
      const heard = watching.next();
      await symlink(version, files.at("..data_tmp"));
      await rename(files.at("..data_tmp"), files.at("..data"));
      await heard;
    }
  });
}

test("a directory of certificates that is replaced as a whole is followed by the poll", async () => {
  await using files = await createRouteFiles({ "live/db.crt": "one", "new/db.crt": "two" });
  using watching = await startWatching([], POLL);
  watching.watch.alsoWatch(await stampsOf(files.at("live/db.crt")));
  let heard = watching.next();
  await rename(files.at("live"), files.at("old"));
  await rename(files.at("new"), files.at("live"));
  await heard;
  heard = watching.next();
  await writeFile(files.at("live/db.crt"), "three");
  await heard;
});

test("a change between reading a file and watching it is reported", async () => {
  await using files = await createRouteFiles({ "db.crt": "one" });
  using watching = await startWatching([], EVENTS);
  const read = await stampsOf(files.at("db.crt"));
  await writeFile(files.at("db.crt"), "changed");
  const heard = watching.next();
  watching.watch.alsoWatch(read);
  await heard;
});

test("to watch other files is no change by itself, and those that are not named any more are not reported", async () => {
  await using files = await createRouteFiles({ "one.crt": "one", "two.crt": "two" });
  using watching = await startWatching([], POLL);
  watching.watch.alsoWatch(await stampsOf(files.at("one.crt")));
  watching.watch.alsoWatch(await stampsOf(files.at("two.crt")));
  await writeFile(files.at("one.crt"), "changed");
  const heard = watching.next();
  await writeFile(files.at("two.crt"), "changed");
  await heard;
  watching.watch.alsoWatch(await stampsOf(files.at("two.crt")));
  expect(watching.changes()).toBe(1);
});
