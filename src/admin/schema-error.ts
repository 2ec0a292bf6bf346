// Schemas, for the OpenAPI description, of errors and of what they carry.

import * as v from "valibot";
import type { Diagnostic } from "../base/diagnostic.ts";

/** A message to the person who wrote a file. */
export const DiagnosticSchema: v.GenericSchema<Diagnostic> = v.pipe(
  v.object({
    file: v.pipe(v.string(), v.description("File, or document:NAME")),
    line: v.pipe(v.number(), v.integer(), v.minValue(0), v.description("From 1; 0 means the whole file")),
    column: v.pipe(v.number(), v.integer(), v.minValue(0)),
    severity: v.picklist(["error", "warning", "notice"]),
    code: v.pipe(v.string(), v.description("Stable, area/what")),
    message: v.string(),
    hint: v.exactOptional(v.string()),
  }),
  v.metadata({ ref: "Diagnostic" }),
);

/** Every answer with a status of 400 or more, readiness aside. */
export const ErrorSchema = v.pipe(
  v.object({
    error: v.object({
      code: v.pipe(v.string(), v.description("Stable; for programs")),
      message: v.pipe(v.string(), v.description("For people")),
      details: v.pipe(v.record(v.string(), v.unknown()), v.description("Depends on the code; often empty")),
    }),
  }),
  v.metadata({ ref: "Error" }),
);

/** 422: a document with mistakes. */
export const InvalidDocumentSchema = v.pipe(
  v.object({
    error: v.object({
      code: v.literal("document-invalid"),
      message: v.string(),
      details: v.object({ diagnostics: v.array(DiagnosticSchema) }),
    }),
  }),
  v.metadata({ ref: "InvalidDocument" }),
);
