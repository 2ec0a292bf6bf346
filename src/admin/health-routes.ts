// For whoever watches the gateway from outside: alive, ready, metrics, and where the description of all this is.

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { answer, refusals } from "./describe.ts";
import { METRICS_CONTENT_TYPE, renderMetrics } from "./metrics.ts";
import { readProcess } from "./process-sample.ts";
import { ReadySchema } from "./schema-gateway.ts";
import type { AdminView } from "./view.ts";

const IndexSchema = v.object({ name: v.literal("sallyport"), version: v.string(), openapi: v.string() });

/** `GET / /healthz /readyz /metrics`. */
export function healthRoutes(view: AdminView): Hono {
  const app = new Hono();

  app.get(
    "/",
    describeRoute({
      operationId: "getIndex",
      summary: "What this is and where it is described",
      responses: { 200: answer("Always", IndexSchema), ...refusals() },
    }),
    async (c) => c.json({ name: "sallyport", version: (await view.info()).version, openapi: "/openapi.json" }),
  );

  app.get(
    "/healthz",
    describeRoute({
      operationId: "getHealth",
      summary: "Whether the process is alive",
      responses: { 200: answer("It is", v.object({ status: v.literal("ok") })), ...refusals() },
    }),
    (c) => c.json({ status: "ok" }),
  );

  app.get(
    "/readyz",
    describeRoute({
      operationId: "getReadiness",
      summary: "Whether all listeners are bound and all files are good",
      responses: {
        200: answer("Ready", ReadySchema),
        ...refusals(),
        503: answer("Not ready", ReadySchema),
      },
    }),
    async (c) => {
      const reasons = await view.notReady();
      return c.json({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
    },
  );

  app.get(
    "/metrics",
    describeRoute({
      operationId: "getMetrics",
      summary: "Metrics in the Prometheus text format 0.0.4",
      responses: {
        200: { description: "Metrics", content: { "text/plain": { schema: { type: "string" } } } },
        ...refusals(),
      },
    }),
    async (c) => {
      const [info, engine, diagnostics, sample] = await Promise.all([
        view.info(),
        view.engine(),
        view.diagnostics(),
        readProcess(),
      ]);
      return c.body(renderMetrics(info, engine, diagnostics, sample), 200, { "Content-Type": METRICS_CONTENT_TYPE });
    },
  );

  return app;
}
