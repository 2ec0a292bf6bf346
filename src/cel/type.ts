// Types of expressions, as far as they are known before anything is evaluated. They are the library's own, so that what it
// declares of its functions can be checked; what is known only at run time is `dyn`, which fits everywhere.

import { CelScalar, type CelType, listType, mapType, objectType } from "@bufbuild/cel";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";

export const { BOOL, BYTES, DOUBLE, DYN, INT, NULL, STRING, TYPE, UINT } = CelScalar;
export const LIST = listType(DYN);
export const STRINGS = listType(STRING);
export const MAP = mapType(DYN, DYN);
/** A map whose keys are texts. */
export const RECORD = mapType(STRING, DYN);
export const TIMESTAMP = objectType(TimestampSchema);
export const DURATION = objectType(DurationSchema);

/** Whether a value of type `given` may be where `wanted` is asked for. */
export function fits(wanted: CelType, given: CelType): boolean {
  if (isDyn(wanted) || isDyn(given)) return true;
  if (wanted.kind === "list" && given.kind === "list") return fits(wanted.element, given.element);
  if (wanted.kind === "map" && given.kind === "map")
    return fits(wanted.key, given.key) && fits(wanted.value, given.value);
  return wanted.kind === given.kind && wanted.name === given.name;
}

/** Whether two values may be equal: numbers of all types may be, and lists and maps whatever is in them. */
export function isComparable(a: CelType, b: CelType): boolean {
  return isDyn(a) || isDyn(b) || a.name === b.name || (isNumeric(a) && isNumeric(b));
}

/** The type that holds for all of them: theirs when it is the same, else `dyn`. */
export function common(types: readonly CelType[]): CelType {
  const [first = DYN, ...rest] = types;
  return rest.every((type) => formatType(type) === formatType(first)) ? first : DYN;
}

/** Whether nothing is known of a type. */
export function isDyn(type: CelType): boolean {
  return type === DYN;
}

/** Whether a type is bool, or may be. */
export function mayBeBool(type: CelType): boolean {
  return type === BOOL || type === DYN;
}

/** A type as people write it. */
export function formatType(type: CelType): string {
  if (type.kind === "list") return isDyn(type.element) ? "list" : `list(${formatType(type.element)})`;
  if (type.kind === "map") return isDyn(type.value) ? "map" : `map(${formatType(type.key)}, ${formatType(type.value)})`;
  return type.name.replace(/^google\.protobuf\./, "").toLowerCase();
}

function isNumeric(type: CelType): boolean {
  return type === INT || type === UINT || type === DOUBLE;
}
