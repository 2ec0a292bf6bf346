// `kind: List`, the form in which kubectl prints several objects: its items are documents of their own, which know their places
// inside it.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { Origin } from "../resource/origin.ts";
import { isMap } from "../resource/rule.ts";

/** A document with `apiVersion` and `kind`, and where it is. */
export interface WrittenObject {
  readonly value: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/** What a list has in it. */
interface ReadList {
  readonly items: readonly WrittenObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether a document is a list of others. */
export function isList({ kind, apiVersion }: WrittenObject["value"]): boolean {
  return kind === "List" && (apiVersion === "v1" || apiVersion === undefined);
}

/** The items of a list, and what is wrong with those that are none. What is found there is not shown: it may be a Secret's. */
export function itemsOf({ value: list, origin }: WrittenObject): ReadList {
  const items: WrittenObject[] = [];
  const diagnostics: Diagnostic[] = [];
  const refuse = (path: readonly (string | number)[], code: string, message: string, hint?: string): void => {
    const place = { file: origin.file, ...origin.locate(path) };
    const said = { ...place, severity: "error", code: `list/${code}`, message } as const;
    diagnostics.push(hint === undefined ? said : { ...said, hint });
  };
  if (!("items" in list)) refuse([], "missing-key", 'Missing key "items"');
  const written = list["items"] ?? [];
  if (!Array.isArray(written)) {
    refuse(["items"], "wrong-type", "Expected a list of documents");
    return { items, diagnostics };
  }
  for (const [index, value] of written.entries()) {
    const path = ["items", index];
    if (!isMap(value) || !("kind" in value || "apiVersion" in value)) {
      refuse(path, "bad-item", 'Expected a document with "apiVersion" and "kind"');
    } else if (isList(value)) {
      refuse(path, "nested-list", "A List cannot be an item of another one", "Write its items beside the others");
    } else {
      items.push({
        value,
        origin: { file: origin.file, locate: (inside, part) => origin.locate([...path, ...inside], part) },
      });
    }
  }
  return { items, diagnostics };
}
