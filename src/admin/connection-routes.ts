// Live connections: list them page by page, kill one, kill those that match a filter.

import { Hono } from "hono";
import { describeRoute, validator } from "hono-openapi";
import * as v from "valibot";
import { refuse } from "./answer-error.ts";
import { answer, listOf, NEEDS_TOKEN, refusals } from "./describe.ts";
import { ignoreSmallBody } from "./request-body.ts";
import { refuseParameters } from "./request-query.ts";
import { ConnectionSchema } from "./schema-engine.ts";
import { ConnectionPath, ConnectionQuery, FilterQuery, LIMIT_PARAMETER } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

const KilledSchema = v.object({ killed: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** `GET DELETE /api/v1/connections`, `DELETE /api/v1/connections/{id}`. */
export function connectionRoutes(view: AdminView): Hono {
  const app = new Hono();

  app.get(
    "/api/v1/connections",
    validator("query", ConnectionQuery, refuseParameters),
    describeRoute({
      operationId: "listConnections",
      summary: "Live connections by ascending id",
      description: "Every given filter must match",
      parameters: [LIMIT_PARAMETER],
      responses: { 200: answer("One page", listOf(ConnectionSchema)), ...refusals() },
    }),
    async (c) => {
      const { limit, after, ...filter } = c.req.valid("query");
      // One more than is shown tells whether there is another page.
      const found = await view.connections(filter, after, limit + 1);
      const items = found.slice(0, limit);
      return c.json({ items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null });
    },
  );

  app.delete(
    "/api/v1/connections",
    ignoreSmallBody(),
    validator("query", FilterQuery, refuseParameters),
    describeRoute({
      operationId: "killConnections",
      summary: "Aborts the connections that match",
      description: "At least one filter is required; every given filter must match",
      security: NEEDS_TOKEN,
      responses: { 200: answer("How many were aborted", KilledSchema), ...refusals(413) },
    }),
    async (c) => {
      const filter = c.req.valid("query");
      if (Object.keys(filter).length === 0) {
        return refuse(
          c,
          400,
          "filter-required",
          "Say which connections to kill: at least one of route, source, backend and sni",
        );
      }
      return c.json({ killed: await view.killWhere(filter) });
    },
  );

  app.delete(
    "/api/v1/connections/:id",
    ignoreSmallBody(),
    validator("param", ConnectionPath, refuseParameters),
    describeRoute({
      operationId: "killConnection",
      summary: "Aborts one connection",
      security: NEEDS_TOKEN,
      responses: { 200: answer("It was aborted", KilledSchema), ...refusals(404, 413) },
    }),
    async (c) => {
      if (await view.kill(c.req.valid("param").id)) return c.json({ killed: 1 });
      return refuse(c, 404, "connection-not-found", "There is no live connection with this id");
    },
  );

  return app;
}
