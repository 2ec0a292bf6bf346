import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceObject } from "../../src/admin/resource-object.ts";
import { openStatusDirectory, type StatusDirectory } from "../../src/app/status-directory.ts";
import { STATUS_MARK, statusFileText } from "../../src/app/status-file.ts";
import { GatewayError } from "../../src/base/gateway-error.ts";
import { sampleResource } from "../support/admin-view.ts";
import { eventually } from "../support/eventually.ts";
import { RecordedLog } from "../support/recorded-log.ts";

let root: string;
let directory: string;
let log: RecordedLog;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sallyport-status-"));
  directory = join(root, "status");
  log = new RecordedLog();
});
afterEach(() => rm(root, { recursive: true, force: true }));

function open(retryMs = 1_000_000): Promise<StatusDirectory> {
  return openStatusDirectory({ directory, routes: [], log, retryMs });
}

function route(name: string, reason = "Accepted"): ResourceObject {
  return sampleResource("TCPRoute", "default", name, { parents: [{ conditions: [{ type: "Accepted", reason }] }] });
}

const A = "default.tcproute.a.yaml";
const B = "default.tcproute.b.yaml";

async function names(): Promise<readonly string[]> {
  return (await readdir(directory)).toSorted();
}

function textOf(name: string): Promise<string> {
  return readFile(join(directory, name), "utf8");
}

/** What tells one written file from the next one of that name. */
async function inodeOf(name: string): Promise<number> {
  return (await stat(join(directory, name))).ino;
}

function said(): readonly string[] {
  return log.lines.map(({ level, event }) => `${level} ${event}`);
}

describe("the status directory", () => {
  test("has a file for each resource with a status, and nothing else", async () => {
    await using status = await open();
    await status.follow([route("a"), route("b"), sampleResource("Service", "default", "db")]);
    expect(await names()).toEqual([A, B]);
    expect(await textOf(A)).toBe(statusFileText(route("a")));
    expect(said()).toEqual([]);
  });

  test("follows changes, and leaves alone what did not change", async () => {
    await using status = await open();
    await status.follow([route("a"), route("b")]);
    const before = [await inodeOf(A), await inodeOf(B)];
    await status.follow([route("a", "NotAllowedByListeners"), route("b")]);
    expect(await textOf(A)).toContain("NotAllowedByListeners");
    expect(await inodeOf(A)).not.toBe(before[0] ?? 0);
    expect(await inodeOf(B)).toBe(before[1] ?? 0);
  });

  test("loses the files of what is gone, also of what was gone when it was opened", async () => {
    {
      await using status = await open();
      await status.follow([route("a"), route("b"), route("c")]);
      await status.follow([route("a"), route("b")]);
      expect(await names()).toEqual([A, B]);
    }
    const before = await inodeOf(B);
    await using status = await open();
    await status.follow([route("b")]);
    expect(await names()).toEqual([B]);
    expect(await inodeOf(B)).toBe(before);
  });

  test("leaves alone what others put there, and says so where it is in the way", async () => {
    await mkdir(join(directory, "folder.yaml"), { recursive: true });
    const foreign = { [A]: "kind: Mine\n", "notes.yaml": "", "short.yaml": "#", "other.txt": STATUS_MARK };
    for (const [name, text] of Object.entries(foreign)) await writeFile(join(directory, name), text);
    await using status = await open();
    await status.follow([route("a"), route("b")]);
    expect(await textOf(A)).toBe("kind: Mine\n");
    expect(await textOf(B)).toStartWith(STATUS_MARK);
    expect(said()).toEqual(["warn status-dir-failed"]);
    expect(log.lines[0]?.message).toContain(`"${join(directory, A)}" is not a file of ours`);
    await status.follow([]);
    expect(await names()).toEqual([...Object.keys(foreign), "folder.yaml"].toSorted());
  });

  test("replaces what is left of a file of its own after the power went", async () => {
    await mkdir(directory);
    await writeFile(join(directory, A), "");
    await writeFile(join(directory, ".sallyport-status.draft"), "half");
    await using status = await open();
    await status.follow([route("a")]);
    expect(await names()).toEqual([A]);
    expect(await textOf(A)).toBe(statusFileText(route("a")));
  });

  test("writes a file again that somebody removed", async () => {
    await using status = await open();
    await status.follow([route("a"), route("b")]);
    await rm(join(directory, A));
    await status.follow([route("a"), route("b")]);
    expect(await names()).toEqual([A, B]);
  });

  test("ends with the newest of what it was told at once, and every caller waits for it", async () => {
    await using status = await open();
    const all = ["one", "two", "three", "four"].map((reason) => status.follow([route("a", reason)]));
    await all[0];
    expect(await textOf(A)).toContain("four");
    await Promise.all(all);
    for (const reason of ["five", "six"]) await status.follow([route("a", reason)]);
    expect(await textOf(A)).toContain("six");
  });

  test("says nothing and writes nothing once it is closed", async () => {
    const status = await open();
    await status[Symbol.asyncDispose]();
    await status.follow([route("a")]);
    expect(await names()).toEqual([]);
  });
});

