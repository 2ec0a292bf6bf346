// All expressions of a policy, each with its place: for whoever has to know what a policy asks of a connection.

import type { JsonValue } from "../../base/json-value.ts";
import type { ValuePath } from "../origin.ts";
import { isTemplate } from "./expression-reader.ts";
import type { PolicyAction, TrafficPolicy } from "./policy.ts";
import { PHASE } from "./policy-use.ts";

/** CEL, or a text with `${…}` in it. */
export interface PolicyExpression {
  readonly kind: "condition" | "value" | "template";
  readonly text: string;
  /** From the policy on; of an entry of a list that was sorted when it was read, the list. */
  readonly path: ValuePath;
}

/** In the order in which they run. */
export function expressionsOf({ rules }: TrafficPolicy): readonly PolicyExpression[] {
  return rules.flatMap(({ expressions, actions }, index) => {
    const path = [PHASE, index];
    const conditions = expressions.map((text, at): PolicyExpression => {
      return { kind: "condition", text, path: [...path, "expressions", at] };
    });
    return [...conditions, ...actions.flatMap((action, at) => ofAction(action, [...path, "actions", at, "config"]))];
  });
}

function ofAction(action: PolicyAction, path: ValuePath): readonly PolicyExpression[] {
  switch (action.type) {
    case "deny":
    case "close-connection":
      return [];
    case "restrict-ips":
      return [
        ...action.allowTemplates.map((text) => template(text, [...path, "allow"])),
        ...action.denyTemplates.map((text) => template(text, [...path, "deny"])),
      ];
    case "forward-internal":
      return inJson(action.url, [...path, "url"]);
    case "log":
      return inJson(action.metadata, [...path, "metadata"]);
    case "set-vars":
      return action.vars.flatMap(({ name, value }, index) => inJson(value, [...path, "vars", index, name]));
    case "rate-limit":
      return action.bucketKeys.map((text, index) => ({ kind: "value", text, path: [...path, "bucket_key", index] }));
    case "terminate-tls":
      return [
        ...inJson(action.certificate ?? "", [...path, "server_certificate"]),
        ...inJson(action.key ?? "", [...path, "server_private_key"]),
        ...inJson(action.clientCas, [...path, "mutual_tls_certificate_authorities"]),
      ];
  }
}

function template(text: string, path: ValuePath): PolicyExpression {
  return { kind: "template", text, path };
}

function inJson(value: JsonValue, path: ValuePath): readonly PolicyExpression[] {
  if (typeof value === "string") return isTemplate(value) ? [template(value, path)] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    inJson(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
