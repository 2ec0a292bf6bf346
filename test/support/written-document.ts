// One YAML document as a person writes it, with the places of all that is in it: for readers that are not asked by files yet.

import { parseDocuments } from "../../src/config/document.ts";
import { findOffset } from "../../src/config/mark.ts";
import type { Origin } from "../../src/resource/origin.ts";
import { isMap } from "../../src/resource/rule.ts";

export interface WrittenDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/** The only document of a text, a map. */
export async function documentOf(text: string, file = "a.yaml"): Promise<WrittenDocument> {
  const [only] = await documentsOf(text, file);
  if (only === undefined) throw new Error("Expected a document");
  return only;
}

/** All documents of a text. */
export async function documentsOf(text: string, file = "a.yaml"): Promise<readonly WrittenDocument[]> {
  const { documents, lines, diagnostics } = await parseDocuments(file, text);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return documents.map(({ value, mark }) => {
    if (!isMap(value)) throw new Error("Expected a map");
    return { value, origin: { file, locate: (path, part) => lines.position(findOffset(mark, path, part)) } };
  });
}
