// The routes packed into the binary. Empty when run from source: `scripts/build.ts` replaces this module while bundling.

import type { SourceFile } from "./source.ts";

export const EMBEDDED_ROUTES: readonly SourceFile[] = [];
