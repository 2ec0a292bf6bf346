// Runs the command line in process, with a world of the test's own: nothing of the real environment leaks in.

import { type Replacements, main } from "../../src/cli/main.ts";
import type { Surroundings } from "../../src/cli/cli.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

export interface CliWorld {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly uid?: number;
  readonly terminal?: boolean;
  readonly runtime?: Runtime;
  readonly replacements?: Replacements;
  /** Gives the test the means to send signals and uncaught errors. */
  readonly process?: TestProcess;
}

/** Signals and uncaught errors by hand. */
export class TestProcess {
  readonly #heard = new Map<string, (() => void)[]>();
  #uncaught: ((error: unknown) => void) | undefined;

  on(signal: string, heard: () => void): () => void {
    const list = this.#heard.get(signal) ?? [];
    list.push(heard);
    this.#heard.set(signal, list);
    return () =>
      this.#heard.set(
        signal,
        (this.#heard.get(signal) ?? []).filter((other) => other !== heard),
      );
  }

  onUncaught(heard: (error: unknown) => void): () => void {
    this.#uncaught = heard;
    return () => {
      this.#uncaught = undefined;
    };
  }

  /** Throws when nobody listens, as a real signal would end the process. */
  send(signal: string): void {
    const listeners = this.#heard.get(signal) ?? [];
    if (listeners.length === 0) throw new Error(`Nobody hears ${signal}`);
    for (const heard of listeners) heard();
  }

  throwUncaught(error: unknown): void {
    if (this.#uncaught === undefined) throw error;
    this.#uncaught(error);
  }

  hears(signal: string): boolean {
    return (this.#heard.get(signal) ?? []).length > 0;
  }
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One invocation; `argv` without the program's name. */
export async function runCli(argv: readonly string[], world: CliWorld = {}): Promise<CliResult> {
  let out = "";
  let err = "";
  const signals = world.process ?? new TestProcess();
  const surroundings: Surroundings = {
    env: world.env ?? {},
    home: world.home ?? "/nonexistent",
    uid: world.uid ?? 1000,
    stdoutIsTerminal: world.terminal ?? false,
    stderrIsTerminal: world.terminal ?? false,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    written: () => Promise.resolve(),
    onSignal: (signal, heard) => signals.on(signal, heard),
    onUncaught: (heard) => signals.onUncaught(heard),
  };
  const code = await main(world.runtime ?? bunRuntime(), argv, surroundings, {
    version: "1.2.3",
    embedded: [],
    ...world.replacements,
  });
  return { code, out, err };
}
