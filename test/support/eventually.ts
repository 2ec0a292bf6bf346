// Waiting for what can only be asked, not heard.

/** Between two looks, in milliseconds. */
const LOOK_AGAIN_MS = 5;

/** Resolves when `condition` holds; the test's own timeout is the limit. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, LOOK_AGAIN_MS);
    await promise;
  }
}
