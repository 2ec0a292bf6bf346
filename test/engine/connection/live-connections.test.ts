import { expect, test } from "bun:test";
import { listConnections, matchingConnections } from "../../../src/engine/connection/live-connections.ts";
import { Route } from "../../../src/engine/route.ts";
import type { LiveConnection } from "../../../src/engine/services.ts";
import { Pipe } from "../../../src/socket/pipe.ts";
import { compileRoutes } from "../../support/compile-routes.ts";
import { MemorySocket } from "../../support/memory-socket.ts";
import { PoolScene } from "../../support/pool-scene.ts";

/** One connection for each name, with ids from 1; `undefined`: no name was read. */
async function connectionsOf(names: readonly (string | undefined)[]): Promise<LiveConnection[]> {
  const { plan } = await compileRoutes({ "db.yaml": "listen: 5432\nbackends: [127.0.0.1:1]" });
  const [routePlan] = plan.routes;
  const [poolPlan] = plan.pools;
  if (routePlan === undefined || poolPlan === undefined) throw new Error("There is no route");
  using scene = new PoolScene(poolPlan);
  const route = new Route(routePlan, [scene.pool]);
  return names.map((sni, index): LiveConnection => {
    const id = index + 1;
    const clock = { nowMs: 0 };
    const owner = { clock, reader: null, pipeClosed() {}, deadlineChanged() {}, pipeFailed() {} };
    return {
      id,
      route,
      pipe: new Pipe(new MemorySocket(0), owner),
      target: null,
      clientHost: "10.0.0.1",
      ...(sni === undefined ? {} : { sni }),
      abort() {},
      snapshot: () => ({
        id: String(id),
        route: "db",
        listener: "*:5432",
        client: "10.0.0.1:1",
        openedAt: new Date(0).toISOString(),
        durationMs: 0,
        idleMs: 0,
        bytesIn: 0,
        bytesOut: 0,
      }),
    };
  });
}

/** The ids of one page. */
function listed(...asked: Parameters<typeof listConnections>): string[] {
  return listConnections(...asked).map(({ id }) => id);
}

test.each([
  ["db.example.com", [1, 4]],
  ["DB.Example.com.", [1, 4]],
  ["other.example.com", [2]],
  ["example.com", []],
  ["*.example.com", []],
  ["", []],
])("the TLS name %j is matched whole, however it is written", async (sni, wanted) => {
  const live = await connectionsOf(["db.example.com", "other.example.com", undefined, "db.example.com"]);
  expect([...matchingConnections(live, { sni })].map(({ id }) => id)).toEqual(wanted);
});

test("a name is one filter among others, and pages go on behind it", async () => {
  const live = await connectionsOf(["a.example", "b.example", "a.example", "a.example"]);
  expect(listed(live, { sni: "a.example" }, undefined, 2)).toEqual(["1", "3"]);
  expect(listed(live, { sni: "a.example" }, "3", 2)).toEqual(["4"]);
  expect(listed(live, { sni: "a.example", route: "other" }, undefined, 2)).toEqual([]);
  expect(listed(live, { sni: "a.example", source: "10.0.0.0/8" }, undefined, 9)).toEqual(["1", "3", "4"]);
});
