// Gateway and ListenerSet as a person writes them.

import * as v from "valibot";

import { closedMap } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import type { Gateway, GatewaySpec, ListenerSet, ListenerSetSpec } from "./gateway.ts";
import { checkGateway } from "./gateway-together.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { listenersRule } from "./listener-schema.ts";
import { checkListeners } from "./listener-together.ts";
import { kindMap, listOf, mapAt, textMapRule, textRule } from "./manifest-rule.ts";
import {
  addressTypeRule,
  explicitReferenceKeys,
  gatewayReferenceKeys,
  LABEL_VALUE,
  namespaceRule,
  objectNameRule,
  portRule,
  secretReference,
} from "./name-rules.ts";
import { namespacesFrom } from "./selector-schema.ts";

// What is null is not left out in what follows: without a validation nobody would have to show a certificate.
const frontendTls = closedMap({
  validation: v.exactOptional(
    kindMap({
      caCertificateRefs: listOf(kindMap({ ...explicitReferenceKeys, namespace: v.exactOptional(namespaceRule) }), {
        min: 1,
        max: 16,
      }),
      mode: v.optional(wordRule("bad-validation-mode", ["AllowValidOnly", "AllowInsecureFallback"]), "AllowValidOnly"),
    }),
  ),
});

const gatewayTls = closedMap({
  backend: v.exactOptional(kindMap({ clientCertificateRef: v.exactOptional(secretReference) })),
  frontend: v.exactOptional(
    closedMap({
      default: frontendTls,
      perPort: v.exactOptional(listOf(closedMap({ port: portRule, tls: frontendTls }), { max: 64 })),
    }),
  ),
});

const infrastructure = kindMap({
  labels: v.exactOptional(textMapRule({ maxKeys: 8, maxChars: 63, pattern: LABEL_VALUE })),
  annotations: v.exactOptional(textMapRule({ maxKeys: 16, maxChars: 4096 })),
  parametersRef: v.exactOptional(kindMap(explicitReferenceKeys)),
});

/** One of `addresses`. */
export const address = kindMap({
  type: v.optional(addressTypeRule, "IPAddress"),
  value: v.exactOptional(textRule("bad-address", "an address", { min: 0, max: 253 })),
});

/** Of the experimental channel. */
const EXPERIMENTAL = ["defaultScope"];

const gatewaySpec: v.GenericSchema<unknown, GatewaySpec> = kindMap(
  {
    gatewayClassName: objectNameRule,
    listeners: listenersRule,
    addresses: v.exactOptional(listOf(address, { max: 16 })),
    infrastructure: v.exactOptional(infrastructure),
    allowedListeners: v.exactOptional(kindMap({ namespaces: namespacesFrom(["None", "All", "Selector", "Same"]) })),
    tls: v.exactOptional(gatewayTls),
  },
  EXPERIMENTAL,
);

export const gatewayReader: KindReader<Gateway> = kindReader({
  kind: "Gateway",
  apiVersion: "gateway.networking.k8s.io/v1",
  schema: standardDocument(gatewaySpec),
  specOf: ({ spec }) => spec,
  checkTogether: (document, fail) => checkGateway(mapAt(document, "spec"), fail),
  experimental: EXPERIMENTAL,
});

/** What a ListenerSet names as its Gateway. */
export const listenerSetParent = kindMap(gatewayReferenceKeys);

const listenerSetSpec: v.GenericSchema<unknown, ListenerSetSpec> = kindMap({
  parentRef: listenerSetParent,
  listeners: listenersRule,
});

export const listenerSetReader: KindReader<ListenerSet> = kindReader({
  kind: "ListenerSet",
  apiVersion: "gateway.networking.k8s.io/v1",
  schema: standardDocument(listenerSetSpec),
  specOf: ({ spec }) => spec,
  checkTogether: (document, fail) => checkListeners(mapAt(document, "spec")["listeners"], ["spec", "listeners"], fail),
});
