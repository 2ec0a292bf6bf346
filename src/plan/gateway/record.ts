// What Kubernetes would keep of an object and files do not have. Kept by whoever keeps state; decides here who is the oldest.

import type { AnyManifest } from "../../resource/manifest/kinds.ts";

/** Of one object, as long as it is there. */
export interface ObjectRecord {
  /** 1 at first; one more whenever its `spec` changes, and never for anything else. */
  readonly generation: number;
  /** As written in the object, or when it was seen first; ISO 8601 in UTC. To be shown: who is older is `ageOf`. */
  readonly creationTimestamp: string;
}

/** Records of all objects of one load. */
export interface ObjectRecords {
  of(manifest: AnyManifest): ObjectRecord;
  /** A text that sorts by age, the oldest first. What is written in an object does not make it older than what was there before it. */
  ageOf(manifest: AnyManifest): string;
}
