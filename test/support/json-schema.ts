// Judges a value by the JSON schemas of an OpenAPI 3.1 document. Stricter than the standard, because it compares our own
// answers with our own description: a property that is not described is a mistake, and so is a keyword unknown here.

/** An object read from JSON. */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of keys; throws when there is none. */
export function at(value: unknown, ...path: readonly string[]): JsonObject {
  let found = value;
  for (const key of path) found = isObject(found) ? found[key] : undefined;
  if (!isObject(found)) throw new Error(`Nothing at ${path.join(" → ")}`);
  return found;
}

/** What is wrong with `value`, one line for each mistake. `root` is the document that references point into. */
export function mistakesIn(value: unknown, schema: JsonObject, root: JsonObject, where = "$"): string[] {
  const mistakes: string[] = [];
  const wrong = (what: string) => mistakes.push(`${where} ${what}: ${JSON.stringify(value)}`);
  for (const [keyword, rule] of Object.entries(schema)) {
    switch (keyword) {
      case "$ref":
        mistakes.push(...mistakesIn(value, at(root, ...String(rule).split("/").slice(1)), root, where));
        break;
      case "type":
        if (!isOfType(value, String(rule))) wrong(`is not of type ${String(rule)}`);
        break;
      case "properties":
        if (isObject(value)) mistakes.push(...mistakesInProperties(value, schema, root, where));
        break;
      case "required":
        for (const key of list(rule)) if (isObject(value) && !(String(key) in value)) wrong(`has no ${String(key)}`);
        break;
      case "items":
        for (const [index, item] of list(value).entries()) {
          mistakes.push(...mistakesIn(item, at(schema, "items"), root, `${where}[${index}]`));
        }
        break;
      case "anyOf":
        if (!list(rule).some((each) => mistakesIn(value, at(each), root).length === 0)) wrong("matches no alternative");
        break;
      case "enum":
        if (!list(rule).includes(value)) wrong("is not one of the allowed values");
        break;
      case "const":
        if (rule !== value) wrong(`is not ${JSON.stringify(rule)}`);
        break;
      case "minimum":
        if (typeof value === "number" && value < Number(rule)) wrong(`is less than ${String(rule)}`);
        break;
      case "maximum":
        if (typeof value === "number" && value > Number(rule)) wrong(`is more than ${String(rule)}`);
        break;
      case "format":
        if (rule !== "date-time") throw new Error(`Unknown format ${String(rule)}`);
        if (typeof value === "string" && Number.isNaN(Date.parse(value))) wrong("is not a time");
        break;
      case "additionalProperties":
      case "propertyNames":
      case "description":
        break;
      default:
        throw new Error(`Unknown keyword "${keyword}" at ${where}`);
    }
  }
  return mistakes;
}

function mistakesInProperties(value: JsonObject, schema: JsonObject, root: JsonObject, where: string): string[] {
  const properties = at(schema, "properties");
  return Object.entries(value).flatMap(([key, member]) => {
    if (key in properties) return mistakesIn(member, at(properties, key), root, `${where}.${key}`);
    return isObject(schema["additionalProperties"]) ? [] : [`${where}.${key} is not described`];
  });
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
