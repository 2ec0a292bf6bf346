// Small databases in MaxMind's format, made by hand: real ones are large, and not free to pass on.

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
export function geoDatabase(record: Data, type = "GeoLite2-City"): Uint8Array {
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

/** Of 203.0.113.0/24: Berlin. */
export const CITY: Uint8Array = geoDatabase({
  city: { names: { en: "Berlin", de: "Berlin" } },
  continent: { names: { en: "Europe" } },
  country: { iso_code: "DE", names: { en: "Germany" }, is_in_european_union: true },
  registered_country: { iso_code: "FR", names: { en: "France" }, is_in_european_union: true },
  location: { latitude: 52.5, longitude: 13.25, accuracy_radius: 5n, time_zone: "Europe/Berlin", metro_code: 7n },
  postal: { code: "10115" },
  subdivisions: [{ names: { en: "Land Berlin" } }],
});
/** Of 203.0.113.0/24: AS 64496. */
export const ASN: Uint8Array = geoDatabase(
  { autonomous_system_number: 64_496n, autonomous_system_organization: "Example" },
  "GeoLite2-ASN",
);
