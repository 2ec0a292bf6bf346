import { expect, test } from "bun:test";

import { NO_GEO } from "../../src/cel/geo.ts";
import { openGeoDatabases } from "../../src/config/geo-database.ts";

type Data = string | number | boolean | bigint | readonly Data[] | { readonly [key: string]: Data };

/** MaxMind DB format 2.0: a control byte with the type and the size, then the value. Numbers are doubles, bigints uint32. */
function encode(value: Data): number[] {
  if (typeof value === "boolean") return extended(14, value ? 1 : 0);
  if (typeof value === "bigint") return [...control(6, 4), ...big(4, (view) => view.setUint32(0, Number(value)))];
  if (typeof value === "number") return [...control(3, 8), ...big(8, (view) => view.setFloat64(0, value))];
  if (typeof value === "string") {
    const bytes = [...new TextEncoder().encode(value)];
    return [...control(2, bytes.length), ...bytes];
  }
  if (isList(value)) return [...extended(11, value.length), ...value.flatMap(encode)];
  const entries = Object.entries(value);
  return [...control(7, entries.length), ...entries.flatMap(([key, item]) => [...encode(key), ...encode(item)])];
}

function isList(value: Data): value is readonly Data[] {
  return Array.isArray(value);
}

function control(type: number, size: number): number[] {
  return size < 29 ? [(type << 5) | size] : [(type << 5) | 29, size - 29];
}

function extended(type: number, size: number): number[] {
  return [size, type - 7];
}

function big(length: number, write: (view: DataView) => void): number[] {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return [...bytes];
}

/** A database of IPv4 with one record, for 203.0.113.0/24. */
function database(record: Data, type = "GeoLite2-City"): Uint8Array {
  const prefix = (203 << 16) | (0 << 8) | 113;
  const nodes = 24;
  const tree = Array.from({ length: nodes }, (_, node) => {
    const bit = (prefix >> (nodes - 1 - node)) & 1;
    // Behind the tree are 16 zero bytes, which a pointer into the data counts.
    const next = node === nodes - 1 ? nodes + 16 : node + 1;
    const sides = bit === 0 ? [next, nodes] : [nodes, next];
    return sides.flatMap((value) => [value >> 16, (value >> 8) & 255, value & 255]);
  }).flat();
  const metadata = encode({
    binary_format_major_version: 2n,
    binary_format_minor_version: 0n,
    build_epoch: 0n,
    database_type: type,
    description: { en: "A test" },
    ip_version: 4n,
    languages: ["en"],
    node_count: BigInt(nodes),
    record_size: 24n,
  });
  const marker = [0xab, 0xcd, 0xef, ...new TextEncoder().encode("MaxMind.com")];
  return Uint8Array.from([...tree, ...Array.from({ length: 16 }, () => 0), ...encode(record), ...marker, ...metadata]);
}

const CITY = database({
  city: { names: { en: "Berlin", de: "Berlin" } },
  continent: { names: { en: "Europe" } },
  country: { iso_code: "DE", names: { en: "Germany" }, is_in_european_union: true },
  registered_country: { iso_code: "FR", names: { en: "France" }, is_in_european_union: true },
  location: { latitude: 52.5, longitude: 13.25, accuracy_radius: 5n, time_zone: "Europe/Berlin", metro_code: 7n },
  postal: { code: "10115" },
  subdivisions: [{ names: { en: "Land Berlin" } }],
});
const ASN = database({ autonomous_system_number: 64_496n, autonomous_system_organization: "Example" }, "GeoLite2-ASN");

test("a City and an ASN database tell of one address what each knows", () => {
  expect(openGeoDatabases([ASN, CITY]).lookup("203.0.113.7")).toEqual({
    ...NO_GEO,
    location: {
      city: "Berlin",
      continent: "Europe",
      country: "Germany",
      countryCode: "DE",
      isEu: true,
      latitude: "52.5",
      longitude: "13.25",
      metroCode: "7",
      postalCode: "10115",
      radius: "5",
      subdivision: "Land Berlin",
      timezone: "Europe/Berlin",
    },
    registeredLocation: { ...NO_GEO.registeredLocation, country: "France", countryCode: "FR", isEu: true },
    as: { number: 64_496, organization: "Example" },
  });
});

test.each(["203.0.114.1", "10.0.0.1", "2001:db8::1", "nonsense", ""])("of %p nothing is known", (ip) => {
  expect(openGeoDatabases([CITY]).lookup(ip)).toBeNull();
});

test("values of other types than their names promise are empty", () => {
  const odd = database({ city: "Berlin", country: { iso_code: ["DE"], names: 5 }, autonomous_system_number: "one" });
  expect(openGeoDatabases([odd]).lookup("203.0.113.7")).toEqual(NO_GEO);
});

test("bytes that are no database are refused", () => {
  expect(() => openGeoDatabases([new TextEncoder().encode("no database")])).toThrow(
    "Expected a database in MaxMind's format",
  );
  expect(() => openGeoDatabases([new Uint8Array()])).toThrow("Expected a database in MaxMind's format");
});

test("a database that is damaged knows nothing, and does not throw", () => {
  for (let end = 150; end < 400; end += 3) {
    const broken = CITY.map((byte, index) => (index === end ? byte ^ 0xff : byte));
    try {
      openGeoDatabases([broken]).lookup("203.0.113.7");
    } catch (error) {
      expect(error).toHaveProperty("code", "geo/malformed");
    }
  }
});
