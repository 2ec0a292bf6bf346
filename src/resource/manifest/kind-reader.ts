// How documents of one kind are read: by their schema, then by what their values must not say together. The kinds themselves
// each have their own file beside this one.

import type { Diagnostic } from "../../base/diagnostic.ts";
import * as v from "valibot";

import type { Origin } from "../origin.ts";
import type { Fail } from "../route-together.ts";
import { type KnownStrangers, quote } from "../rule.ts";
import { Judgement } from "./judgement.ts";
import type { Manifest } from "./manifest.ts";
import { has, kindMap, mapAt, openMap, type Written } from "./manifest-rule.ts";
import {
  checkNamespace,
  closedMetadata,
  metadataOf,
  type Naming,
  openMetadata,
  type WrittenMetadata,
} from "./metadata-schema.ts";

/** What came of reading a document. */
export interface KindReading<M> {
  /** Absent when anything is wrong. */
  readonly manifest?: M;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads documents of one kind. */
export interface KindReader<M> {
  readonly kind: string;
  read(document: Written, origin: Origin): KindReading<M>;
}

interface WrittenDocument {
  readonly metadata: WrittenMetadata;
}

/** What a kind is. */
interface KindDefinition<Kind extends string, Document extends WrittenDocument, Spec> extends Naming {
  readonly kind: Kind;
  /** The current one. */
  readonly apiVersion: string;
  readonly schema: v.GenericSchema<unknown, Document>;
  /** What a valid document says. */
  readonly specOf: (document: Document) => Spec;
  /** Tells what is wrong although each value is right by itself; `warn` about what is only not wise. */
  readonly checkTogether?: (document: Written, fail: Fail, warn: Fail) => void;
  /** Keys of `spec` that only the experimental channel has. */
  readonly experimental?: readonly string[];
  readonly strangers?: KnownStrangers;
}

/** The reader of a kind. */
export function kindReader<Kind extends string, Document extends WrittenDocument, Spec>(
  definition: KindDefinition<Kind, Document, Spec>,
): KindReader<Manifest<Kind, Spec>> {
  const { kind, apiVersion, schema, specOf, checkTogether, experimental = [], strangers } = definition;
  return {
    kind,
    read(document, origin) {
      const judgement = new Judgement(kind, origin, strangers);
      const written = judgement.parse(schema, document);
      checkNamespace(document, kind, definition, judgement.note);
      checkTogether?.(document, judgement.fail, judgement.warn);
      for (const key of experimental.filter((each) => has(mapAt(document, "spec"), each))) {
        const message = `${quote(key)} has no effect: it belongs to the experimental channel of Gateway API`;
        judgement.warn("experimental-key", message, ["spec", key], undefined, "key");
      }
      const { diagnostics, failed } = judgement;
      if (written === undefined || failed) return { diagnostics };
      const metadata = metadataOf(written.metadata, definition);
      return { manifest: { kind, apiVersion, metadata, spec: specOf(written), origin }, diagnostics };
    },
  };
}

/** A whole document of a kind of ours, in which an unknown key is a mistake. */
export function standardDocument<Spec>(spec: v.GenericSchema<unknown, Spec>, naming: Naming = {}) {
  return kindMap({
    apiVersion: v.unknown(),
    kind: v.unknown(),
    metadata: closedMetadata(naming),
    spec,
    status: v.exactOptional(v.unknown()),
  });
}

/** A whole document of a kind that is others' too: what these keys say counts, whatever else there is. */
export function othersDocument<Entries extends v.ObjectEntries>(entries: Entries, naming: Naming = {}) {
  return openMap({ metadata: openMetadata(naming), ...entries });
}
