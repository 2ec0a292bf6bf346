// Documents put through the admin port: YAML in, YAML out, everything else about them as JSON. Whether a text is a good
// document is for the view to say.

import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { describeRoute, validator } from "hono-openapi";
import { mentionsSecret, withoutPrivateKeys } from "../base/conceal.ts";
import { refuse } from "./answer-error.ts";
import { answer, listOf, NEEDS_TOKEN, refusals } from "./describe.ts";
import { refuseWithoutToken, type TokenCheck } from "./guard.ts";
import { ignoreSmallBody, readText } from "./request-body.ts";
import { refuseParameters } from "./request-query.ts";
import { InvalidDocumentSchema } from "./schema-error.ts";
import { DocumentSummarySchema, ReloadSchema } from "./schema-gateway.ts";
import type { DocumentSummary } from "./schema-gateway.ts";
import { DocumentPath } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

/** More than tens of thousands of routes; at 1 ms per KB of YAML this already takes seconds to read. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

const YAML = "application/yaml";

/** JSON is YAML. A body without a type, as `curl -T` sends it, is YAML too. */
const ACCEPTED_TYPES: readonly string[] = [YAML, "text/yaml", "text/plain", "application/json"];

/** `GET /api/v1/documents`, `PUT GET DELETE /api/v1/documents/{name}`. */
export function documentRoutes(view: AdminView, hasToken: TokenCheck): Hono {
  const app = new Hono();
  const path = validator("param", DocumentPath, refuseParameters);

  app.get(
    "/api/v1/documents",
    describeRoute({
      operationId: "listDocuments",
      summary: "Documents put through the admin port, without their text",
      responses: { 200: answer("All of them by name", listOf(DocumentSummarySchema)), ...refusals(503) },
    }),
    async (c) => {
      const items = (await view.documents()).map(({ name, text, updatedAt }): DocumentSummary => ({
        name,
        updatedAt,
        bytes: Buffer.byteLength(text),
      }));
      return c.json({ items, next: null });
    },
  );

  app.get(
    "/api/v1/documents/:name",
    path,
    describeRoute({
      operationId: "getDocument",
      summary: "A document as it was put, but for private keys, which are left out",
      description: "One with a Secret in it needs the token, also where reading does not",
      responses: {
        200: { description: "Its text", content: { [YAML]: { schema: { type: "string" } } } },
        ...refusals(404, 503),
      },
    }),
    async (c) => {
      const document = await view.document(c.req.valid("param").name);
      if (document === undefined) return refuse(c, 404, "document-not-found", "There is no document with this name");
      if (mentionsSecret(document.text) && !hasToken(c)) return refuseWithoutToken(c);
      // Reading needs no token on loopback, and a route may have its key in it.
      return c.body(withoutPrivateKeys(document.text), 200, {
        "Content-Type": `${YAML}; charset=utf-8`,
        "Last-Modified": new Date(document.updatedAt).toUTCString(),
      });
    },
  );

  app.put(
    "/api/v1/documents/:name",
    path,
    describeRoute({
      operationId: "putDocument",
      summary: "Stores or replaces a document and reloads",
      description: "The text is a source like a file; with any mistake in it nothing is changed",
      security: NEEDS_TOKEN,
      requestBody: {
        required: true,
        content: Object.fromEntries(ACCEPTED_TYPES.map((type) => [type, { schema: { type: "string" } }])),
      },
      responses: {
        200: answer("Replaced", ReloadSchema),
        201: answer("Stored as a new document", ReloadSchema),
        422: answer("It has mistakes and nothing was changed", InvalidDocumentSchema),
        ...refusals(413, 415, 503, 507),
      },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      if (!isAcceptedType(c.req.header("content-type")) || c.req.header("content-encoding") !== undefined) {
        return refuse(
          c,
          415,
          "unsupported-media-type",
          `Send the document uncompressed, in UTF-8, with the header Content-Type: ${YAML}`,
          { accepted: ACCEPTED_TYPES },
        );
      }
      const body = await readText(c, MAX_DOCUMENT_BYTES);
      if ("refusal" in body) return body.refusal;
      const result = await view.putDocument(name, body.text);
      if (!result.stored) {
        const { diagnostics } = result;
        return refuse(c, 422, "document-invalid", "The document has mistakes; nothing was changed", { diagnostics });
      }
      if (result.created) c.header("Location", `/api/v1/documents/${name}`);
      return c.json(result.reload, result.created ? 201 : 200);
    },
  );

  app.delete(
    "/api/v1/documents/:name",
    ignoreSmallBody(),
    path,
    describeRoute({
      operationId: "deleteDocument",
      summary: "Removes a document and reloads",
      security: NEEDS_TOKEN,
      responses: { 200: answer("Removed", ReloadSchema), ...refusals(404, 413, 503, 507) },
    }),
    async (c) => {
      const reload = await view.deleteDocument(c.req.valid("param").name);
      if (reload === undefined) return refuse(c, 404, "document-not-found", "There is no document with this name");
      return c.json(reload);
    },
  );

  return app;
}

function isAcceptedType(header: string | undefined): boolean {
  if (header === undefined || header.trim() === "") return true;
  const [type = "", ...parameters] = header.toLowerCase().split(";");
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1]);
  return ACCEPTED_TYPES.includes(type.trim()) && charset.every((name) => name === undefined || /^utf-?8$/.test(name));
}
