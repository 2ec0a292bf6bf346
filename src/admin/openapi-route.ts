// `GET /openapi.json`: everything that is registered on the admin app, described from the same schemas that judge requests.

import { Hono } from "hono";
import { describeRoute, generateSpecs } from "hono-openapi";
import { refusals } from "./describe.ts";
import type { AdminReach } from "./reach.ts";
import type { AdminView } from "./view.ts";

/** Describes the routes of `described`, which is the app that this route itself is mounted on. */
export function openapiRoute(view: AdminView, described: Hono, reach: AdminReach): Hono {
  const app = new Hono();
  let document: ReturnType<typeof generateSpecs> | undefined;

  app.get(
    "/openapi.json",
    describeRoute({
      operationId: "getOpenapi",
      summary: "This description",
      responses: {
        200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } },
        ...refusals(),
      },
    }),
    async (c) => {
      const { version } = await view.info();
      document ??= generateSpecs(described, {
        // Otherwise it takes this very path for a file.
        excludeStaticFile: false,
        // Ours says what our hook answers.
        defaultValidationErrorResponse: false,
        documentation: {
          openapi: "3.1.0",
          info: { title: "sallyport", description: "The admin port of a TCP gateway", version },
          // An empty requirement means that reading needs nothing.
          security: reach === "network" ? [{ token: [] }] : [{ token: [] }, {}],
          components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
        },
      });
      return c.json(await document);
    },
  );

  return app;
}
