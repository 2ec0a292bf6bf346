// Upstream's ListenerSetAllowedNamespaceSame: ListenerSets of the Gateway's namespace are taken, others are not. As ours run on
// files that change: all may be let in later, and none again.

import { test } from "bun:test";
import { INFRA } from "../support/conformance.ts";
import { expectAllowed } from "../support/listener-set-scene.ts";

test("ListenerSets of the Gateway's namespace are allowed, and what is allowed can change", async () => {
  await expectAllowed(
    { allowed: "  allowedListeners: {namespaces: {from: Same}}\n", takes: [INFRA] },
    { allowed: "  allowedListeners: {namespaces: {from: All}}\n", takes: [INFRA, "allowed-ns", "other-ns"] },
    { allowed: "", takes: [] },
  );
});
