// The values of expressions, as the engine and the log see them, and their way into the CEL library and back. Integers are
// bigints and doubles are numbers, as CEL tells them apart.

import { Buffer } from "node:buffer";

import { type CelInput, type CelValue as LibraryValue, isCelList, isCelMap, isCelType, isCelUint } from "@bufbuild/cel";
import { create, isMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { DurationSchema, timestampDate, timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** A value. Whoever gets one does not change it. Unsigned integers are bigints too, and types are their names. */
export type CelValue =
  null | boolean | bigint | number | string | Uint8Array | Date | CelDuration | readonly CelValue[] | CelMap;

/** A map, with keys of any type or, written plainly, with texts as keys. */
export type CelMap = ReadonlyMap<string | bigint | boolean, CelValue> | CelObject;

/** A map with texts as keys. Its own properties count. */
export interface CelObject {
  readonly [key: string]: CelValue;
}

const NANOS_PER_SECOND = 1_000_000_000n;

/** A span of time, in nanoseconds. */
export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  /** As CEL writes it: seconds with up to nine decimals, such as `90s` or `-1.5s`. */
  toString(): string {
    const size = this.nanos < 0n ? -this.nanos : this.nanos;
    const fraction = String(size % NANOS_PER_SECOND)
      .padStart(9, "0")
      .replace(/0+$/, "");
    return `${this.nanos < 0n ? "-" : ""}${size / NANOS_PER_SECOND}${fraction === "" ? "" : `.${fraction}`}s`;
  }
}

/** A value of JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A value for a log or for `json.encode`: integers that a double cannot hold, NaN and infinities become strings, bytes
 * base64, times RFC 3339, durations seconds such as `90s`, keys of maps strings. Total.
 */
export function toJson(value: CelValue): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Date) return formatTime(value);
  if (value instanceof CelDuration) return value.toString();
  if (isList(value)) return value.map(toJson);
  return Object.fromEntries(entriesOf(value).map(([key, item]) => [String(key), toJson(item)]));
}

/** A value inside of a text: texts as they are, lists and maps as JSON. Total. */
export function toText(value: CelValue): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (typeof value === "bigint") return String(value);
  const json = toJson(value);
  return typeof json === "string" ? json : JSON.stringify(json);
}

/** RFC 3339 in UTC, with as many decimals as needed; a Date that is no time is `invalid`. */
export function formatTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? "invalid" : time.toISOString().replace(/\.?0*Z$/, "Z");
}

/** A value as the library takes it. */
export function toInput(value: CelValue): CelInput {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  if (value instanceof Date) return timeInput(value.getTime());
  if (value instanceof CelDuration) {
    const { nanos } = value;
    const message = { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) };
    return reflect(DurationSchema, create(DurationSchema, message));
  }
  if (isList(value)) return value.map(toInput);
  return new Map(entriesOf(value).map(([key, item]) => [key, toInput(item)]));
}

/** A time as the library takes it, also inside of lists and maps; in milliseconds since 1970. */
export function timeInput(ms: number): CelInput {
  return reflect(TimestampSchema, timestampFromMs(ms));
}

/** A value that the library gave. A message that is neither time nor duration is null: nothing here makes one. */
export function fromLibrary(value: LibraryValue): CelValue {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  if (isCelUint(value)) return value.value;
  if (isCelList(value)) return Array.from(value, fromLibrary);
  if (isCelMap(value))
    return new Map(Array.from(value, ([key, item]) => [isCelUint(key) ? key.value : key, fromLibrary(item)]));
  if (isCelType(value)) return value.name;
  const { message } = value;
  if (isMessage(message, TimestampSchema)) return timestampDate(message);
  if (isMessage(message, DurationSchema))
    return new CelDuration(message.seconds * NANOS_PER_SECOND + BigInt(message.nanos));
  return null;
}

function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

function entriesOf(map: CelMap): readonly (readonly [string | bigint | boolean, CelValue])[] {
  return isNative(map) ? [...map] : Object.entries(map);
}

function isNative(map: CelMap): map is ReadonlyMap<string | bigint | boolean, CelValue> {
  return map instanceof Map;
}
