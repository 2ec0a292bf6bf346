// What Kubernetes would keep of an object and files do not have. Kept by whoever keeps state; decides here who is the oldest.

import type { AnyManifest } from "../../resource/manifest/kinds.ts";

/** Of one object, as long as it is there. */
export interface ObjectRecord {
  /** 1 at first; one more whenever its `spec` changes, and never for anything else. */
  readonly generation: number;
  /** As written in the object, or when it was seen first; ISO 8601 in UTC. */
  readonly creationTimestamp: string;
}

/** Records of all objects of one load. */
export interface ObjectRecords {
  of(manifest: AnyManifest): ObjectRecord;
}
