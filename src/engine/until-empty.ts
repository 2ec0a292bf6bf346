// Waits for connections to end, for a drain.

/** How often to look, in milliseconds: well below what a person notices. */
const POLL_MS = 20;

/** Resolves when `count` is 0, or `timeoutMs` has passed. */
export function untilEmpty(count: () => number, timeoutMs: number): Promise<void> {
  if (count() === 0) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const due = performance.now() + timeoutMs;
  const timer = setInterval(() => {
    if (count() > 0 && performance.now() < due) return;
    clearInterval(timer);
    resolve();
  }, POLL_MS);
  return promise;
}
