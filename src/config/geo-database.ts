// Databases in MaxMind's format (City, Country, ASN) as what expressions ask about addresses. It gets the bytes of files
// and does not know where they come from; what a record has is not trusted to be of the type that its name promises.

import { Buffer } from "node:buffer";

import { Reader, type Response } from "mmdb-lib";

import { parseIp } from "../base/ip.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { type GeoFacts, type GeoLocation, type GeoLookup, NO_GEO } from "../cel/geo.ts";

/**
 * Opens databases. Of one address each says what it knows, and the first that knows something counts. Throws GatewayError
 * `geo/malformed` when bytes are no database.
 */
export function openGeoDatabases(files: readonly Uint8Array[]): GeoLookup {
  const readers = files.map(open);
  return {
    lookup: (ip) => {
      if (parseIp(ip) === undefined) return null;
      const records = readers.map((reader) => find(reader, ip)).filter((record) => record !== undefined);
      return records.length === 0 ? null : factsOf(records);
    },
  };
}

function open(bytes: Uint8Array): Reader<Response> {
  try {
    return new Reader<Response>(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new GatewayError("geo/malformed", "Expected a database in MaxMind's format (.mmdb)", error);
  }
}

/** A database that is damaged knows nothing of the addresses whose records cannot be read. */
function find(reader: Reader<Response>, ip: string): unknown {
  try {
    return reader.get(ip) ?? undefined;
  } catch {
    return undefined;
  }
}

function factsOf(records: readonly unknown[]): GeoFacts {
  const read = (...path: readonly string[]): unknown =>
    records.map((record) => at(record, path)).find((value) => value !== undefined);
  const flag = (...names: readonly string[]): boolean => names.some((name) => read("traits", name) === true);
  return {
    ...NO_GEO,
    location: placeOf(read, "country"),
    // A registered place is a country, and nothing else is known of it.
    registeredLocation: { ...NO_GEO.registeredLocation, ...countryOf(read, "registered_country") },
    as: {
      number: integer(read("autonomous_system_number") ?? read("traits", "autonomous_system_number")),
      organization: text(read("autonomous_system_organization") ?? read("traits", "autonomous_system_organization")),
    },
    isTorNode: flag("is_tor_exit_node"),
  };
}

type Read = (...path: readonly string[]) => unknown;

function placeOf(read: Read, country: string): GeoLocation {
  return {
    ...countryOf(read, country),
    city: text(read("city", "names", "en")),
    continent: text(read("continent", "names", "en")),
    latitude: text(read("location", "latitude")),
    longitude: text(read("location", "longitude")),
    metroCode: text(read("location", "metro_code")),
    postalCode: text(read("postal", "code")),
    radius: text(read("location", "accuracy_radius")),
    subdivision: text(read("subdivisions", "0", "names", "en")),
    timezone: text(read("location", "time_zone")),
  };
}

function countryOf(read: Read, name: string): Pick<GeoLocation, "country" | "countryCode" | "isEu"> {
  return {
    country: text(read(name, "names", "en")),
    countryCode: text(read(name, "iso_code")),
    isEu: read(name, "is_in_european_union") === true,
  };
}

function at(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(name);
  }
  return value;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function integer(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
