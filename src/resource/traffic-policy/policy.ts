// The traffic policy of an endpoint or a route, as it is after reading: plain data, with every default filled in. What a person
// may write is `policy-document.ts` and the files beside it; what comes of it is not known here.

import type { Cidr } from "../../base/ip.ts";
import type { JsonMap, JsonValue } from "../../base/json-value.ts";

/** What is decided about a connection when it comes: the `on_tcp_connect` phase. */
export interface TrafficPolicy {
  /** In the order in which they are tried. */
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule {
  /** As written, or `rule N`, from 1. */
  readonly name: string;
  /** CEL, all of which must hold; without any the rule is for every connection. */
  readonly expressions: readonly string[];
  /** At least one, in the order in which they run. */
  readonly actions: readonly PolicyAction[];
}

export type PolicyAction =
  | RestrictIps
  | { readonly type: "deny" }
  | { readonly type: "close-connection" }
  | ForwardInternal
  | LogAction
  | SetVars
  | TerminateTls
  | RateLimit;

/** Lets addresses in that are allowed and not denied, by the lists and the IPPolicies together. */
export interface RestrictIps {
  readonly type: "restrict-ips";
  /** `false`: what would have been done is only said. */
  readonly enforce: boolean;
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
  /** Entries with `${…}`. */
  readonly allowTemplates: readonly string[];
  readonly denyTemplates: readonly string[];
  /** Ids or names of IPPolicies. */
  readonly ipPolicies: readonly string[];
}

export interface ForwardInternal {
  readonly type: "forward-internal";
  /** Of an internal endpoint; may have `${…}`, and is judged when it is known then. */
  readonly url: string;
  /** Whether the actions that follow run when nobody is there. */
  readonly onError: "halt" | "continue";
}

export interface LogAction {
  readonly type: "log";
  /** Texts in it may have `${…}`. */
  readonly metadata: JsonMap;
}

export interface SetVars {
  readonly type: "set-vars";
  /** In the order in which they are set; texts in values may have `${…}`. */
  readonly vars: readonly { readonly name: string; readonly value: JsonValue }[];
}

export interface TerminateTls {
  readonly type: "terminate-tls";
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** PEM, or a text with `${…}`; both or neither. */
  readonly certificate?: string;
  readonly key?: string;
  /** PEM, or texts with `${…}`. */
  readonly clientCas: readonly string[];
  /** Without `clientCas`, `require-and-verify` asks for nothing: it is the default. */
  readonly verification: "require-and-verify" | "require-any" | "request";
}

export type TlsVersion = "1.2" | "1.3";

/** Connections per time, counted for each value of the keys. */
export interface RateLimit {
  readonly type: "rate-limit";
  readonly name: string;
  readonly enforce: boolean;
  /** Connections within `rateMs`. */
  readonly capacity: number;
  readonly rateMs: number;
  /** CEL; without any all connections are counted together. */
  readonly bucketKeys: readonly string[];
}

/** Whether nothing runs after an action, whatever comes of it. */
export function isTerminating(action: PolicyAction): boolean {
  if (action.type === "forward-internal") return action.onError === "halt";
  return action.type === "deny" || action.type === "close-connection";
}
