// TCP addresses: reserve one, list them page by page, change what is said of one, give one back.

import { Hono } from "hono";
import { describeRoute, resolver, validator } from "hono-openapi";
import type { GenericSchema } from "valibot";
import { type AddressRefusal, AddressSchema } from "./address.ts";
import { refuse } from "./answer-error.ts";
import { answer, listOf, NEEDS_TOKEN, refusals } from "./describe.ts";
import { ignoreSmallBody } from "./request-body.ts";
import { readJson } from "./request-json.ts";
import { refuseParameters } from "./request-query.ts";
import { AddressChangeBody, AddressPath, AddressQuery, AddressWishBody } from "./schema-address.ts";
import { LIMIT_PARAMETER } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

/** What cannot be is the client's mistake; what is not to be had at the moment may be later. */
export const ADDRESS_STATUS = {
  "unknown-host": 422,
  "port-out-of-range": 422,
  "address-taken": 409,
  "range-full": 409,
} as const satisfies Readonly<Record<AddressRefusal["code"], number>>;

/** Code and message when there is no such address. */
export const NO_ADDRESS = ["address-not-found", "There is no address with this id: GET lists them"] as const;

/** `GET POST /api/v1/addresses`, `GET PATCH DELETE /api/v1/addresses/{id}`. */
export function addressRoutes(view: AdminView): Hono {
  const app = new Hono();
  const path = validator("param", AddressPath, refuseParameters);

  app.get(
    "/api/v1/addresses",
    validator("query", AddressQuery, refuseParameters),
    describeRoute({
      operationId: "listAddresses",
      summary: "Reserved TCP addresses, the newest first",
      parameters: [LIMIT_PARAMETER],
      responses: { 200: answer("One page", listOf(AddressSchema)), ...refusals() },
    }),
    async (c) => {
      const { addr, limit, after } = c.req.valid("query");
      const found = (await view.addresses()).filter(
        (each) => (after === undefined || each.id < after) && (addr === undefined || each.addr === addr.toLowerCase()),
      );
      const items = found.slice(0, limit);
      return c.json({ items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null });
    },
  );

  app.post(
    "/api/v1/addresses",
    describeRoute({
      operationId: "createAddress",
      summary: "Reserves a TCP address, the one asked for or a random one",
      description: "It is kept until it is deleted, through restarts too. Nobody else gets it",
      security: NEEDS_TOKEN,
      requestBody: bodyOf(AddressWishBody),
      responses: { 201: answer("Reserved", AddressSchema), ...refusals(409, 413, 415, 422, 503, 507) },
    }),
    async (c) => {
      const body = await readJson(c, AddressWishBody);
      if ("refusal" in body) return body.refusal;
      const result = await view.createAddress(body.value);
      if ("refusal" in result) {
        const { code, message, holder } = result.refusal;
        return refuse(c, ADDRESS_STATUS[code], code, message, holder === undefined ? {} : { holder });
      }
      c.header("Location", `/api/v1/addresses/${result.address.id}`);
      return c.json(result.address, 201);
    },
  );

  app.get(
    "/api/v1/addresses/:id",
    path,
    describeRoute({
      operationId: "getAddress",
      summary: "One of them",
      responses: { 200: answer("The address", AddressSchema), ...refusals(404) },
    }),
    async (c) => {
      const found = await view.address(c.req.valid("param").id);
      return found === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.json(found);
    },
  );

  app.patch(
    "/api/v1/addresses/:id",
    path,
    describeRoute({
      operationId: "updateAddress",
      summary: "Changes what is said of an address",
      description: "What is left out stays as it is. Host and port cannot change",
      security: NEEDS_TOKEN,
      requestBody: bodyOf(AddressChangeBody),
      responses: { 200: answer("As it is now", AddressSchema), ...refusals(404, 413, 415, 422, 503, 507) },
    }),
    async (c) => {
      const body = await readJson(c, AddressChangeBody);
      if ("refusal" in body) return body.refusal;
      const changed = await view.updateAddress(c.req.valid("param").id, body.value);
      return changed === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.json(changed);
    },
  );

  app.delete(
    "/api/v1/addresses/:id",
    ignoreSmallBody(),
    path,
    describeRoute({
      operationId: "deleteAddress",
      summary: "Gives an address back",
      description: "What listens on it goes on; from now on somebody else may get it",
      security: NEEDS_TOKEN,
      responses: { 200: answer("As it was", AddressSchema), ...refusals(404, 413, 503, 507) },
    }),
    async (c) => {
      const deleted = await view.deleteAddress(c.req.valid("param").id);
      return deleted === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.json(deleted);
    },
  );

  return app;
}

/** A JSON body, described. */
export function bodyOf(schema: GenericSchema) {
  return { required: true, content: { "application/json": { schema: resolver(schema) } } };
}
