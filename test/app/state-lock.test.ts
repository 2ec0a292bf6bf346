import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockState } from "../../src/app/state-lock.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { startFlow } from "../support/flow.ts";

test("a second gateway with one state file is refused, says why, and starts when the first has stopped", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-lock-"));
  const state = join(directory, "state.db");
  const first = await startFlow({}, { state });
  expect(startFlow({}, { state })).rejects.toMatchObject({
    code: "state/in-use",
    message: `Cannot use the state file "${state}": another gateway is using it`,
  });
  await first[Symbol.asyncDispose]();
  await using _second = await startFlow({}, { state });
  await rm(directory, { recursive: true });
});

test("a process that was killed leaves no lock behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-lock-"));
  const state = join(directory, "state.db");
  const source = `
    import { lockState } from ${JSON.stringify(join(import.meta.dir, "../../src/app/state-lock.ts"))};
    import { bunRuntime } from ${JSON.stringify(join(import.meta.dir, "../../src/runtime/bun.ts"))};
    // Kept from the garbage collector, which would release it.
    globalThis.lock = lockState(bunRuntime(), ${JSON.stringify(state)});
    process.stdout.write("locked");
    setInterval(() => {}, 1000);`;
  await using child = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stderr: "ignore" });
  const reader = child.stdout.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("locked");
  expect(() => lockState(bunRuntime(), state)).toThrow("another gateway is using it");
  child.kill("SIGKILL");
  await child.exited;
  lockState(bunRuntime(), state)[Symbol.dispose]();
  await rm(directory, { recursive: true });
});
