// TCP addresses as the admin port knows them: what is reserved, what can be asked for, and how that can fail.

import * as v from "valibot";

/** A reserved address. */
export interface ReservedAddress {
  /** `ra_…`; ids of later ones sort behind. */
  readonly id: string;
  /** `host:port`. */
  readonly addr: string;
  readonly host: string;
  readonly port: number;
  /** Empty for none, like `metadata`. */
  readonly description: string;
  readonly metadata: string;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
  /** What is to be said of it: it is outside of what the flags give now. */
  readonly note?: string;
}

/** What a new one shall be; absent: any host or port that is free, and empty texts. */
export interface AddressWish {
  readonly host?: string;
  readonly port?: number;
  readonly description?: string;
  readonly metadata?: string;
}

/** A change of its texts: absent keeps. */
export type AddressChange = Pick<AddressWish, "description" | "metadata">;

/** Why there is no such address to be had. */
export interface AddressRefusal {
  /** `unknown-host`, `port-out-of-range`: not in the flags. `address-taken`: somebody has it. `range-full`: nothing is left. */
  readonly code: "unknown-host" | "port-out-of-range" | "address-taken" | "range-full";
  readonly message: string;
  /** Who has it, when it is taken. */
  readonly holder?: string;
}

/** Outcome of asking for one. */
export type AddressResult = { readonly address: ReservedAddress } | { readonly refusal: AddressRefusal };

export const AddressSchema: v.GenericSchema<ReservedAddress> = v.pipe(
  v.object({
    id: v.pipe(v.string(), v.description("ra_…; ids of later ones sort behind")),
    addr: v.pipe(v.string(), v.description("host:port")),
    host: v.string(),
    port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    description: v.string(),
    metadata: v.string(),
    createdAt: v.pipe(v.string(), v.isoTimestamp()),
    note: v.exactOptional(v.pipe(v.string(), v.description("It is outside of what the flags give now"))),
  }),
  v.metadata({ ref: "Address" }),
);