describe("a directory that cannot be written", () => {
  test("is made again when it was removed", async () => {
    await using status = await open();
    await status.follow([route("a")]);
    await rm(directory, { recursive: true });
    await status.follow([route("a")]);
    expect(await names()).toEqual([A]);
  });

  test("costs one warning, is tried again by itself, and it is said when it works again", async () => {
    await using status = await open(5);
    await status.follow([route("a")]);
    await rm(directory, { recursive: true });
    await writeFile(directory, "in the way");
    await status.follow([route("a", "New")]);
    await status.follow([route("a", "Newer")]);
    expect(said()).toEqual(["warn status-dir-failed"]);
    await rm(directory);
    await eventually(() => said().length === 2);
    expect(said()).toEqual(["warn status-dir-failed", "info status-dir-written"]);
    expect(await textOf(A)).toContain("Newer");
  });

  test("keeps one file from being written and no other", async () => {
    await using status = await open(5);
    await mkdir(join(directory, A));
    await status.follow([route("a"), route("b")]);
    expect(await names()).toEqual([A, B]);
    expect(said()).toEqual(["warn status-dir-failed"]);
    await rm(join(directory, A), { recursive: true });
    await eventually(() => said().includes("info status-dir-written"));
    expect(await textOf(A)).toBe(statusFileText(route("a")));
  });
});

/** What opening it says. */
async function codeOf(status: string, routes: readonly string[]): Promise<string> {
  try {
    await openStatusDirectory({ directory: status, routes, log });
    return "opened";
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
}

describe("opening", () => {
  test.each([
    ["routes", "the routes"],
    ["routes/../routes/", "the routes"],
    ["routes/status/deep", "inside them"],
    ["link", "a link to them"],
    ["link/status", "inside a link to them"],
    [".", "around them"],
  ])("is refused for %s: %s", async (name) => {
    const routes = join(root, "routes");
    await mkdir(routes);
    await symlink(routes, join(root, "link"));
    expect(await codeOf(join(root, name), [join(root, "other"), routes])).toBe("status-dir/among-routes");
    expect(await readdir(routes)).toEqual([]);
  });

  test("is refused when the routes are given by a link into it", async () => {
    await mkdir(join(directory, "routes"), { recursive: true });
    await symlink(join(directory, "routes"), join(root, "link"));
    expect(await codeOf(directory, [join(root, "link")])).toBe("status-dir/among-routes");
  });

  test("is fine beside the routes, whatever the names have in common", async () => {
    await mkdir(join(root, "routes"));
    expect(await codeOf(join(root, "routes-status/a/b"), [join(root, "routes")])).toBe("opened");
    expect(await codeOf(join(root, "..routes"), [join(root, "routes")])).toBe("opened");
  });

  test("fails where no directory can be made", async () => {
    await writeFile(join(root, "file"), "");
    expect(await codeOf(join(root, "file/status"), [])).toBe("status-dir/cannot-make");
    expect(await codeOf(join(root, "file"), [])).toBe("status-dir/cannot-make");
  });
});
