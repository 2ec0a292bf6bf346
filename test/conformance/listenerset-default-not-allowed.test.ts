// Upstream's ListenerSetDefaultNotAllowed: a Gateway that says nothing of ListenerSets takes none.

import { test } from "bun:test";
import { expectAllowed } from "../support/listener-set-scene.ts";

test.each(["", "  allowedListeners: {}\n"])("no ListenerSet is allowed by %j", async (allowed) => {
  await expectAllowed({ allowed, takes: [] });
});
