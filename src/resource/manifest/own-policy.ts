// What our own policies have in common: keys of theirs that are written elsewhere, and what their values must not say together,
// by the rules of a Route.

import { checkTogether, type Fail } from "../route-together.ts";
import type { KnownStrangers } from "../rule.ts";
import { checkTargets } from "./backend-tls-schema.ts";
import type { Written } from "./manifest-rule.ts";

/** Tells everything that is wrong with a `spec` although each of its values is right. */
export function checkOwn(spec: Written, fail: Fail): void {
  checkTargets(spec["targetRefs"], fail);
  checkTogether(spec, (code, message, path, hint, part) =>
    fail(code.slice(code.indexOf("/") + 1), message, ["spec", ...path], hint, part),
  );
}

/** Keys below `spec`, each with what to write instead. */
export function misplacedIn(keys: readonly (readonly [key: string, hint: string])[]): KnownStrangers {
  return { misplaced: new Map(keys.map(([key, hint]) => [`spec.${key}`, hint])) };
}
