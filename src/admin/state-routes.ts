// What runs at the moment: the gateway's status, and its listeners, routes and diagnostics in full.

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { GenericSchema } from "valibot";
import type { EngineSnapshot } from "../engine/snapshot.ts";
import { answer, listOf, refusals } from "./describe.ts";
import type { ResourceObject } from "./resource-object.ts";
import { isWell } from "./resource-verdict.ts";
import { ListenerSchema, RouteSchema } from "./schema-engine.ts";
import { DiagnosticSchema } from "./schema-error.ts";
import { StatusSchema } from "./schema-gateway.ts";
import type { GatewayStatus } from "./schema-gateway.ts";
import { countBySeverity } from "./severity-count.ts";
import type { AdminView } from "./view.ts";

/** `GET /api/v1/status /listeners /routes /diagnostics`. */
export function stateRoutes(view: AdminView): Hono {
  const app = new Hono();
  // Monitoring asks again and again for what changes with a load.
  const counts = new WeakMap<readonly ResourceObject[], GatewayStatus["resources"]>();
  const countResources = (resources: readonly ResourceObject[]): GatewayStatus["resources"] => {
    const known = counts.get(resources);
    if (known !== undefined) return known;
    const notReady = resources.filter(({ status }) => !isWell(status)).length;
    const counted = { total: resources.length, notReady };
    counts.set(resources, counted);
    return counted;
  };

  app.get(
    "/api/v1/status",
    describeRoute({
      operationId: "getStatus",
      summary: "The gateway as a whole",
      responses: { 200: answer("Status", StatusSchema), ...refusals() },
    }),
    async (c) => c.json({ ...(await readStatus(view)), resources: countResources(await view.resources()) }),
  );

  app.get("/api/v1/listeners", describeList("Listeners", ListenerSchema), async (c) =>
    c.json({ items: (await view.engine()).listeners, next: null }),
  );
  app.get("/api/v1/routes", describeList("Routes", RouteSchema), async (c) =>
    c.json({ items: (await view.engine()).routes, next: null }),
  );
  app.get("/api/v1/diagnostics", describeList("Diagnostics", DiagnosticSchema), async (c) =>
    c.json({ items: await view.diagnostics(), next: null }),
  );

  return app;
}

function describeList(what: string, item: GenericSchema) {
  return describeRoute({
    operationId: `list${what}`,
    summary: `${what}, all of them`,
    responses: { 200: answer(what, listOf(item)), ...refusals() },
  });
}

function countBackends({ routes, backends }: EngineSnapshot): GatewayStatus["backends"] {
  const served = new Set(
    backends.filter(({ state }) => state === "up" || state === "failing").map(({ route }) => route),
  );
  return {
    total: backends.length,
    notUp: backends.filter(({ state }) => state !== "up").length,
    routesWithout: routes.filter(({ name }) => !served.has(name)).length,
  };
}

async function readStatus(view: AdminView): Promise<Omit<GatewayStatus, "resources">> {
  const [info, engine, diagnostics] = await Promise.all([view.info(), view.engine(), view.diagnostics()]);
  return {
    ...info,
    draining: engine.draining,
    connections: {
      active: engine.connectionsActive,
      total: engine.connectionsTotal,
      limit: engine.connectionLimit,
    },
    listeners: {
      total: engine.listeners.length,
      failed: engine.listeners.filter((listener) => listener.state === "failed").length,
    },
    routes: engine.routes.length,
    backends: countBackends(engine),
    diagnostics: countBySeverity(diagnostics),
  };
}
