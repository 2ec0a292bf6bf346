// Orders to the gateway as a whole: read the routes again, or end.

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { answer, NEEDS_TOKEN, refusals } from "./describe.ts";
import { ignoreSmallBody } from "./request-body.ts";
import { ReloadSchema } from "./schema-gateway.ts";
import type { AdminView } from "./view.ts";

/** `POST /api/v1/reload`, `POST /api/v1/drain`. */
export function controlRoutes(view: AdminView): Hono {
  const app = new Hono();

  app.post(
    "/api/v1/reload",
    ignoreSmallBody(),
    describeRoute({
      operationId: "reload",
      summary: "Reads all routes again and applies what changed",
      security: NEEDS_TOKEN,
      responses: { 200: answer("What it did", ReloadSchema), ...refusals(413) },
    }),
    async (c) => c.json(await view.reload()),
  );

  app.post(
    "/api/v1/drain",
    ignoreSmallBody(),
    describeRoute({
      operationId: "drain",
      summary: "Stops accepting, lets connections end within the drain timeout, then exits",
      security: NEEDS_TOKEN,
      responses: { 202: answer("It began", v.object({ draining: v.literal(true) })), ...refusals(413) },
    }),
    async (c) => {
      await view.drain();
      return c.json({ draining: true }, 202);
    },
  );

  return app;
}
