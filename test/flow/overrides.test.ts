// What people set for backends by hand holds until they take it back: through reloads, removed routes and restarts.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendSnapshot } from "../../src/engine/snapshot.ts";
import { type FlowGateway, routeText, startFlow } from "../support/flow.ts";
import { at } from "../support/json-schema.ts";

const ROUTE = { listen: "127.0.0.1:0", backends: ["127.0.0.1:9", { address: "127.0.0.1:10", weight: 3 }] };

async function stateFile(): Promise<AsyncDisposable & { readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-override-"));
  return {
    path: join(directory, "state.db"),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Asks the admin port as a program would. */
async function ask(flow: FlowGateway, method: string, query: string, body?: unknown): Promise<[number, unknown]> {
  const { admin } = flow.gateway;
  if ("unix" in admin) throw new Error("The admin port is not on TCP");
  const answer = await fetch(`http://127.0.0.1:${admin.port}/api/v1/backends${query}`, {
    method,
    headers: { authorization: "Bearer test-token", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [answer.status, at(await answer.json())["items"]];
}

async function seen(flow: FlowGateway): Promise<Pick<BackendSnapshot, "weight" | "override">[]> {
  const { backends } = await flow.view.engine();
  return backends.map(({ weight, override }) => ({ weight, ...(override === undefined ? {} : { override }) }));
}

test("a weight of 0 set by hand holds through a change of the route and its removal", async () => {
  await using flow = await startFlow({ "db.yaml": ROUTE });
  const [status, items] = await ask(flow, "PATCH", "?backend=127.0.0.1:10", { weight: 0 });
  expect(status).toBe(200);
  expect(items).toEqual([expect.objectContaining({ route: "db", weight: 0, override: { weight: 0 } })]);
  const wanted = [{ weight: 1 }, { weight: 0, override: { weight: 0 } }];
  expect(await seen(flow)).toEqual(wanted);

  await flow.write("db.yaml", routeText({ ...ROUTE, timeouts: { idle: "5m" } }));
  expect((await flow.reload()).changed).toEqual(["db"]);
  expect(await seen(flow)).toEqual(wanted);

  await flow.remove("db.yaml");
  await flow.reload();
  expect(await seen(flow)).toEqual([]);
  await flow.write("db.yaml", routeText(ROUTE));
  await flow.reload();
  expect(await seen(flow)).toEqual(wanted);
});

test("what was set by hand is there again after a restart, until it is taken back", async () => {
  await using state = await stateFile();
  {
    await using flow = await startFlow({ "db.yaml": ROUTE }, { state: state.path });
    await ask(flow, "PATCH", "?route=db&backend=127.0.0.1:10", { weight: 7, state: "drain" });
  }
  {
    await using flow = await startFlow({ "db.yaml": ROUTE }, { state: state.path });
    expect(await seen(flow)).toEqual([{ weight: 1 }, { weight: 7, override: { weight: 7, state: "drain" } }]);
    await ask(flow, "PATCH", "?backend=127.0.0.1:10", { weight: null, state: "auto" });
    expect(await seen(flow)).toEqual([{ weight: 1 }, { weight: 3 }]);
  }
  await using flow = await startFlow({ "db.yaml": ROUTE }, { state: state.path });
  expect(await seen(flow)).toEqual([{ weight: 1 }, { weight: 3 }]);
});

test("a backend that no route has is not set", async () => {
  await using flow = await startFlow({ "db.yaml": ROUTE });
  expect((await ask(flow, "PATCH", "?backend=127.0.0.1:11", { weight: 1 }))[0]).toBe(404);
  expect((await ask(flow, "PATCH", "?route=other&backend=127.0.0.1:10", { weight: 1 }))[0]).toBe(404);
  expect(flow.log.lines.filter(({ event }) => event === "backend-override")).toEqual([]);
});

test("what was set for a backend whose route is gone is taken back, and does not return with the route", async () => {
  await using flow = await startFlow({ "db.yaml": ROUTE });
  await ask(flow, "PATCH", "?backend=127.0.0.1:10", { state: "drain" });
  await flow.remove("db.yaml");
  await flow.reload();
  expect((await ask(flow, "PATCH", "?backend=127.0.0.1:10", { state: "up" }))[0]).toBe(404);
  expect(await ask(flow, "PATCH", "?backend=127.0.0.1:10", { state: "auto" })).toEqual([200, []]);
  expect((await ask(flow, "PATCH", "?backend=127.0.0.1:10", { state: "auto" }))[0]).toBe(404);
  await flow.write("db.yaml", routeText(ROUTE));
  await flow.reload();
  expect(await seen(flow)).toEqual([{ weight: 1 }, { weight: 3 }]);
});
