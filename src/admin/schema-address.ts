// Schemas of what requests about TCP addresses may say. Messages complete the sentence `"NAME" …`.

import * as v from "valibot";
import {
  isDescription,
  isMetadata,
  MAX_DESCRIPTION_CHARS,
  MAX_METADATA_BYTES,
} from "../resource/manifest/tcp-address.ts";
import type { AddressChange, AddressWish } from "./address.ts";
import { PAGE, Text, UNKNOWN_PARAMETER } from "./schema-request.ts";

const PORT_WANTED = "must be a whole number from 1 to 65535";
const UNKNOWN_FIELD = (issue: { readonly expected: string | null }): string =>
  issue.expected === "never" ? "is not a field of an address" : "must be a JSON object";

const Description = v.pipe(
  v.string("must be a text"),
  v.check(isDescription, `must not be longer than ${MAX_DESCRIPTION_CHARS} characters`),
  v.description(`For people, at most ${MAX_DESCRIPTION_CHARS} characters`),
);
const Metadata = v.pipe(
  v.string("must be a text"),
  v.check(isMetadata, `must not be longer than ${MAX_METADATA_BYTES} bytes`),
  v.description(`For programs, at most ${MAX_METADATA_BYTES} bytes`),
);
const TEXTS = { description: v.exactOptional(Description), metadata: v.exactOptional(Metadata) };

/** What a new address shall be. */
export const AddressWishBody: v.GenericSchema<unknown, AddressWish> = v.strictObject(
  {
    host: v.exactOptional(v.pipe(v.string("must be a text"), v.description("A name of --tcp-host; absent: any"))),
    port: v.exactOptional(
      v.pipe(
        v.number(PORT_WANTED),
        v.integer(PORT_WANTED),
        v.minValue(1, PORT_WANTED),
        v.maxValue(65_535, PORT_WANTED),
        v.description("In --tcp-ports; absent: any that is free"),
      ),
    ),
    ...TEXTS,
  },
  UNKNOWN_FIELD,
);

/** What shall be said of one from now on. */
export const AddressChangeBody: v.GenericSchema<unknown, AddressChange> = v.pipe(
  v.strictObject(TEXTS, UNKNOWN_FIELD),
  v.minEntries(1, "must have description, metadata or both"),
);

/** Which page of which addresses to list. */
export const AddressQuery = v.strictObject(
  { addr: v.exactOptional(v.pipe(Text, v.description("Only this one, HOST:PORT"))), ...PAGE },
  UNKNOWN_PARAMETER,
);

/** Path of one address. */
export const AddressPath = v.object({ id: Text });

/** What ngrok's clients say of a new one. There are no regions here: what is said of one makes no difference. */
export const NgrokWishBody: v.GenericSchema<unknown, AddressChange & { readonly region?: string }> = v.strictObject(
  { ...TEXTS, region: v.exactOptional(v.pipe(v.string("must be a text"), v.description("Makes no difference"))) },
  UNKNOWN_FIELD,
);

/** What they say of one that is there; whether anything is said is for the handler to ask. */
export const NgrokChangeBody: v.GenericSchema<unknown, AddressChange> = v.strictObject(TEXTS, UNKNOWN_FIELD);

/** Which page of which addresses they list. */
export const NgrokQuery = v.strictObject(
  {
    before_id: v.exactOptional(v.pipe(Text, v.description("Only those that were made before this one"))),
    limit: PAGE.limit,
    filter: v.exactOptional(
      v.pipe(
        v.string("must be given once"),
        v.description('obj.FIELD == "…", !=, .contains("…"), .startsWith("…") or .endsWith("…"), with && between'),
      ),
    ),
  },
  UNKNOWN_PARAMETER,
);
