// Label selectors, and whose objects may attach, as a person writes them.

import * as v from "valibot";

import { closedMap } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { kindMap, listOf, textMapRule, textRule } from "./manifest-rule.ts";
import { QUALIFIED_KEY } from "./name-rules.ts";

/** Far more than anybody has; Kubernetes has no limit. */
const MAX_CHARS = 317;

const requirement = v.pipe(
  closedMap({
    key: textRule("bad-selector", "the key of a label", { max: MAX_CHARS, pattern: QUALIFIED_KEY }),
    operator: wordRule("bad-selector", ["In", "NotIn", "Exists", "DoesNotExist"]),
    values: v.exactOptional(listOf(textRule("bad-selector", "the value of a label", { min: 0, max: MAX_CHARS }))),
  }),
  v.check(
    ({ operator, values = [] }) => operator.endsWith("In") === values.length > 0,
    'bad-selector\nExpected "values" for In and NotIn, and none for Exists and DoesNotExist',
  ),
);

// What is null is not left out here: who selects by nothing selects everything.
const selector = closedMap({
  matchLabels: v.exactOptional(textMapRule()),
  matchExpressions: v.exactOptional(listOf(requirement)),
});

/** Namespaces by one of these words, the first being what is meant without one. */
export function namespacesFrom<const Words extends readonly [string, ...string[]]>(words: Words) {
  const [first] = words;
  return v.optional(
    kindMap({
      from: v.optional(wordRule("bad-from", words), first),
      selector: v.exactOptional(selector),
    }),
    {},
  );
}
