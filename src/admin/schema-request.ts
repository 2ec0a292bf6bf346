// Schemas of what requests may say in their address. Messages complete the sentence `"NAME" …`. Unknown parameters are
// mistakes here: a mistyped filter must not silently match, and kill, more connections than was meant.

import { isIP } from "node:net";
import * as v from "valibot";
import { parseHostname } from "../base/hostname.ts";
import type { ConnectionFilter } from "../engine/snapshot.ts";
import type { BackendFilter } from "./backend-filter.ts";
import { kindNamed, RESOURCE_KINDS } from "./resource-kinds.ts";
import type { OverrideChange } from "./view.ts";

/** More connections than this are read page by page. */
export const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

/** Longest filter or cursor; names and addresses are far shorter. */
const MAX_TEXT_CHARACTERS = 512;

/** A name, an address, a cursor. */
export const Text = v.pipe(
  v.string("must be given once"),
  v.nonEmpty("must not be empty"),
  v.maxLength(MAX_TEXT_CHARACTERS, `must not be longer than ${MAX_TEXT_CHARACTERS} characters`),
);

const FILTERS = {
  route: v.exactOptional(v.pipe(Text, v.description("Name of the route"))),
  source: v.exactOptional(
    v.pipe(
      Text,
      v.check(isAddressOrPrefix, "must be an IP address or a CIDR"),
      v.description("Client address, or a CIDR that contains it"),
    ),
  ),
  backend: v.exactOptional(v.pipe(Text, v.description("Backend as written in the route"))),
  sni: v.exactOptional(
    v.pipe(
      Text,
      v.check((text) => parseHostname(text) !== undefined, "must be a host name"),
      v.description("TLS name that the client asked for"),
    ),
  ),
};

export const UNKNOWN_PARAMETER = "is not a parameter of this request";

/** Which connections to kill; whether any filter is given is for the handler to ask. */
export const FilterQuery: v.GenericSchema<ConnectionFilter> = v.strictObject(FILTERS, UNKNOWN_PARAMETER);

/** Which part of a list to answer with. */
export const PAGE = {
  limit: v.optional(
    v.pipe(
      v.string("must be given once"),
      v.regex(/^\d{1,4}$/, `must be a number from 1 to ${MAX_PAGE}`),
      v.transform(Number),
      v.minValue(1, `must be a number from 1 to ${MAX_PAGE}`),
      v.maxValue(MAX_PAGE, `must be a number from 1 to ${MAX_PAGE}`),
    ),
    String(DEFAULT_PAGE),
  ),
  after: v.exactOptional(v.pipe(Text, v.description("The next of the page before"))),
};

/** Which page of which connections to list. */
export const ConnectionQuery = v.strictObject({ ...FILTERS, ...PAGE }, UNKNOWN_PARAMETER);

/** Which page of which resources to list. */
export const ResourceQuery = v.strictObject(
  {
    kind: v.exactOptional(
      v.pipe(
        Text,
        v.check((text) => kindNamed(text) !== undefined, `must be one of ${RESOURCE_KINDS.join(", ")}`),
        v.description("As it is called, in plural or short, whatever its case: TCPRoute, tcproutes, gtw"),
      ),
    ),
    namespace: v.exactOptional(v.pipe(Text, v.description("- for those that are in none"))),
    name: v.exactOptional(Text),
    ...PAGE,
  },
  UNKNOWN_PARAMETER,
);

/** Path of one resource; which kinds there are is for the handler to say. */
export const ResourcePath = v.object({
  kind: Text,
  namespace: v.pipe(Text, v.description("- for kinds that are in none")),
  name: Text,
});

/** Which backends to list. */
export const BackendQuery: v.GenericSchema<BackendFilter> = v.strictObject(
  { route: FILTERS.route, backend: FILTERS.backend },
  UNKNOWN_PARAMETER,
);

/** Which backends to change: never all of them because a parameter was forgotten. */
export const BackendChangeQuery = v.strictObject(
  {
    route: FILTERS.route,
    backend: v.pipe(Text, v.description("Backend as written in the route")),
  },
  (issue) => (issue.expected === "never" ? UNKNOWN_PARAMETER : "must be given"),
);

/** As in route files. */
const MAX_WEIGHT = 1_000_000;
const WEIGHT_WANTED = `must be a whole number from 0 to ${MAX_WEIGHT}, auto or null`;
const STATE_WANTED = "must be one of up, drain, down and auto, or null";

/** What to set for backends; `auto` is `null`. */
export const OverrideBody: v.GenericSchema<unknown, OverrideChange> = v.pipe(
  v.strictObject(
    {
      weight: v.exactOptional(
        v.pipe(
          v.union(
            [
              v.null(),
              v.literal("auto"),
              v.pipe(
                v.number(WEIGHT_WANTED),
                v.integer(WEIGHT_WANTED),
                v.minValue(0, WEIGHT_WANTED),
                v.maxValue(MAX_WEIGHT, WEIGHT_WANTED),
              ),
            ],
            WEIGHT_WANTED,
          ),
          v.description("Instead of the written one; auto or null: as written"),
          v.transform((weight) => (weight === "auto" ? null : weight)),
        ),
      ),
      state: v.exactOptional(
        v.pipe(
          v.nullable(v.picklist(["up", "drain", "down", "auto"], STATE_WANTED)),
          v.description(
            "up: used whatever checks say. drain: no new connections. down: as if it had gone down. auto or null: as measured",
          ),
          v.transform((state) => (state === "auto" ? null : state)),
        ),
      ),
    },
    (issue) => (issue.expected === "never" ? "is not a setting of a backend" : "must be a JSON object"),
  ),
  v.minEntries(1, "must have weight, state or both"),
);

/** `limit` as OpenAPI shall show it: in a query everything is text, but a number is meant. */
export const LIMIT_PARAMETER = {
  in: "query",
  name: "limit",
  description: "Most items in the answer",
  schema: { type: "integer", minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE },
} as const;

/** Path of one connection. */
export const ConnectionPath = v.object({ id: Text });

/** Path of one document. A name is safe as a file name and in a diagnostic. */
export const DocumentPath = v.object({
  name: v.pipe(
    v.string(),
    v.regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      'must be 1 to 63 letters, digits or "._-" and begin with a letter or digit',
    ),
  ),
});

function isAddressOrPrefix(text: string): boolean {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text);
  const family = isIP(match?.[1] ?? "");
  return family !== 0 && Number(match?.[2] ?? 0) <= (family === 4 ? 32 : 128);
}
