// Values as JSON has them, for data that is passed on as it was written.

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonMap;

/** A map of such values. */
export interface JsonMap {
  readonly [key: string]: JsonValue;
}
