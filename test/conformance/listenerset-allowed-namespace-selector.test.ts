// Upstream's ListenerSetAllowedNamespaceSelector: ListenerSets of namespaces with certain labels are taken, and no others.

import { test } from "bun:test";
import { INFRA } from "../support/conformance.ts";
import { expectAllowed } from "../support/listener-set-scene.ts";

function selector(text: string): string {
  return `  allowedListeners: {namespaces: {from: Selector, selector: ${text}}}\n`;
}

test("ListenerSets of namespaces that the selector means are allowed", async () => {
  await expectAllowed(
    { allowed: selector("{matchLabels: {allowed: ns}}"), takes: ["allowed-ns"] },
    {
      allowed: selector("{matchExpressions: [{key: allowed, operator: DoesNotExist}]}"),
      takes: [INFRA, "other-ns"],
    },
    { allowed: selector("{matchLabels: {kubernetes.io/metadata.name: other-ns}}"), takes: ["other-ns"] },
  );
});
