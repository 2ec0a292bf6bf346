// GatewayClass as a person writes it.

import * as v from "valibot";

import type { Diagnostic } from "../../base/diagnostic.ts";
import { quote } from "../rule.ts";
import type { GatewayClass, GatewayClassSpec } from "./gateway.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, textRule } from "./manifest-rule.ts";
import { controllerNameRule, explicitReferenceKeys, namespaceRule } from "./name-rules.ts";

const spec: v.GenericSchema<unknown, GatewayClassSpec> = kindMap({
  controllerName: controllerNameRule,
  description: v.exactOptional(textRule("bad-description", "a description", { min: 0, max: 64 })),
  parametersRef: v.exactOptional(kindMap({ ...explicitReferenceKeys, namespace: v.exactOptional(namespaceRule) })),
});

export const gatewayClassReader: KindReader<GatewayClass> = kindReader({
  kind: "GatewayClass",
  apiVersion: "gateway.networking.k8s.io/v1",
  clusterScoped: true,
  schema: standardDocument(spec, { clusterScoped: true }),
  specOf: (document) => document.spec,
});

/** What is wrong with a class as it is now beside what it was before: upstream's rule about a value that must not change. */
export function judgeImmutable(before: GatewayClass, after: GatewayClass): readonly Diagnostic[] {
  if (before.spec.controllerName === after.spec.controllerName) return [];
  const { file, locate } = after.origin;
  return [
    {
      file,
      ...locate(["spec", "controllerName"]),
      severity: "error",
      code: "gatewayclass/immutable",
      message: `Value is immutable: it was ${quote(before.spec.controllerName)}`,
      hint: "Delete the class first, or give the other one another name",
    },
  ];
}
