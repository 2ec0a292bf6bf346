// The documents with `apiVersion` and `kind` that are in force, with their standard status: all of them page by page, or one.

import { Hono } from "hono";
import { describeRoute, validator } from "hono-openapi";
import { refuse } from "./answer-error.ts";
import { answer, listOf, refusals } from "./describe.ts";
import { refuseParameters } from "./request-query.ts";
import { compareResourceNames, kindLike, kindNamed, type ResourceName, RESOURCE_KINDS } from "./resource-kinds.ts";
import { type ResourceObject, ResourceSchema } from "./resource-object.ts";
import { LIMIT_PARAMETER, ResourcePath, ResourceQuery } from "./schema-request.ts";
import type { AdminView } from "./view.ts";

/** In addresses: the namespace of what is in none. */
const NO_NAMESPACE = "-";
/** Names in a refusal, which is read by people. */
const MOST_NAMES = 20;

/** `GET /api/v1/resources`, `GET /api/v1/resources/{kind}/{namespace}/{name}`. */
export function resourceRoutes(view: AdminView): Hono {
  const app = new Hono();
  // A list of thousands is asked for page by page, and is the same until the next load.
  const lists = new WeakMap<readonly ResourceObject[], readonly Named[]>();
  const sorted = async (): Promise<readonly Named[]> => {
    const objects = await view.resources();
    const list = lists.get(objects) ?? sort(objects);
    lists.set(objects, list);
    return list;
  };

  app.get(
    "/api/v1/resources",
    validator("query", ResourceQuery, refuseParameters),
    describeRoute({
      operationId: "listResources",
      summary: "Documents with apiVersion and kind that are in force, with their status",
      description: "By kind, namespace and name. Every given filter must match",
      parameters: [LIMIT_PARAMETER],
      responses: { 200: answer("One page", listOf(ResourceSchema)), ...refusals() },
    }),
    async (c) => {
      const { kind, namespace, name, limit, after } = c.req.valid("query");
      const wanted = kind === undefined ? undefined : kindNamed(kind);
      const start = after === undefined ? undefined : nameFrom(after);
      if (start === null) {
        const parameters = [{ parameter: "after", message: "must be the next of the page before" }];
        return refuse(
          c,
          400,
          "invalid-parameter",
          'Cannot use the request: "after" must be the next of the page before',
          {
            parameters,
          },
        );
      }
      const found = (await sorted()).filter(
        ({ own }) =>
          own.kind === (wanted ?? own.kind) &&
          own.namespace === namespaceFrom(namespace ?? own.namespace) &&
          own.name === (name ?? own.name) &&
          (start === undefined || compareResourceNames(own, start) > 0),
      );
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? textFrom(last.own) : null;
      return c.json({ items: page.map(({ object }) => object), next });
    },
  );

  app.get(
    "/api/v1/resources/:kind/:namespace/:name",
    validator("param", ResourcePath, refuseParameters),
    describeRoute({
      operationId: "getResource",
      summary: "One of them",
      responses: { 200: answer("The resource", ResourceSchema), ...refusals(404) },
    }),
    async (c) => {
      const path = c.req.valid("param");
      const kind = kindNamed(path.kind);
      if (kind === undefined) {
        const near = kindLike(path.kind);
        const which = near === undefined ? `there are ${RESOURCE_KINDS.join(", ")}` : `did you mean ${near}?`;
        return refuse(c, 404, "resource-not-found", `There is no such kind of resource: ${which}`, {
          kinds: RESOURCE_KINDS,
        });
      }
      const wanted: ResourceName = { kind, namespace: namespaceFrom(path.namespace), name: path.name };
      const ofKind = (await sorted()).filter(({ own }) => own.kind === kind);
      const found = ofKind.find(({ own }) => compareResourceNames(own, wanted) === 0);
      if (found !== undefined) return c.json(found.object);
      const names = ofKind
        .slice(0, MOST_NAMES)
        .map(({ own: { namespace, name } }) => `${namespace || NO_NAMESPACE}/${name}`);
      const more = ofKind.length > names.length ? ` and ${ofKind.length - names.length} more` : "";
      const which = names.length === 0 ? "there is none at all" : `there is ${names.join(", ")}${more}`;
      return refuse(c, 404, "resource-not-found", `There is no ${kind} with this namespace and name: ${which}`, {
        names,
      });
    },
  );

  return app;
}

interface Named {
  readonly own: ResourceName;
  readonly object: ResourceObject;
}

function sort(objects: readonly ResourceObject[]): readonly Named[] {
  return objects
    .map((object) => {
      const { kind, metadata } = object;
      return { own: { kind, namespace: metadata.namespace ?? "", name: metadata.name }, object };
    })
    .toSorted((a, b) => compareResourceNames(a.own, b.own));
}

function namespaceFrom(text: string): string {
  return text === NO_NAMESPACE ? "" : text;
}

/** `Kind/namespace/name`, as a cursor; it works when the resource itself is gone meanwhile. */
function textFrom({ kind, namespace, name }: ResourceName): string {
  return `${kind}/${namespace}/${name}`;
}

function nameFrom(text: string): ResourceName | null {
  const [kind, namespace, name, ...rest] = text.split("/");
  if (kind === undefined || namespace === undefined || name === undefined || rest.length > 0) return null;
  return { kind, namespace, name };
}
