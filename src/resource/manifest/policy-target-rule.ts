// `targetRefs` of our own policies. Unlike those of a standard policy they have to name a kind that can be a target: a policy
// that has no effect would leave open what it was written to close.

import * as v from "valibot";

import { quote, rule } from "../rule.ts";
import { listed } from "../scalar-rule.ts";
import { kindMap, listOf } from "./manifest-rule.ts";
import { objectNameRule, sectionNameRule } from "./name-rules.ts";

/** What a policy may name: kinds of one group. */
export interface TargetKinds {
  readonly group: string;
  readonly kinds: readonly string[];
}

/** One of a policy's targets. */
function targetRule({ group, kinds }: TargetKinds) {
  return kindMap({
    group: rule((value, refuse): string | undefined => {
      if (value === group) return group;
      refuse("bad-target-group", `Expected ${quote(group)} as the group of ${listed(kinds)}, found ${quote(value)}`);
      return undefined;
    }),
    kind: rule((value, refuse): string | undefined => {
      const kind = kinds.find((known) => known === value);
      if (kind === undefined) refuse("bad-target-kind", `Expected ${listed(kinds)}, found ${quote(value)}`);
      return kind;
    }),
    name: objectNameRule,
    sectionName: v.exactOptional(sectionNameRule),
  });
}

/** All of them. */
export function targetsRule(kinds: TargetKinds) {
  return listOf(targetRule(kinds), { min: 1, max: 16 });
}
