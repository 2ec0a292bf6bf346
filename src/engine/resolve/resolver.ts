// Names of backends, resolved when they appear and again while running: when each is asked for, one query per name
// whatever the number of pools that use it, and the last good answer, which is kept as long as it takes. How a name is
// asked for is the look-up's business.

import { GatewayError } from "../../base/gateway-error.ts";
import type { Log } from "../../observe/log.ts";
import { addressList, describeDifference, sameList } from "./address-list.ts";
import { inTurn } from "./in-turn.ts";
import { Name, type NameInterest, type NameListener } from "./name.ts";
import { type LookUp, type NameAnswer, type NameQuery, queryText, type ResolvedAddress } from "./name-query.ts";

/** Look-ups at once: the system's resolver has few threads, and a name server should not be flooded. */
const CONCURRENT_LOOK_UPS = 16;
/** A look-up that has not settled then counts as failed. */
const GIVE_UP_MS = 10_000;
/** Up to this part of a delay is added at random, so that a thousand names do not ask at once. */
const JITTER = 0.1;
/** Addresses of one name: what a stranger's answer may cost. */
const MAX_ADDRESSES = 1_000;

/** How time passes and what chance gives; a test has its own. */
export interface ResolverTiming {
  /** Calls `then` once after `ms` milliseconds, unless the returned function was called before. */
  after(ms: number, then: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

const REAL_TIMING: ResolverTiming = {
  after(ms, then) {
    const timer = setTimeout(then, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** One pool's interest in one name. */
export interface NameWatch {
  /** The last good answer, in a stable order; empty while there was none. */
  readonly addresses: readonly ResolvedAddress[];
  /** Why the last look-up failed; `undefined` after a good answer. */
  readonly error: Error | undefined;
  /** Whether there was an answer, good or bad. */
  readonly answered: boolean;
  /** Ends it. What is known of a name is forgotten with its last watch. */
  close(): void;
}

export class Resolver {
  readonly #lookUp: LookUp;
  readonly #log: Log;
  readonly #timing: ResolverTiming;
  readonly #names = new Map<string, Name>();
  /** Names whose turn comes when a look-up ends. */
  readonly #queue = new Set<Name>();
  #running = 0;

  constructor(log: Log, lookUp: LookUp, timing: ResolverTiming = REAL_TIMING) {
    this.#log = log;
    this.#lookUp = inTurn(lookUp);
    this.#timing = timing;
  }

  /**
   * Keeps a name resolved and tells what is news until closed; never before it returns. It is asked for again when its
   * answer expires, or after `intervalMs` where that is not known; the shortest of all that watch it counts. SRV records
   * do not tell their own lifetime, so the interval is the most for them.
   */
  watch(query: NameQuery, intervalMs: number, changed: NameListener): NameWatch {
    const known = this.#names.get(queryText(query));
    const name = known ?? new Name(query);
    const sooner = known !== undefined && intervalMs < known.intervalMs;
    const interest = { intervalMs, changed };
    name.interests.add(interest);
    if (known === undefined) {
      this.#names.set(name.text, name);
      this.#ask(name);
    } else if (sooner && name.cancel !== null && name.failures === 0) {
      name.cancel();
      this.#ask(name);
    }
    return {
      get addresses() {
        return name.addresses;
      },
      get error() {
        return name.error;
      },
      get answered() {
        return name.answered;
      },
      close: () => this.#forget(name, interest),
    };
  }

  /** Forgets every name. */
  close(): void {
    for (const name of this.#names.values()) name.cancel?.();
    this.#names.clear();
    this.#queue.clear();
  }

  #ask(name: Name): void {
    name.cancel = null;
    if (this.#running < CONCURRENT_LOOK_UPS) void this.#refresh(name);
    else this.#queue.add(name);
  }

  async #refresh(name: Name): Promise<void> {
    this.#running++;
    const answer = await this.#answer(name);
    this.#running--;
    const [next] = this.#queue;
    if (next !== undefined) {
      this.#queue.delete(next);
      void this.#refresh(next);
    }
    if (this.#names.get(name.text) !== name) return;
    if (answer instanceof Error) this.#failed(name, answer);
    else this.#resolved(name, answer);
    // Whoever heard of it may have closed the last watch.
    if (this.#names.get(name.text) === name) this.#askLater(name);
  }

  /** Settles whatever the look-up does, after `GIVE_UP_MS` at the latest. */
  #answer(name: Name): Promise<NameAnswer | Error> {
    const { promise, resolve } = Promise.withResolvers<NameAnswer | Error>();
    const cancel = this.#timing.after(GIVE_UP_MS, () =>
      resolve(new Error(`Cannot resolve "${name.text}": no answer within ${GIVE_UP_MS / 1000} seconds`)),
    );
    this.#lookUp(name.query, name.hosts).then(
      (answer) => resolve(answer.addresses.length === 0 ? new Error(`No address for "${name.text}"`) : answer),
      (error: unknown) => resolve(describeFailure(name.text, error)),
    );
    return promise.finally(cancel);
  }

  #failed(name: Name, error: Error): void {
    const news = name.failures === 0;
    name.failures++;
    name.error = error;
    name.answered = true;
    // Once per outage, not once per try.
    if (!news) return;
    const fields = { host: name.text, addressesKept: name.addresses.length };
    this.#log.write("warn", "resolve-failed", error.message, fields);
    name.tell(error);
  }

  #resolved(name: Name, answer: NameAnswer): void {
    const before = name.addresses;
    const recovered = name.failures > 0;
    // What was known of another name says nothing of this one.
    const known = answer.of === name.of ? before : [];
    const addresses = this.#withinLimit(name, addressList(answer, known));
    const differs = !sameList(addresses, before);
    name.failures = 0;
    name.error = undefined;
    name.answered = true;
    name.ttlMs = answer.ttlMs;
    name.of = answer.of;
    name.hosts = answer.hosts;
    if (differs) name.addresses = addresses;
    if (recovered) this.#log.write("info", "resolve-recovered", `Resolved "${name.text}" again`, { host: name.text });
    if (differs) {
      // The first answer is no change, and at start there is one for every name.
      this.#log.write(
        before.length === 0 ? "debug" : "info",
        "resolved",
        `"${name.text}" has ${addresses.length === 1 ? "one address" : `${addresses.length} addresses`} now`,
        {
          host: name.text,
          added: describeDifference(addresses, before),
          removed: describeDifference(before, addresses),
        },
      );
    }
    if (differs || recovered) name.tell(name.addresses);
  }

  #withinLimit(name: Name, addresses: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
    if (addresses.length <= MAX_ADDRESSES) return addresses;
    if (!name.overfull) {
      const message = `"${name.text}" has ${addresses.length} addresses: only ${MAX_ADDRESSES} of them are used`;
      this.#log.write("warn", "resolve-overfull", message, { host: name.text, addresses: addresses.length });
    }
    name.overfull = true;
    return addresses.slice(0, MAX_ADDRESSES);
  }

  #askLater(name: Name): void {
    const delayMs = name.waitMs * (1 + JITTER * this.#timing.random());
    name.cancel = this.#timing.after(delayMs, () => this.#ask(name));
  }

  #forget(name: Name, interest: NameInterest): void {
    name.interests.delete(interest);
    if (name.interests.size > 0) return;
    name.cancel?.();
    this.#queue.delete(name);
    if (this.#names.get(name.text) === name) this.#names.delete(name.text);
  }
}

function describeFailure(text: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  // Our own failures are sentences; a system's are known by their codes.
  const why = error instanceof GatewayError ? error.message : code;
  return new Error(`Cannot resolve "${text}": ${why}`, { cause: error });
}
