// ReferenceGrant as a person writes it.

import * as v from "valibot";

import { closedMap } from "../rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, listOf } from "./manifest-rule.ts";
import { groupRule, kindRule, namespaceRule, objectNameRule } from "./name-rules.ts";
import type { ReferenceGrant, ReferenceGrantSpec } from "./reference-grant.ts";

// A name that is null is not left out here: a grant for nothing must not become one for everything.
const grantSpec: v.GenericSchema<unknown, ReferenceGrantSpec> = kindMap({
  from: listOf(closedMap({ group: groupRule, kind: kindRule, namespace: namespaceRule }), { min: 1, max: 16 }),
  to: listOf(closedMap({ group: groupRule, kind: kindRule, name: v.exactOptional(objectNameRule) }), {
    min: 1,
    max: 16,
  }),
});

export const referenceGrantReader: KindReader<ReferenceGrant> = kindReader({
  kind: "ReferenceGrant",
  apiVersion: "gateway.networking.k8s.io/v1",
  schema: standardDocument(grantSpec),
  specOf: ({ spec }) => spec,
});
