// From the documents of one text to resources. Says which dialect a document is and what a route is called that does not
// say so itself; what a route may contain is `resource/route.ts`.

import { posix } from "node:path";

import { compareDiagnostics, concealed, type Diagnostic } from "../base/diagnostic.ts";
import type { Pace } from "../base/pace.ts";
import type { Origin } from "../resource/origin.ts";
import { closedRoute, decodeRoute, type RouteResource } from "../resource/route.ts";
import { isMap, quote } from "../resource/rule.ts";
import { parseDocuments, type YamlDocument } from "./document.ts";
import { findOffset, type Lines } from "./mark.ts";
import type { SourceFile } from "./source.ts";

/** Everything that one text says. */
export interface DecodedSource {
  readonly resources: readonly RouteResource[];
  /** Claims of routes that have errors, refusing everybody. */
  readonly closed: readonly RouteResource[];
  /** By position. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Nobody reads more of one file, and a text without sense could have a million. */
const MAX_DIAGNOSTICS = 100;

/** Reads all resources of one text, in turns. Never rejects. */
export async function decodeSource({ file, text }: SourceFile, pace: Pace): Promise<DecodedSource> {
  const { documents, damaged, lines, diagnostics: found } = await parseDocuments(file, text, pace);
  const diagnostics = [...found];
  const resources: RouteResource[] = [];
  const closed: RouteResource[] = [];
  const foreign = new Set<string>();
  let nameTaken = false;
  const written = documents.filter(({ value }) => value !== null);
  if (written.length === 0 && found.length === 0) {
    const message = "There is no document in this file";
    diagnostics.push({ file, line: 1, column: 1, severity: "notice", code: "config/empty", message });
  }
  for (const document of written) {
    if (pace.due()) await pace.rest();
    const origin = originOf(file, document, lines);
    const { value } = document;
    if (!isMap(value)) {
      const message = `Expected a route (a map of keys), found ${quote(value)}`;
      diagnostics.push({ file, ...origin.locate([]), severity: "error", code: "route/wrong-type", message });
    } else if ("apiVersion" in value || "kind" in value) {
      const kind = `${quote(value["kind"])} of ${quote(value["apiVersion"])}`;
      if (foreign.has(kind)) continue;
      foreign.add(kind);
      const message = `Ignored: this version does not read documents of kind ${kind}`;
      diagnostics.push({ file, ...origin.locate([]), severity: "notice", code: "config/foreign-kind", message });
    } else {
      // The file's name names one route. A second one without a name would be called by its place in the file, and
      // would be another route whenever that changed.
      const unnamed = !("name" in value);
      const decoded = decodeRoute(value, origin, unnamed && nameTaken ? undefined : stemOf(file));
      nameTaken ||= unnamed;
      if (decoded.resource !== undefined) resources.push(decoded.resource);
      if (decoded.closed !== undefined) closed.push(decoded.closed);
      diagnostics.push(...decoded.diagnostics);
    }
  }
  for (const document of damaged) {
    const { value } = document;
    if (isMap(value) && ("apiVersion" in value || "kind" in value)) continue;
    const claim = closedRoute(value, originOf(file, document, lines), stemOf(file));
    if (claim !== undefined) closed.push(claim);
  }
  return { resources, closed, diagnostics: bound(diagnostics.map(concealed).toSorted(compareDiagnostics)) };
}

function originOf(file: string, { mark }: YamlDocument, lines: Lines): Origin {
  return { file, locate: (path, part) => lines.position(findOffset(mark, path, part)) };
}

/** The name of a file without directories and extension; of an API document its name. */
function stemOf(file: string): string {
  if (file.startsWith("document:")) return file.slice("document:".length);
  return posix.parse(file.replaceAll("\\", "/")).name;
}

/** Errors first when there are too many to show; whether a file has errors must never be lost. */
function bound(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  if (sorted.length <= MAX_DIAGNOSTICS) return sorted;
  const rank = { error: 0, warning: 1, notice: 2 };
  const kept = sorted.toSorted((a, b) => rank[a.severity] - rank[b.severity]).slice(0, MAX_DIAGNOSTICS);
  const [last] = kept.slice(-1);
  if (last === undefined) return kept;
  const message = "There is more to say about this file than is shown";
  return [...kept, { ...last, severity: "notice", code: "config/more", message } as const].toSorted(compareDiagnostics);
}
