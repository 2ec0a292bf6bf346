// TCP addresses in the shape of ngrok's API (version 2), so that scripts for it work here with another base URL.

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { describeRoute, validator } from "hono-openapi";
import * as v from "valibot";
import type { ReservedAddress } from "./address.ts";
import { parseAddressFilter } from "./address-filter.ts";
import { ADDRESS_STATUS, bodyOf, NO_ADDRESS } from "./address-routes.ts";
import { refuse } from "./answer-error.ts";
import { answer, NEEDS_TOKEN } from "./describe.ts";
import { ngrokRefusals } from "./ngrok-error.ts";
import { ignoreSmallBody } from "./request-body.ts";
import { readJson } from "./request-json.ts";
import { refuseParameters } from "./request-query.ts";
import { AddressPath, NgrokChangeBody, NgrokQuery, NgrokWishBody } from "./schema-address.ts";
import { LIMIT_PARAMETER } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

/** Of its API; a client that does not say means this one. */
const NGROK_VERSION = "2";
/** ngrok's default: its clients expect one of its words. */
const REGION = "us";
const PATH = "/reserved_addrs";

/** An address as ngrok shows it. */
const ReservedAddrSchema = v.pipe(
  v.object({
    id: v.string(),
    uri: v.string(),
    created_at: v.pipe(v.string(), v.isoTimestamp()),
    description: v.string(),
    metadata: v.string(),
    addr: v.string(),
    region: v.pipe(v.string(), v.description("Makes no difference")),
    endpoint_configuration: v.null(),
  }),
  v.metadata({ ref: "ReservedAddr" }),
);

const ReservedAddrListSchema = v.object({
  reserved_addrs: v.array(ReservedAddrSchema),
  uri: v.string(),
  next_page_uri: v.pipe(v.nullable(v.string()), v.description("null on the last page")),
});

/** `GET POST /reserved_addrs`, `GET PATCH DELETE /reserved_addrs/{id}`. */
export function reservedAddrRoutes(view: AdminView): Hono {
  const app = new Hono();
  const path = validator("param", AddressPath, refuseParameters);
  app.use(`${PATH}/*`, refuseOtherVersions);

  app.get(
    PATH,
    validator("query", NgrokQuery, refuseParameters),
    describeRoute({
      operationId: "listReservedAddrs",
      summary: "Reserved TCP addresses as ngrok's API lists them, the newest first",
      parameters: [LIMIT_PARAMETER],
      responses: { 200: answer("One page", ReservedAddrListSchema), ...ngrokRefusals() },
    }),
    async (c) => {
      const { before_id: before, limit, filter } = c.req.valid("query");
      const isMeant = filter === undefined ? () => true : parseAddressFilter(filter);
      if ("problem" in isMeant) {
        return refuse(c, 400, "invalid-parameter", `Cannot use "filter": ${isMeant.problem}`, { parameter: "filter" });
      }
      const found = (await view.addresses())
        .filter(({ id }) => before === undefined || id < before)
        .map((address) => toReservedAddr(c, address))
        .filter((each) => isMeant(each));
      const page = found.slice(0, limit);
      const last = page.at(-1)?.id;
      const more = found.length > limit && last !== undefined;
      const uri = uriOf(c, PATH);
      const next = new URLSearchParams({
        before_id: last ?? "",
        limit: String(limit),
        ...(filter === undefined ? {} : { filter }),
      });
      return c.json({ reserved_addrs: page, uri, next_page_uri: more ? `${uri}?${next.toString()}` : null });
    },
  );

  app.post(
    PATH,
    describeRoute({
      operationId: "createReservedAddr",
      summary: "Reserves a random TCP address, as ngrok's API does",
      security: NEEDS_TOKEN,
      requestBody: bodyOf(NgrokWishBody),
      responses: { 201: answer("Reserved", ReservedAddrSchema), ...ngrokRefusals(409, 413, 415, 503, 507) },
    }),
    async (c) => {
      const body = await readJson(c, NgrokWishBody);
      if ("refusal" in body) return body.refusal;
      const { region: _, ...wish } = body.value;
      const result = await view.createAddress(wish);
      if ("address" in result) return c.json(toReservedAddr(c, result.address), 201);
      const { code, message } = result.refusal;
      return refuse(c, ADDRESS_STATUS[code], code, message);
    },
  );

  app.get(
    `${PATH}/:id`,
    path,
    describeRoute({
      operationId: "getReservedAddr",
      summary: "One of them as ngrok's API shows it",
      responses: { 200: answer("The address", ReservedAddrSchema), ...ngrokRefusals(404) },
    }),
    async (c) => {
      const found = await view.address(c.req.valid("param").id);
      return found === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.json(toReservedAddr(c, found));
    },
  );

  app.patch(
    `${PATH}/:id`,
    path,
    describeRoute({
      operationId: "updateReservedAddr",
      summary: "Changes description or metadata of an address, as ngrok's API does",
      security: NEEDS_TOKEN,
      requestBody: bodyOf(NgrokChangeBody),
      responses: { 200: answer("As it is now", ReservedAddrSchema), ...ngrokRefusals(404, 413, 415, 503, 507) },
    }),
    async (c) => {
      const body = await readJson(c, NgrokChangeBody);
      if ("refusal" in body) return body.refusal;
      if (Object.keys(body.value).length === 0) {
        return refuse(c, 400, "nothing-to-change", "Cannot change nothing: give description, metadata or both");
      }
      const changed = await view.updateAddress(c.req.valid("param").id, body.value);
      return changed === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.json(toReservedAddr(c, changed));
    },
  );

  app.delete(
    `${PATH}/:id`,
    ignoreSmallBody(),
    path,
    describeRoute({
      operationId: "deleteReservedAddr",
      summary: "Gives an address back, as ngrok's API does",
      security: NEEDS_TOKEN,
      responses: { 204: { description: "Given back" }, ...ngrokRefusals(404, 413, 503, 507) },
    }),
    async (c) => {
      const deleted = await view.deleteAddress(c.req.valid("param").id);
      return deleted === undefined ? refuse(c, 404, ...NO_ADDRESS) : c.body(null, 204);
    },
  );

  return app;
}

/** Another version may mean something else by the same request. */
const refuseOtherVersions: MiddlewareHandler = async (c, next) => {
  const version = c.req.header("ngrok-version") ?? NGROK_VERSION;
  if (version === NGROK_VERSION) return next();
  const message = `Cannot answer in this version of ngrok's API: send Ngrok-Version: ${NGROK_VERSION}`;
  return refuse(c, 400, "unsupported-version", message);
};

function toReservedAddr(c: Context, { id, addr, description, metadata, createdAt }: ReservedAddress) {
  return {
    id,
    uri: uriOf(c, `${PATH}/${id}`),
    created_at: createdAt.replace(/\.\d+Z$/, "Z"),
    description,
    metadata,
    addr,
    region: REGION,
    endpoint_configuration: null,
  };
}

/** Where the client found it, so that it finds the next page there too. */
function uriOf(c: Context, path: string): string {
  return new URL(path, c.req.url).href;
}
