// Upstream's ListenerSetAllowedNamespaceNone: a Gateway that allows ListenerSets of no namespace takes none, not even of its own.

import { test } from "bun:test";
import { expectAllowed } from "../support/listener-set-scene.ts";

test("no ListenerSet is allowed, and none of their ports is open", async () => {
  await expectAllowed({ allowed: "  allowedListeners: {namespaces: {from: None}}\n", takes: [] });
});
