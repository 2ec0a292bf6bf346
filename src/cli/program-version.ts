// The version of this program: from package.json, and in a built binary with the commit it was built from.

import manifest from "../../package.json" with { type: "json" };

/** Replaced by `scripts/build.ts`; absent when run from source. */
declare const SALLYPORT_COMMIT: string | undefined;

/** `0.1.0`, or `0.1.0+abc1234` in a binary that was built in a git checkout. */
export const VERSION: string =
  typeof SALLYPORT_COMMIT === "string" && SALLYPORT_COMMIT !== ""
    ? `${manifest.version}+${SALLYPORT_COMMIT}`
    : manifest.version;
