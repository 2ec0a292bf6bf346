// What runs and is left over when a plan is applied.

/** What runs and is not in a plan, of which `missing` do not run yet. */
export function besides<Running>(
  running: ReadonlyMap<string, Running>,
  plans: readonly { readonly name: string }[],
  missing = 0,
): readonly (readonly [string, Running])[] {
  // Names are there once: as many as that are all of them.
  if (running.size === plans.length - missing) return [];
  const wanted = new Set(plans.map(({ name }) => name));
  return [...running].filter(([name]) => !wanted.has(name));
}
