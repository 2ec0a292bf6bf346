// The `upstreamTls` of a route, as a person writes it. What its keys must not say together is in `tls-together.ts`.

import * as v from "valibot";

import { pemRule } from "./pem-rule.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { booleanRule } from "./scalar-rule.ts";
import { serverNameRule } from "./server-name-rule.ts";
import type { UpstreamTlsSpec } from "./tls.ts";

const upstreamKeys = {
  ca: v.optional(pemRule("certificate")),
  serverName: v.optional(serverNameRule),
  certificate: v.optional(pemRule("certificate")),
  key: v.optional(pemRule("key")),
  insecure: v.optional(booleanRule),
};
const upstreamMap = closedMap(upstreamKeys);

/** `upstreamTls` as written, each value judged. */
type WrittenUpstreamTls = Partial<v.InferOutput<v.ObjectSchema<typeof upstreamKeys, undefined>>>;

const shortUpstream = rule((value, refuse): WrittenUpstreamTls | undefined => {
  if (value === true || value === "on") return {};
  const off = value === false || value === "off";
  const hint = off ? "Leave the key out for backends without TLS" : 'Write "upstreamTls: on"';
  refuse("wrong-type", `Expected on or a map of keys, found ${quote(value)}`, hint);
  return undefined;
});

/** `on`, or a map. */
export const upstreamTlsRule = v.lazy((value) => (isMap(value) ? upstreamMap : shortUpstream));

/** Fills in every default. A certificate without a key is told by `checkTls`. */
export function upstreamTlsOf({ ca, serverName, certificate, key, insecure }: WrittenUpstreamTls): UpstreamTlsSpec {
  return {
    ...(ca === undefined ? {} : { trust: { ca } }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate === undefined || key === undefined ? {} : { identity: { certificate, key } }),
    insecure: insecure ?? false,
  };
}
