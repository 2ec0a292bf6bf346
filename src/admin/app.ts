// The admin port as one Hono app over `AdminView`: what every request goes through, and which routes there are. Knows
// neither the engine nor the runtime that serves it.

import { Hono } from "hono";
import type { MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { addressRoutes } from "./address-routes.ts";
import { answerException, refuse } from "./answer-error.ts";
import { backendRoutes } from "./backend-routes.ts";
import { connectionRoutes } from "./connection-routes.ts";
import { controlRoutes } from "./control-routes.ts";
import { documentRoutes } from "./document-routes.ts";
import { guard, tokenCheck } from "./guard.ts";
import { healthRoutes } from "./health-routes.ts";
import { inNgrokForm } from "./ngrok-error.ts";
import { openapiRoute } from "./openapi-route.ts";
import type { AdminReach } from "./reach.ts";
import { refuseMalformedUrl } from "./request-query.ts";
import { reservedAddrRoutes } from "./reserved-addr-routes.ts";
import { resourceRoutes } from "./resource-routes.ts";
import { stateRoutes } from "./state-routes.ts";
import type { AdminView } from "./view.ts";

export interface AdminOptions {
  /** Bearer token. */
  readonly token: string;
  /** Who can reach the port; `adminReach` tells it from the bound address. */
  readonly reach: AdminReach;
  /** Hears what went wrong that was not the client's doing, for the log. Must not throw. */
  readonly onError: (error: Error) => void;
}

/** Makes the app; serve its `fetch`. Every failure becomes an answer: `fetch` never rejects. */
export function createAdmin(view: AdminView, options: AdminOptions): Hono {
  const app = new Hono();
  const hasToken = tokenCheck(options.token);

  app.use(setHeaders);
  app.use(catchNonErrors);
  app.use("/reserved_addrs/*", inNgrokForm);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header("Allow", methods.join(", "));
        return refuse(c, 405, "method-not-allowed", `This address takes ${methods.join(", ")}`);
      },
    }),
  );
  app.use(guard(options.reach, hasToken));
  app.use(refuseMalformedUrl());

  app.route("/", healthRoutes(view));
  app.route("/", stateRoutes(view));
  app.route("/", backendRoutes(view));
  app.route("/", resourceRoutes(view));
  app.route("/", connectionRoutes(view));
  app.route("/", addressRoutes(view));
  app.route("/", reservedAddrRoutes(view));
  app.route("/", documentRoutes(view, hasToken));
  app.route("/", controlRoutes(view));
  app.route("/", openapiRoute(view, app, options.reach));

  app.notFound((c) =>
    refuse(c, 404, "not-found", "There is nothing at this address; /openapi.json lists what there is"),
  );
  app.onError((error, c) => answerException(c, error, options.onError));
  return app;
}

/** Answers are for programs: browsers shall neither guess their type, keep, frame nor embed them. */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["Cache-Control", "no-store"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
];

const setHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of HEADERS) c.res.headers.set(name, value);
};

/** Hono hands on what is thrown and is not an Error instead of answering. */
const catchNonErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next();
  } catch (thrown) {
    throw new Error("Something that is not an Error was thrown", { cause: thrown });
  }
};
