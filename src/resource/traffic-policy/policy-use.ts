// What a policy must not say where it is used, although each part of it is right: that depends on the endpoint. It is asked
// while an inline policy is read, and again of a policy that several endpoints refer to.

import type { ValuePath } from "../origin.ts";
import { quote } from "../rule.ts";
import { isTerminating, type PolicyAction, type TrafficPolicy } from "./policy.ts";
import { BAD_VALUE, type PolicyUse } from "./policy-reading.ts";

/** What is wrong with a policy where it is used. */
export interface PolicyMisuse {
  /** Without the area `policy/`. */
  readonly code: string;
  /** ngrok's number of it. */
  readonly error: number;
  readonly message: string;
  readonly hint?: string;
  /** From the root of the policy, or from the action. */
  readonly at: ValuePath;
}

/** The one phase of TCP and TLS. */
export const PHASE = "on_tcp_connect";

const WRONG_PROTOCOL = 2205;
const OPEN_ENDED = 2235;

/** Why an action cannot be used, by itself. */
export function actionMisuse(action: PolicyAction, { protocol, ofRoute }: PolicyUse): PolicyMisuse | undefined {
  if (action.type === "terminate-tls" && ofRoute === true) {
    const message = 'The action "terminate-tls" is for endpoints: a route says what becomes of TLS under "tls"';
    const hint = 'Write "tls: {mode: terminate, certificate: …, key: …}" beside "policy"';
    return { code: "wrong-protocol", error: WRONG_PROTOCOL, message, hint, at: ["type"] };
  }
  if (action.type === "terminate-tls" && protocol === "tcp") {
    const message = 'The action "terminate-tls" is for tls:// endpoints: with tcp:// nobody looks at what clients say';
    const hint = "Write the url of the endpoint with tls://";
    return { code: "wrong-protocol", error: WRONG_PROTOCOL, message, hint, at: ["type"] };
  }
  if (action.type !== "forward-internal" || protocol === undefined) return undefined;
  // One that is not known before there is a client is judged then.
  const [, scheme = protocol] = /^(tcp|tls):\/\//.exec(action.url) ?? [];
  if (scheme === protocol) return undefined;
  const message = `Expected the URL of a ${protocol}:// endpoint, found ${quote(action.url)}: both ends have one protocol`;
  return { code: "wrong-protocol", error: BAD_VALUE, message, at: ["config", "url"] };
}

/** Why a policy cannot be used; empty when it can. Paths are those of a policy with the phase `on_tcp_connect`. */
export function policyMisuses(policy: TrafficPolicy, use: PolicyUse): readonly PolicyMisuse[] {
  const misuses = policy.rules.flatMap(({ actions }, rule) =>
    actions.flatMap((action, index): readonly PolicyMisuse[] => {
      const misuse = actionMisuse(action, use);
      return misuse === undefined ? [] : [{ ...misuse, at: [PHASE, rule, "actions", index, ...misuse.at] }];
    }),
  );
  const open = use.mustTerminate === true ? openEnd(policy) : undefined;
  return open === undefined ? misuses : [...misuses, open];
}

/**
 * What is wrong with a policy that leads nowhere. It has to end in a rule that ends connections; whether one of several conditions always
 * holds, as where a random number chooses, nobody can tell.
 */
export function openEnd({ rules }: TrafficPolicy): PolicyMisuse | undefined {
  if (rules.at(-1)?.actions.some(isTerminating) === true) return undefined;
  if (rules.some(({ expressions, actions }) => expressions.length === 0 && actions.some(isTerminating)))
    return undefined;
  const message =
    "Expected a policy whose last rule ends connections: there is nobody behind a CloudEndpoint who would take them";
  const hint = 'Add a last rule with "forward-internal" or "deny"';
  return { code: "open-end", error: OPEN_ENDED, message, hint, at: [] };
}
