// The tables in README.md: no file of this directory and no test of upstream is left out, and nothing is said twice.

import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HAS_UPSTREAM, upstreamTests } from "../support/upstream-suite.ts";

const readme = await readFile(join(import.meta.dir, "README.md"), "utf8");
const VERDICTS = ["as it is", "re-told", "not for an L4 gateway"];

/** Cells of the table of upstream's tests. */
const rows = readme
  .split("\n")
  .filter((line) => /^\| [A-Z][A-Za-z0-9]+ +\|/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("every test file of this directory is named", async () => {
  const files = (await readdir(import.meta.dir)).filter((name) => name.endsWith(".test.ts"));
  expect(files.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("every row says which verdict, and names a file unless there is none to be had", () => {
  expect(rows).toHaveLength(69);
  for (const [name = "", verdict = "", file = "", how = ""] of rows) {
    expect(VERDICTS).toContain(verdict);
    expect({ name, file }).toEqual({
      name,
      file: verdict === VERDICTS[2] ? "" : expect.stringMatching(/^`.+\.test\.ts`$/),
    });
    expect(how).not.toBe("");
  }
  for (const verdict of VERDICTS) {
    const count = rows.filter((row) => row[1] === verdict).length;
    expect(readme).toContain(`**${verdict}** (${count})`);
  }
});

test.skipIf(!HAS_UPSTREAM)("every test of upstream has one row", () => {
  expect(rows.map(([name]) => name).toSorted()).toEqual(
    upstreamTests()
      .map(({ name }) => name)
      .toSorted(),
  );
});
