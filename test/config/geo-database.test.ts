import { expect, test } from "bun:test";

import { NO_GEO } from "../../src/cel/geo.ts";
import { openGeoDatabases } from "../../src/config/geo-database.ts";
import { ASN, CITY, geoDatabase } from "../support/geo-databases.ts";

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
  const odd = geoDatabase({ city: "Berlin", country: { iso_code: ["DE"], names: 5 }, autonomous_system_number: "one" });
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
