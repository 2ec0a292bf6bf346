// A traffic policy as a person writes it, under the key `policy` of a document: what it means, or what is said about it and where.
// Where something should be said a test marks with «.

import { expect } from "bun:test";
import * as v from "valibot";

import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { Judgement } from "../../src/resource/manifest/judgement.ts";
import { closedMap } from "../../src/resource/rule.ts";
import type { PolicyAction, TrafficPolicy } from "../../src/resource/traffic-policy/policy.ts";
import type { ExpressionCheck, ExpressionChecks, PolicyUse } from "../../src/resource/traffic-policy/policy-reading.ts";
import { trafficPolicyRule, warnOfPolicy } from "../../src/resource/traffic-policy/traffic-policy-rule.ts";
import { documentOf } from "./written-document.ts";
import { inPlace, unmark } from "./written-manifest.ts";

/** Stands in for CEL: nothing with `!!` in it can be read. */
const check: ExpressionCheck = (text) => {
  const offset = text.indexOf("!!");
  return offset === -1 ? undefined : { message: "Expected a value,\nfound !!", offset, hint: "Write one !" };
};

export const CHECKS: ExpressionChecks = { condition: check, value: check, template: check };

interface ReadPolicy {
  readonly policy: TrafficPolicy | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a policy that is written below `policy:`. */
export async function readPolicy(lines: string, use: PolicyUse = {}): Promise<ReadPolicy> {
  const { value, origin } = await documentOf(`policy:\n${lines.replaceAll(/^/gm, "  ")}\n`);
  const judgement = new Judgement("Route", origin);
  const schema = closedMap({ policy: trafficPolicyRule(CHECKS, use) });
  const document: v.InferOutput<typeof schema> | undefined = judgement.parse(schema, value);
  warnOfPolicy(value["policy"], ["policy"], judgement.warn);
  return { policy: document?.policy, diagnostics: judgement.diagnostics };
}

/** The policy that these lines mean, about which there is nothing to say. */
export async function policy(lines: string, use: PolicyUse = {}): Promise<TrafficPolicy> {
  const { policy: read, diagnostics } = await readPolicy(lines, use);
  expect(diagnostics).toEqual([]);
  if (read === undefined) throw new Error("Expected a policy");
  return read;
}

/** The only action of a rule with these lines, in flow style. */
export async function action(written: string, use: PolicyUse = {}): Promise<PolicyAction> {
  const { rules } = await policy(actions(written), use);
  const [found] = rules[0]?.actions ?? [];
  if (found === undefined) throw new Error("Expected an action");
  return found;
}

/** A policy of one rule with these actions. */
export function actions(...written: readonly string[]): string {
  return `on_tcp_connect:\n- actions:\n${written.map((each) => `  - ${each}`).join("\n")}`;
}

/** Expects exactly one mistake at the mark, and ngrok's number of it at its end; 0 for none. Its hint. */
export async function expectRefused(
  lines: string,
  code: string,
  error: number,
  use: PolicyUse = {},
): Promise<string | undefined> {
  const { plain, places } = unmark(lines);
  const { policy: read, diagnostics } = await readPolicy(plain, use);
  // The policy is written two columns to the right, and one line below.
  const [line = 0, column = 0] = (places[0] ?? "").split(":").map(Number);
  expect(diagnostics.map(inPlace)).toEqual([`${line + 1}:${column + 2} error ${code}`]);
  expect(read).toBeUndefined();
  const [{ message, hint } = { message: "", hint: undefined }] = diagnostics;
  expect(message).toMatch(error === 0 ? /[^)]$/ : new RegExp(` \\(ERR_NGROK_${error}\\)$`));
  return hint;
}

/** `code message (hint)` of what is said of a policy that is used. */
export async function warnings(lines: string, use: PolicyUse = {}): Promise<readonly string[]> {
  const { policy: read, diagnostics } = await readPolicy(lines, use);
  expect(read).toBeDefined();
  expect(diagnostics.map(({ severity }) => severity)).not.toContain("error");
  return diagnostics.map(({ code, message, hint }) => `${code} ${message} (${hint})`);
}
