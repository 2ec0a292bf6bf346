import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GeoFiles } from "../../src/config/geo-files.ts";
import { ASN, CITY, geoDatabase } from "../support/geo-databases.ts";

const PARIS = geoDatabase({ city: { names: { en: "Paris" } } });

let directory: string;
let city: string;
let asn: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sallyport-geo-"));
  [city, asn] = [join(directory, "city.mmdb"), join(directory, "asn.mmdb")];
  await Promise.all([writeFile(city, CITY), writeFile(asn, ASN)]);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** As those who deliver databases do it. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}

function cityOf(files: GeoFiles): string | undefined {
  return files.lookup("203.0.113.7")?.location.city;
}

test("databases of different kinds stand side by side", async () => {
  const files = await GeoFiles.open([city, asn]);
  expect(files.lookup("203.0.113.7")).toMatchObject({ location: { city: "Berlin" }, as: { number: 64_496 } });
  expect(files.lookup("198.51.100.1")).toBeNull();
});

test("a file that is not there, and one that is no database, are told by their names", async () => {
  const missing = join(directory, "missing.mmdb");
  await expect(GeoFiles.open([city, missing])).rejects.toMatchObject({
    code: "geo/unreadable",
    message: expect.stringContaining(`"${missing}"`),
  });
  const odd = join(directory, "odd.mmdb");
  await writeFile(odd, "no database");
  await expect(GeoFiles.open([odd])).rejects.toMatchObject({
    code: "geo/malformed",
    message: expect.stringContaining(`"${odd}"`),
  });
});

test("a file that was replaced is used from the next refresh on, and one that was not is left alone", async () => {
  const files = await GeoFiles.open([city, asn]);
  await replace(city, PARIS);
  expect(cityOf(files)).toBe("Berlin");
  expect(await files.refresh()).toEqual({ replaced: [city], problems: [] });
  expect(cityOf(files)).toBe("Paris");
  expect(await files.refresh()).toEqual({ replaced: [], problems: [] });
});

test("a file that has broken, or is gone, is used as it was, until it is good again", async () => {
  const files = await GeoFiles.open([city, asn]);
  await replace(city, CITY.subarray(0, 300));
  await rm(asn);
  const { replaced, problems } = await files.refresh();
  expect(replaced).toEqual([]);
  expect(problems.map(({ code }) => code).toSorted()).toEqual(["geo/malformed", "geo/unreadable"]);
  expect(files.lookup("203.0.113.7")).toMatchObject({ location: { city: "Berlin" }, as: { number: 64_496 } });
  await replace(city, PARIS);
  expect((await files.refresh()).replaced).toEqual([city]);
  expect(cityOf(files)).toBe("Paris");
});
