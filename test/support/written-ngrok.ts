// Documents of ngrok's kinds as a person writes them: what they mean, or what is said about them and where. Where something should
// be said a test marks with « in the text itself.

import { expect } from "bun:test";

import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { type Identified, identifyAmong } from "../../src/resource/manifest/identify-kind.ts";
import type { KindReading } from "../../src/resource/manifest/kind-reader.ts";
import type { NgrokManifest } from "../../src/resource/manifest/ngrok.ts";
import { ngrokKinds } from "../../src/resource/manifest/ngrok-kinds.ts";
import { documentOf, type WrittenDocument } from "./written-document.ts";
import { inPlace, unmark, written } from "./written-manifest.ts";
import { CHECKS } from "./written-policy.ts";

const KINDS = ngrokKinds(CHECKS);
const GROUPS: ReadonlyMap<string, string> = new Map([
  ["IPPolicy", "ingress"],
  ["Domain", "ingress"],
  ["BoundEndpoint", "bindings"],
]);

/** The object of a kind. */
type OfKind<Kind, Any = NgrokManifest> = Any extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Any
    : never
  : never;

/** A document of a kind, with these lines below `spec`. */
export function ngrok(kind: string, spec: string): string {
  return written(`${GROUPS.get(kind) ?? "ngrok"}.k8s.ngrok.com/v1alpha1`, kind, spec);
}

/** What a document is. */
export function identifyNgrok(document: WrittenDocument["value"]): Identified<NgrokManifest> {
  return identifyAmong(KINDS, document);
}

/** Reads a document of a kind that is known. */
export function readDocument({ value, origin }: WrittenDocument): KindReading<NgrokManifest> {
  const identified = identifyNgrok(value);
  if (identified.verdict !== "known") throw new Error(`Expected a known kind, found a ${identified.verdict} one`);
  return identified.reader.read(value, origin);
}

/** The object that a text means, and what is said about it. */
export async function readNgrok<Kind extends NgrokManifest["kind"]>(
  kind: Kind,
  text: string,
): Promise<{ readonly manifest: OfKind<Kind>; readonly diagnostics: readonly Diagnostic[] }> {
  const { manifest, diagnostics } = readDocument(await documentOf(text));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const isOfKind = (each: NgrokManifest): each is NgrokManifest & OfKind<Kind> => each.kind === kind;
  if (manifest === undefined || !isOfKind(manifest)) throw new Error(`Expected a ${kind}`);
  return { manifest, diagnostics };
}

/** What is below `spec` of the object that these lines mean, about which there is nothing to say. */
export async function specOf(kind: NgrokManifest["kind"], spec: string): Promise<unknown> {
  const { manifest, diagnostics } = await readNgrok(kind, ngrok(kind, spec));
  expect(diagnostics).toEqual([]);
  return manifest.spec;
}

/** Expects exactly these errors, each at its mark in the text. */
export async function expectWrong(text: string, ...codes: readonly string[]): Promise<void> {
  const { plain, places } = unmark(text);
  const { manifest, diagnostics } = readDocument(await documentOf(plain));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  expect(errors.map(inPlace)).toEqual(codes.map((code, index) => `${places[index] ?? "unmarked"} error ${code}`));
  expect(manifest).toBeUndefined();
}

/** Expects these warnings alone, each at its mark. The object. */
export async function expectWarned<Kind extends NgrokManifest["kind"]>(
  kind: Kind,
  text: string,
  ...codes: readonly string[]
): Promise<OfKind<Kind>> {
  const { plain, places } = unmark(text);
  const { manifest, diagnostics } = await readNgrok(kind, plain);
  expect(diagnostics.map(inPlace)).toEqual(
    codes.map((code, index) => `${places[index] ?? "unmarked"} warning ${code}`),
  );
  for (const { hint } of diagnostics) expect(hint).toBeDefined();
  return manifest;
}
