// Documents with `apiVersion` and `kind` as a person writes them, through the reader of files: what they mean, or what is said
// about them and where. Where something should be said a test marks with « in the text itself.

import { expect } from "bun:test";

import { Pace } from "../../src/base/pace.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { decodeSource, type DecodedSource } from "../../src/config/decode.ts";
import type { AnyManifest } from "../../src/resource/manifest/kinds.ts";

const MARK = "«";

/** The object of a kind. */
type OfKind<Kind, Any = AnyManifest> = Any extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Any
    : never
  : never;

/** Reads a text as a file. */
export function decodeText(text: string, file = "a.yaml"): Promise<DecodedSource> {
  return decodeSource({ file, text }, new Pace());
}

/** A document of the standard group, with these lines below `spec`. */
export function standard(kind: string, spec: string, version = "v1"): string {
  return written(`gateway.networking.k8s.io/${version}`, kind, spec);
}

/** A document with these lines below `spec`. */
export function written(apiVersion: string, kind: string, spec: string): string {
  const lines = spec.split("\n").map((line) => `  ${line}`);
  return [`apiVersion: ${apiVersion}`, `kind: ${kind}`, "metadata: {name: it}", "spec:", ...lines, ""].join("\n");
}

/** The object that a text means, about which there is nothing to say. */
export async function manifest<Kind extends AnyManifest["kind"]>(kind: Kind, text: string): Promise<OfKind<Kind>> {
  const { manifests, diagnostics } = await decodeText(text);
  expect(diagnostics).toEqual([]);
  const found = manifests.find((each): each is AnyManifest & OfKind<Kind> => each.kind === kind);
  if (found === undefined) throw new Error(`Expected a ${kind}`);
  return found;
}

/** Expects exactly these codes to be told, each at its mark in the text, as errors; the rest of what was read. */
export async function expectTold(text: string, ...codes: readonly string[]): Promise<DecodedSource> {
  const { plain, places } = unmark(text);
  const decoded = await decodeText(plain);
  const expected = codes.map((code, index) => `${places[index] ?? "unmarked"} error ${code}`);
  expect(decoded.diagnostics.map(inPlace)).toEqual(expected);
  expect(places).toHaveLength(codes.length);
  return decoded;
}

/** `line:column severity code`. */
export function inPlace({ line, column, severity, code }: Diagnostic): string {
  return `${line}:${column} ${severity} ${code}`;
}

/** A text without its marks, and their places. */
export function unmark(text: string): { readonly plain: string; readonly places: readonly string[] } {
  const places: string[] = [];
  const lines = text.split("\n").map((line, index) => {
    let plain = line;
    for (let at = plain.indexOf(MARK); at !== -1; at = plain.indexOf(MARK)) {
      places.push(`${index + 1}:${at + 1}`);
      plain = plain.slice(0, at) + plain.slice(at + MARK.length);
    }
    return plain;
  });
  return { plain: lines.join("\n"), places };
}
