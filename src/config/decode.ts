// From the documents of one text to resources and manifests. Says which dialect a document is and what a route is called that
// does not say so itself; what they may contain is `resource/`.

import { posix } from "node:path";

import { compareDiagnostics, concealed, type Diagnostic } from "../base/diagnostic.ts";
import type { Pace } from "../base/pace.ts";
import { policiesIn } from "../resource/manifest/broken-manifest.ts";
import { decodeDamaged, decodeManifest } from "../resource/manifest/decode-manifest.ts";
import type { AnyManifest, BrokenPolicy } from "../resource/manifest/kinds.ts";
import { DOCUMENT_PREFIX, isStored, type Origin } from "../resource/origin.ts";
import { closedRoute, decodeRoute, type RouteResource } from "../resource/route.ts";
import { isMap, quote } from "../resource/rule.ts";
import { type LostDocument, parseDocuments, type YamlDocument } from "./document.ts";
import { isList, itemsOf, type WrittenObject } from "./list.ts";
import { findOffset, type Lines } from "./mark.ts";
import type { SourceFile } from "./source.ts";

/** Everything that one text says. */
export interface DecodedSource {
  readonly resources: readonly RouteResource[];
  /** Claims of routes that have errors, refusing everybody. */
  readonly closed: readonly RouteResource[];
  /** In the order in which they are written. */
  readonly manifests: readonly AnyManifest[];
  /** What is left of policies that have errors. */
  readonly broken: readonly BrokenPolicy[];
  /** By position. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Nobody reads more of one file, and a text without sense could have a million. */
const MAX_DIAGNOSTICS = 100;

/** Reads all resources and manifests of one text, in turns. Never rejects. */
export async function decodeSource({ file, text }: SourceFile, pace: Pace): Promise<DecodedSource> {
  const { documents, damaged, lost, lines, diagnostics: found } = await parseDocuments(file, text, pace);
  const decoder = new Decoder(file);
  decoder.diagnostics.push(...found);
  const written = documents.filter(({ value }) => value !== null);
  if (written.length === 0 && found.length === 0) {
    const message = "There is no document in this file";
    decoder.diagnostics.push({ file, line: 1, column: 1, severity: "notice", code: "config/empty", message });
  }
  for (const document of written) {
    if (pace.due()) await pace.rest();
    const { value } = document;
    const origin = originOf(file, document, lines);
    if (!isMap(value) || !isManifest(value)) decoder.route(value, origin);
    else {
      for (const each of decoder.objects({ value, origin })) {
        if (pace.due()) await pace.rest();
        decoder.manifest(each);
      }
    }
  }
  for (const document of damaged) decoder.damaged(document.value, originOf(file, document, lines));
  for (const document of lost) decoder.lost(document, originOf(file, document, lines));
  const { resources, closed, manifests, broken, diagnostics } = decoder;
  const told = bound(diagnostics.map(concealed).toSorted(compareDiagnostics));
  return { resources, closed, manifests, broken, diagnostics: told };
}

/** About a kind of document, whichever: one of a file is enough. */
const TOLD_ONCE: ReadonlySet<string> = new Set(["config/foreign-kind", "manifest/old-version"]);

/** Takes one document after the other. */
class Decoder implements DecodedSource {
  readonly resources: RouteResource[] = [];
  readonly closed: RouteResource[] = [];
  readonly manifests: AnyManifest[] = [];
  readonly broken: BrokenPolicy[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: string;
  readonly #noted = new Set<string>();
  #nameTaken = false;

  constructor(file: string) {
    this.#file = file;
  }

  route(value: unknown, origin: Origin): void {
    if (!isMap(value)) {
      const message = `Expected a route (a map of keys), found ${quote(value)}`;
      const place = { file: this.#file, ...origin.locate([]) };
      this.diagnostics.push({ ...place, severity: "error", code: "route/wrong-type", message });
      return;
    }
    // The file's name names one route. A second one without a name would be called by its place in the file, and
    // would be another route whenever that changed.
    const unnamed = !("name" in value);
    const decoded = decodeRoute(value, origin, unnamed && this.#nameTaken ? undefined : stemOf(this.#file));
    this.#nameTaken ||= unnamed;
    if (decoded.resource !== undefined) this.resources.push(decoded.resource);
    if (decoded.closed !== undefined) this.closed.push(decoded.closed);
    this.diagnostics.push(...decoded.diagnostics);
  }

  /** The object that a document is, or those that it lists. */
  objects(object: WrittenObject): readonly WrittenObject[] {
    if (!isList(object.value)) return [object];
    const { items, diagnostics } = itemsOf(object);
    this.diagnostics.push(...diagnostics);
    return items;
  }

  manifest({ value, origin }: WrittenObject): void {
    const decoded = decodeManifest(value, origin);
    if (decoded !== undefined) {
      this.diagnostics.push(...decoded.diagnostics.filter((each) => this.#isNews(each)));
      this.#keep(decoded);
      return;
    }
    const kind = `${quote(value["kind"])} of ${quote(value["apiVersion"])}`;
    const message = `Left to others: documents of kind ${kind} are nothing that this gateway acts on`;
    const place = { file: this.#file, ...origin.locate([]) };
    const notice: Diagnostic = { ...place, severity: "notice", code: "config/foreign-kind", message };
    if (this.#isNews(notice)) this.diagnostics.push(notice);
  }

  /** What has to be closed because of a document that could not be read as a whole. */
  damaged(value: unknown, origin: Origin): void {
    if (!isMap(value) || !isManifest(value)) {
      const claim = closedRoute(value, origin, stemOf(this.#file));
      if (claim !== undefined) this.closed.push(claim);
      return;
    }
    for (const each of this.#objectsIn(value, origin)) this.#keep(decodeDamaged(each.value, each.origin));
  }

  /** The same of one that is no YAML: of what it says only a part is known. */
  lost({ value, text }: LostDocument, origin: Origin): void {
    this.broken.push(...policiesIn(text, this.#file));
    if (!isMap(value) || !isManifest(value)) return;
    for (const each of this.#objectsIn(value, origin)) {
      const { manifest } = decodeDamaged(each.value, each.origin);
      if (manifest !== undefined) this.manifests.push(manifest);
    }
  }

  #objectsIn(value: WrittenObject["value"], origin: Origin): readonly WrittenObject[] {
    return isList(value) ? itemsOf({ value, origin }).items : [{ value, origin }];
  }

  #isNews({ code, message }: Diagnostic): boolean {
    if (!TOLD_ONCE.has(code)) return true;
    const isNews = !this.#noted.has(message);
    this.#noted.add(message);
    return isNews;
  }

  #keep({ manifest, broken }: { readonly manifest?: AnyManifest; readonly broken?: BrokenPolicy }): void {
    if (manifest !== undefined) this.manifests.push(manifest);
    if (broken !== undefined) this.broken.push(broken);
  }
}

function isManifest(value: object): boolean {
  return "apiVersion" in value || "kind" in value;
}

function originOf(file: string, { mark }: YamlDocument, lines: Lines): Origin {
  return { file, locate: (path, part) => lines.position(findOffset(mark, path, part)) };
}

/** The name of a file without directories and extension; of an API document its name. */
function stemOf(file: string): string {
  if (isStored({ file })) return file.slice(DOCUMENT_PREFIX.length);
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
