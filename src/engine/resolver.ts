// Names of backends, resolved when they appear and again while running. One query per name and interval whatever the
// number of pools that use it; the last good answer is kept while the resolver fails.

import { lookup } from "node:dns/promises";
import type { Log } from "../observe/log.ts";

/** When names are looked up again. */
export interface ResolverPace {
  /** After an answer, in milliseconds. */
  readonly refreshMs: number;
  /** After a failure, in milliseconds. */
  readonly retryMs: number;
}

/** About as long as DNS answers for moving targets live; soon after a failure. */
const USUAL_PACE: ResolverPace = { refreshMs: 15_000, retryMs: 2_000 };

/** All addresses of a name, in the resolver's order; rejects when it has none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** Asks the operating system, so that `/etc/hosts` counts. */
export const systemLookUp: LookUp = async (host) => {
  const answers = await lookup(host, { all: true });
  return answers.map((answer) => answer.address);
};

/** One pool's interest in one name. */
export interface NameWatch {
  /** The last good answer; empty while there was none. */
  readonly addresses: readonly string[];
  /** Whether there was an answer, good or bad. */
  readonly answered: boolean;
  close(): void;
}

type Listener = (answer: readonly string[] | Error) => void;

class Name {
  readonly host: string;
  addresses: readonly string[] = [];
  answered = false;
  failing = false;
  readonly listeners = new Set<Listener>();
  timer: ReturnType<typeof setTimeout> | null = null;

  constructor(host: string) {
    this.host = host;
  }
}

export class Resolver {
  readonly #lookUp: LookUp;
  readonly #log: Log;
  readonly #pace: ResolverPace;
  readonly #names = new Map<string, Name>();

  constructor(log: Log, lookUp: LookUp = systemLookUp, pace: ResolverPace = USUAL_PACE) {
    this.#log = log;
    this.#lookUp = lookUp;
    this.#pace = pace;
  }

  /** Keeps `host` resolved and tells every change until closed. */
  watch(host: string, changed: Listener): NameWatch {
    let name = this.#names.get(host);
    if (name === undefined) {
      name = new Name(host);
      this.#names.set(host, name);
      void this.#refresh(name);
    }
    const watched = name;
    watched.listeners.add(changed);
    return {
      get addresses() {
        return watched.addresses;
      },
      get answered() {
        return watched.answered;
      },
      close: () => this.#forget(watched, changed),
    };
  }

  /** Forgets every name. */
  close(): void {
    for (const name of this.#names.values()) if (name.timer !== null) clearTimeout(name.timer);
    this.#names.clear();
  }

  async #refresh(name: Name): Promise<void> {
    name.timer = null;
    const answer = await this.#lookUp(name.host).then(
      (addresses) => (addresses.length === 0 ? new Error(`No address for "${name.host}"`) : addresses),
      (error: unknown) => describeFailure(name.host, error),
    );
    if (this.#names.get(name.host) !== name) return;
    if (answer instanceof Error) {
      // Once per outage, not once per try.
      if (!name.failing) {
        const { host, addresses } = name;
        this.#log.write("warn", "resolve-failed", answer.message, { host, addressesKept: addresses.length });
      }
      name.failing = true;
    } else {
      if (name.failing)
        this.#log.write("info", "resolve-recovered", `Resolved "${name.host}" again`, { host: name.host });
      name.failing = false;
      name.addresses = answer;
    }
    name.answered = true;
    for (const changed of name.listeners) changed(answer);
    const { refreshMs, retryMs } = this.#pace;
    name.timer = setTimeout(() => void this.#refresh(name), answer instanceof Error ? retryMs : refreshMs);
    name.timer.unref();
  }

  #forget(name: Name, changed: Listener): void {
    name.listeners.delete(changed);
    if (name.listeners.size > 0) return;
    if (name.timer !== null) clearTimeout(name.timer);
    if (this.#names.get(name.host) === name) this.#names.delete(name.host);
  }
}

function describeFailure(host: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return new Error(`Cannot resolve "${host}": ${code}`, { cause: error });
}
