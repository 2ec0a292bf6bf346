// The listeners of a Gateway or ListenerSet, as a person writes them. What they must not say together is in
// `listener-together.ts`.

import * as v from "valibot";

import { wordRule } from "../scalar-rule.ts";
import { GATEWAY_GROUP } from "./manifest.ts";
import { kindMap, listOf, textMapRule } from "./manifest-rule.ts";
import {
  groupRule,
  hostnameRule,
  kindRule,
  listenerProtocolRule,
  portRule,
  secretReference,
  subdomainRule,
} from "./name-rules.ts";
import { namespacesFrom } from "./selector-schema.ts";

/** What is wanted of keys and values that only some implementations know. */
export const optionsRule = textMapRule({ maxKeys: 16, maxChars: 4096 });

const allowedRoutes = kindMap({
  namespaces: namespacesFrom(["Same", "All", "Selector"]),
  kinds: v.exactOptional(listOf(kindMap({ group: v.optional(groupRule, GATEWAY_GROUP), kind: kindRule }), { max: 8 })),
});

const listenerTls = kindMap({
  mode: v.optional(wordRule("bad-tls-mode", ["Terminate", "Passthrough"]), "Terminate"),
  certificateRefs: v.exactOptional(listOf(secretReference, { max: 64 })),
  options: v.exactOptional(optionsRule),
});

/** `listeners`. */
export const listenersRule = listOf(
  kindMap({
    name: subdomainRule,
    hostname: v.exactOptional(hostnameRule),
    port: portRule,
    protocol: listenerProtocolRule,
    tls: v.exactOptional(listenerTls),
    allowedRoutes: v.optional(allowedRoutes, {}),
  }),
  { min: 1, max: 64 },
);
