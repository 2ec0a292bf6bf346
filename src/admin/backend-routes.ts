// The backends as they run, and what people set for them by hand.

import { Hono } from "hono";
import { describeRoute, resolver, validator } from "hono-openapi";
import { refuse } from "./answer-error.ts";
import { matchesBackend } from "./backend-filter.ts";
import { answer, listOf, NEEDS_TOKEN, refusals } from "./describe.ts";
import { readJson } from "./request-json.ts";
import { refuseParameters } from "./request-query.ts";
import { BackendSchema } from "./schema-engine.ts";
import { BackendChangeQuery, BackendQuery, OverrideBody } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

/** `GET PATCH /api/v1/backends`. */
export function backendRoutes(view: AdminView): Hono {
  const app = new Hono();

  app.get(
    "/api/v1/backends",
    validator("query", BackendQuery, refuseParameters),
    describeRoute({
      operationId: "listBackends",
      summary: "Backends with their addresses, each as often as a route has it",
      description: "Every given filter must match",
      responses: { 200: answer("Backends", listOf(BackendSchema)), ...refusals() },
    }),
    async (c) => {
      const filter = c.req.valid("query");
      const { backends } = await view.engine();
      const items = backends.filter((backend) => matchesBackend(filter, backend));
      return c.json({ items, next: null });
    },
  );

  app.patch(
    "/api/v1/backends",
    validator("query", BackendChangeQuery, refuseParameters),
    describeRoute({
      operationId: "setBackends",
      summary: "Sets the weight or the state of a backend by hand",
      description:
        "In every route that has it, or in one. What is left out stays as it is, null takes it back. It survives reloads and restarts. What was set for a backend that no route has any more can be taken back; then there are no items",
      security: NEEDS_TOKEN,
      requestBody: { required: true, content: { "application/json": { schema: resolver(OverrideBody) } } },
      responses: {
        200: answer("The backends as they are now", listOf(BackendSchema)),
        ...refusals(404, 413, 415, 422, 503, 507),
      },
    }),
    async (c) => {
      const body = await readJson(c, OverrideBody);
      if ("refusal" in body) return body.refusal;
      const items = await view.overrideBackends(c.req.valid("query"), body.value);
      if (items !== undefined) return c.json({ items, next: null });
      const message = "No route has this backend: GET /api/v1/backends lists them, each as written in its route";
      return refuse(c, 404, "not-found", message);
    },
  );

  return app;
}
