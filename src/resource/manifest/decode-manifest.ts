// From a document with `apiVersion` and `kind` to a validated object. Which kinds there are is `known-kinds.ts`, what each may
// say its own file; what a set of them means together is not asked here.

import type { Diagnostic, Severity } from "../../base/diagnostic.ts";
import type { Origin } from "../origin.ts";
import { type Remains, remainsOf } from "./broken-manifest.ts";
import { identify } from "./known-kinds.ts";
import type { Written } from "./manifest-rule.ts";

/** What came of a document. */
export interface DecodedManifest extends Remains {
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Judges one document and fills in every default; `undefined` for a kind that is not ours. Reports all mistakes at once; never
 * throws. In place of a document with mistakes comes what has to be closed because of it.
 */
export function decodeManifest(document: Written, origin: Origin): DecodedManifest | undefined {
  const identified = identify(document);
  if (identified.verdict === "foreign") return undefined;
  if (identified.verdict === "refused") {
    const { slip, kind } = identified;
    const remains = kind === undefined ? {} : remainsOf(document, kind, origin);
    return { ...remains, diagnostics: [toDiagnostic(slip, "error", origin)] };
  }
  const { reader, notice } = identified;
  const { manifest, diagnostics: found } = reader.read(document, origin);
  const told = reader.kind === "Secret" ? found.map(withoutValues) : found;
  const diagnostics = notice === undefined ? told : [toDiagnostic(notice, "notice", origin), ...told];
  return manifest === undefined
    ? { ...remainsOf(document, reader.kind, origin), diagnostics }
    : { manifest, diagnostics };
}

/**
 * What has to be closed because of a document that has mistakes before any schema is asked, such as a key that is there twice.
 * Never throws.
 */
export function decodeDamaged(document: Written, origin: Origin): Remains {
  const identified = identify(document);
  if (identified.verdict === "foreign") return {};
  const kind = identified.verdict === "known" ? identified.reader.kind : identified.kind;
  return kind === undefined ? {} : remainsOf(document, kind, origin);
}

function toDiagnostic(
  {
    key,
    code,
    message,
    hint,
  }: { readonly key: string; readonly code: string; readonly message: string; readonly hint?: string },
  severity: Severity,
  origin: Origin,
): Diagnostic {
  const place = { file: origin.file, ...origin.locate([key]) };
  return { ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Without what was found in the place of what is wanted: in a Secret it can be what must not be shown. */
function withoutValues(diagnostic: Diagnostic): Diagnostic {
  const { file, line, column, severity, code, message } = diagnostic;
  const at = message.indexOf(", found ");
  return at === -1 ? diagnostic : { file, line, column, severity, code, message: message.slice(0, at) };
}
