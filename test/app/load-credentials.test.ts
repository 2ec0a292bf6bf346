import { expect, test } from "bun:test";
import { chmod, rm } from "node:fs/promises";

import { type LoadedPlan, PlanLoader } from "../../src/app/load.ts";
import type { Plan, TerminatePlan } from "../../src/plan/plan.ts";
import { pemOf } from "../support/pem.ts";
import { createRouteFiles, type RouteFiles } from "../support/route-files.ts";

const NOW_MS = Date.UTC(2030, 0, 1);

/** A gateway's loader over a directory, with the plan that is in force. */
class Loading implements AsyncDisposable {
  readonly files: RouteFiles;
  readonly #loader = new PlanLoader({ credentials: { now: () => NOW_MS } });
  #plan: Plan | undefined;

  constructor(files: RouteFiles) {
    this.files = files;
  }

  async put(name: string, fixture: string): Promise<void> {
    await this.files.write(name, pemOf(fixture));
    await chmod(this.files.at(name), 0o600);
  }

  async load(): Promise<LoadedPlan> {
    const loaded = await this.#loader.load({ documents: [], directories: [this.files.path], embedded: [] }, this.#plan);
    loaded.accept();
    this.#plan = loaded.plan;
    return loaded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
  }
}

function route(certificate: string, more = ""): string {
  return [
    'listen: "127.0.0.1:5432"',
    'backends: ["127.0.0.1:9"]',
    `tls: {mode: terminate, certificate: ${certificate}.crt, key: ${certificate}.key}`,
    more,
  ].join("\n");
}

async function startLoading(): Promise<Loading> {
  const loading = new Loading(await createRouteFiles({ "db.yaml": route("db") }));
  await loading.put("db.crt", "chained.pem");
  await loading.put("db.key", "chained.key");
  return loading;
}

/** What the route named `db` shows to clients. */
function shown({ plan }: LoadedPlan): TerminatePlan["identity"] | undefined {
  const tls = plan.routes.find(({ name }) => name === "db")?.tls;
  return tls?.mode === "terminate" ? tls.identity : undefined;
}

function told({ diagnostics }: LoadedPlan): readonly string[] {
  return diagnostics.map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`);
}

test("a route shows the certificate beside its file, and nothing changes when that does not", async () => {
  await using loading = await startLoading();
  const first = await loading.load();
  expect(told(first)).toEqual([]);
  expect(shown(first)?.certificate).toBe(pemOf("chained.pem"));
  expect([...first.watched.keys()]).toEqual([loading.files.at("db.crt"), loading.files.at("db.key")]);
  await loading.put("db.crt", "chained.pem");
  expect(shown(await loading.load())).toBe(shown(first));
});

test("while a new certificate is broken the route goes on as it was, with its file as it is now", async () => {
  await using loading = await startLoading();
  const first = await loading.load();
  await loading.put("db.crt", "names.pem");
  await loading.files.write("db.yaml", route("db", "timeouts: {idle: 7m}"));
  const between = await loading.load();
  expect(told(between)).toEqual(["3:50 error tls/key-mismatch"]);
  expect(between.failed).toBe(true);
  expect(shown(between)).toBe(shown(first));
  expect(between.plan.routes[0]?.timeouts.idleMs).toBe(420_000);
  await loading.put("db.key", "names.key");
  const after = await loading.load();
  expect(after.failed).toBe(false);
  expect(shown(after)?.certificate).toBe(pemOf("names.pem"));
});

test("a file that refers to a broken certificate for the first time goes on as it was, and is watched as it is", async () => {
  await using loading = await startLoading();
  const first = await loading.load();
  await loading.files.write("db.yaml", route("later", "timeouts: {idle: 7m}"));
  const failing = await loading.load();
  expect(told(failing)).toEqual(["3:37 error tls/file-missing", "3:53 error tls/file-missing"]);
  expect(failing.failed).toBe(true);
  expect(shown(failing)).toBe(shown(first));
  expect(failing.plan.routes[0]?.timeouts.idleMs).toBe(3_600_000);
  const paths = ["db.crt", "db.key", "later.crt", "later.key"].map((name) => loading.files.at(name));
  expect([...failing.watched.keys()].toSorted()).toEqual(paths);
  // What it goes on with stays good, load after load.
  expect(shown(await loading.load())).toBe(shown(first));
  await loading.put("later.crt", "names.pem");
  await loading.put("later.key", "names.key");
  const after = await loading.load();
  expect(after.failed).toBe(false);
  expect(shown(after)?.certificate).toBe(pemOf("names.pem"));
  expect(after.plan.routes[0]?.timeouts.idleMs).toBe(420_000);
});

test("both may be broken at once: the file as it is now, and the certificate of the one before", async () => {
  await using loading = await startLoading();
  const first = await loading.load();
  await loading.files.write("db.yaml", route("later"));
  await rm(loading.files.at("db.key"));
  const failing = await loading.load();
  expect(told(failing)).toEqual(["3:37 error tls/file-missing", "3:53 error tls/file-missing"]);
  expect(shown(failing)).toBe(shown(first));
});

test("a route whose certificate was never good shows none, and lets nobody through", async () => {
  await using loading = await startLoading();
  await rm(loading.files.at("db.key"));
  const loaded = await loading.load();
  expect(loaded.failed).toBe(true);
  expect(shown(loaded)).toBeUndefined();
  const open = loaded.plan.routes.filter(({ name, deny }) => name === "db" && deny === undefined);
  expect(open).toEqual([]);
});

test("a warning is told once, whatever else of the load has to be put back", async () => {
  await using loading = await startLoading();
  await loading.put("db.crt", "weak.pem");
  await loading.files.write("db.crt", pemOf("chained.pem") + pemOf("weak.pem"));
  await loading.files.write("other.yaml", 'listen: "127.0.0.1:5433"\nbackends: ["127.0.0.1:9"]\n');
  const before = await loading.load();
  expect(told(before)).toContain("3:37 warning tls/weak-signature");
  await loading.files.write("other.yaml", 'name: db\nlisten: "127.0.0.1:5433"\nbackends: ["127.0.0.1:9"]\n');
  const after = await loading.load();
  expect(after.failed).toBe(true);
  const warnings = (loaded: LoadedPlan) => told(loaded).filter((each) => each.includes("warning"));
  expect(warnings(after)).toEqual(warnings(before));
});
