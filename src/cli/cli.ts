// What every command gets: the runtime, the parts it starts, and the little of the process it may touch. Tests give their
// own, so that no command reads `process` on its own account.

import { homedir } from "node:os";
import process from "node:process";
import type { Gateway } from "../app/gateway.ts";
import type { GatewayOptions } from "../app/options.ts";
import type { SourceFile } from "../config/source.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { loadRoutes, type LoadRoutes } from "./load-routes.ts";

/** The process as commands see it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Of the user; absent where there is no such thing. */
  readonly uid: number | undefined;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Answers, for programs and people. */
  out(text: string): void;
  /** Complaints, for people. */
  err(text: string): void;
  /** Resolves when everything given to `out` and `err` has left the process. */
  written(): Promise<void>;
  /** Hears a signal until the returned function is called. */
  onSignal(signal: "SIGHUP" | "SIGTERM" | "SIGINT", heard: () => void): () => void;
  /** Hears of errors that nobody caught, instead of dying of them, until the returned function is called. */
  onUncaught(heard: (error: unknown) => void): () => void;
}

/** The world of one invocation. */
export interface Cli extends Surroundings {
  readonly runtime: Runtime;
  readonly version: string;
  readonly embedded: readonly SourceFile[];
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
  readonly loadRoutes: LoadRoutes;
  /** Set by a command that ended well, but with something to tell scripts. */
  exitCode: number;
}

/** Loaded only by `run`: the commands that talk to a running gateway need no engine. */
async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = await import("../app/gateway.ts");
  return gateway.startGateway(options);
}

/** The parts that the program is really made of. */
export const PARTS = { startGateway, loadRoutes } as const;

/** The real process. */
export function processSurroundings(): Surroundings {
  const output = createOutput(process.stdout);
  const errors = createOutput(process.stderr);
  return {
    env: process.env,
    home: homedir(),
    uid: process.getuid?.(),
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    out: output.write,
    err: errors.write,
    written: async () => {
      await Promise.all([output.written(), errors.written()]);
    },
    onSignal: (signal, heard) => {
      process.on(signal, heard);
      return () => process.off(signal, heard);
    },
    onUncaught: (heard) => {
      process.on("uncaughtException", heard);
      process.on("unhandledRejection", heard);
      return () => {
        process.off("uncaughtException", heard);
        process.off("unhandledRejection", heard);
      };
    },
  };
}

/** Counts what is under way. A reader that went away (`sallyport connections | head`) is no error of ours. */
function createOutput(stream: NodeJS.WriteStream): { write(text: string): void; written(): Promise<void> } {
  let last = Promise.resolve();
  return {
    write(text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.once("error", () => resolve());
      stream.write(text, () => resolve());
      last = last.then(() => promise);
    },
    written: () => last,
  };
}
