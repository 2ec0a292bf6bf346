import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { adminTokenFile, loadAdminToken } from "../../src/app/admin-token.ts";
import { sqliteDirectory } from "../support/sqlite.ts";

test("the token is made at first start, with mode 0600, and found again", async () => {
  using directory = sqliteDirectory();
  const state = directory.file("state.db");
  const first = await loadAdminToken(state);
  expect(first).toMatchObject({ source: "created", file: `${state}.token`, repaired: false });
  expect(first.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(statSync(`${state}.token`).mode & 0o777).toBe(0o600);
  expect(await loadAdminToken(state)).toEqual({ ...first, source: "file" });
  expect(readdirSync(directory.file("."))).toEqual(["state.db.token"]);
});

test("many first starts at once agree on one token", async () => {
  using directory = sqliteDirectory();
  const state = directory.file("state.db");
  const loaded = await Promise.all(Array.from({ length: 50 }, () => loadAdminToken(state)));
  expect(new Set(loaded.map((each) => each.token)).size).toBe(1);
  expect(loaded.filter((each) => each.source === "created")).toHaveLength(1);
  expect(readdirSync(directory.file("."))).toEqual(["state.db.token"]);
});

test("two state files have different tokens", async () => {
  using directory = sqliteDirectory();
  const [a, b] = await Promise.all([loadAdminToken(directory.file("a.db")), loadAdminToken(directory.file("b.db"))]);
  expect(a.token).not.toBe(b.token);
});

test("the environment wins and no file is made; an empty variable counts as unset", async () => {
  using directory = sqliteDirectory();
  const state = directory.file("state.db");
  expect(await loadAdminToken(state, "from-outside")).toEqual({
    token: "from-outside",
    source: "environment",
    repaired: false,
  });
  expect(readdirSync(directory.file("."))).toEqual([]);
  expect(await loadAdminToken(state, "")).toMatchObject({ source: "created" });
});

test.each([
  ["a space", " "],
  ["words", "two words"],
  ["lines", "line\nbreak"],
  ["an accent", "é-è"],
  ["excess", "x".repeat(1025)],
  ["a leading equals sign", "=x"],
])("a token from the environment with %s is refused, without being shown", async (_label, token) => {
  using directory = sqliteDirectory();
  const refused = loadAdminToken(directory.file("state.db"), token);
  await expect(refused).rejects.toMatchObject({ code: "token/invalid" });
  await expect(refused).rejects.toThrow("SALLYPORT_ADMIN_TOKEN");
  if (token.length > 2) await expect(refused).rejects.not.toThrow(token);
});

test("a file that others can read is hidden from them, and the result says so", async () => {
  using directory = sqliteDirectory();
  const file = adminTokenFile(directory.file("state.db"));
  writeFileSync(file, "secret\n");
  chmodSync(file, 0o644);
  expect(await loadAdminToken(directory.file("state.db"))).toEqual({
    token: "secret",
    source: "file",
    file,
    repaired: true,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await loadAdminToken(directory.file("state.db"))).toMatchObject({ repaired: false });
});

test.each([
  ["nothing", ""],
  ["an empty line", "\n"],
  ["words", "two words\n"],
  ["lines", "a\nb\n"],
  ["too much", "x".repeat(5000)],
  ["a zero byte", "\0"],
])("a token file with %s in it is refused and left alone", async (_label, content) => {
  using directory = sqliteDirectory();
  const file = adminTokenFile(directory.file("state.db"));
  writeFileSync(file, content, { mode: 0o600 });
  await expect(loadAdminToken(directory.file("state.db"))).rejects.toMatchObject({ code: "token/invalid" });
  expect(readFileSync(file, "utf8")).toBe(content);
});

test("a token path that is a directory, or below none, or a dangling link is refused", async () => {
  using directory = sqliteDirectory();
  mkdirSync(adminTokenFile(directory.file("state.db")));
  await expect(loadAdminToken(directory.file("state.db"))).rejects.toMatchObject({ code: "state/token-owner" });
  await expect(loadAdminToken(directory.file("none/state.db"))).rejects.toMatchObject({ code: "state/token-file" });
  symlinkSync(directory.file("nowhere"), adminTokenFile(directory.file("linked.db")));
  await expect(loadAdminToken(directory.file("linked.db"))).rejects.toMatchObject({ code: "state/token-file" });
});

test("a link is refused, whatever it leads to", async () => {
  using directory = sqliteDirectory();
  writeFileSync(directory.file("elsewhere"), "somebody-elses-token\n", { mode: 0o600 });
  symlinkSync(directory.file("elsewhere"), adminTokenFile(directory.file("state.db")));
  await expect(loadAdminToken(directory.file("state.db"))).rejects.toMatchObject({ code: "state/token-file" });
});
