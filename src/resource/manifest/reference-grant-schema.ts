// ReferenceGrant as a person writes it.

import * as v from "valibot";

import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, listOf } from "./manifest-rule.ts";
import { groupRule, kindRule, namespaceRule, objectNameRule } from "./name-rules.ts";
import type { ReferenceGrant, ReferenceGrantSpec } from "./reference-grant.ts";

const grantSpec: v.GenericSchema<unknown, ReferenceGrantSpec> = kindMap({
  from: listOf(kindMap({ group: groupRule, kind: kindRule, namespace: namespaceRule }), { min: 1, max: 16 }),
  to: listOf(kindMap({ group: groupRule, kind: kindRule, name: v.exactOptional(objectNameRule) }), { min: 1, max: 16 }),
});

export const referenceGrantReader: KindReader<ReferenceGrant> = kindReader({
  kind: "ReferenceGrant",
  apiVersion: "gateway.networking.k8s.io/v1",
  schema: standardDocument(grantSpec),
  specOf: ({ spec }) => spec,
});
