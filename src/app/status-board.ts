// The objects of the load in force with their statuses, as the admin port and the status directory show them. Made when somebody
// asks, in turns: there can be thousands, and they share the thread with the traffic.

import type { ResourceObject } from "../admin/resource-object.ts";
import { Pace } from "../base/pace.ts";
import type { Engine } from "../engine/engine.ts";
import type { BindError, Outcome } from "../plan/gateway/outcome.ts";
import { statusesOf } from "../plan/gateway/status.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { LoadedPlan } from "./load.ts";
import { toResourceObject } from "./resource-view.ts";
import { Transitions } from "./transitions.ts";

/** Who is told of every change; a directory that statuses are written to. */
export interface StatusFollower {
  follow(objects: readonly ResourceObject[]): Promise<void>;
}

/** After a load other things come first. */
const REFRESH_DELAY_MS = 200;
/** A port can become free, or an address come up, without a load. */
const REFRESH_INTERVAL_MS = 10_000;
/** Objects between looks at the clock. */
const OBJECTS_PER_LOOK = 50;
/** Names of errors that say that an address is not this machine's. */
const FOREIGN: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

export class StatusBoard implements Disposable {
  readonly #engine: Engine;
  readonly #follower: StatusFollower | undefined;
  readonly #transitions = new Transitions();
  readonly #interval: ReturnType<typeof setInterval> | undefined;
  #loaded: LoadedPlan | null = null;
  #loadedAt = new Date();
  /** As they were shown last, with what they were made of: whoever asks twice gets the same. */
  #shown: Shown | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Objects are made one list after the other: the times of one depend on the one before. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, follower?: StatusFollower) {
    this.#engine = engine;
    this.#follower = follower;
    if (follower === undefined) return;
    this.#interval = setInterval(() => void this.#tell(follower), REFRESH_INTERVAL_MS);
    this.#interval.unref();
  }

  /** Takes over a load that is in force. */
  follow(loaded: LoadedPlan): void {
    this.#loaded = loaded;
    this.#loadedAt = new Date();
    const follower = this.#follower;
    if (follower === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(follower), REFRESH_DELAY_MS);
    this.#timer.unref();
  }

  /** All objects as they are now, in order of precedence; the same list as before when nothing has changed. */
  objects(): Promise<readonly ResourceObject[]> {
    const turn = this.#tail.then(() => this.#objects());
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #objects(): Promise<readonly ResourceObject[]> {
    const loaded = this.#loaded;
    if (loaded === null || loaded.translation.catalog.all.length === 0) return NONE;
    const errors = bindErrors(this.#engine);
    const signature = JSON.stringify([...errors]);
    if (this.#shown?.loaded === loaded && this.#shown.signature === signature) return this.#shown.objects;
    // What is new with a load is as old as the load; a port comes and goes by itself.
    const at = this.#shown?.loaded === loaded ? new Date() : this.#loadedAt;
    const objects = await new Pace().run(this.#build(loaded, errors, at));
    this.#shown = { loaded, signature, objects };
    return objects;
  }

  *#build(
    { translation, refusals }: LoadedPlan,
    errors: ReadonlyMap<string, BindError>,
    at: Date,
  ): Generator<void, readonly ResourceObject[]> {
    const outcome: Outcome = {
      refusalOf: (route) => refusals.get(route),
      bindErrorOf: (listener) => errors.get(listener),
    };
    const statuses = statusesOf(translation, outcome);
    yield;
    const stamping = this.#transitions.begin(at);
    const { all, records } = translation.catalog;
    const objects: ResourceObject[] = [];
    for (const [index, each] of all.entries()) {
      const status = stamping.stamp(statuses.get(each), keyOf(each));
      objects.push(toResourceObject(each, records.of(each), status));
      if (index % OBJECTS_PER_LOOK === 0) yield;
    }
    stamping.end();
    return objects;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearInterval(this.#interval);
  }

  async #tell(follower: StatusFollower): Promise<void> {
    await follower.follow(await this.objects());
  }
}

interface Shown {
  readonly loaded: LoadedPlan;
  readonly signature: string;
  readonly objects: readonly ResourceObject[];
}

const NONE: readonly ResourceObject[] = [];

/** Why listeners are not bound, by their names. */
function bindErrors(engine: Engine): ReadonlyMap<string, BindError> {
  const errors = new Map<string, BindError>();
  for (const { name, error, errorCode = "" } of engine.failedListeners()) {
    if (error !== undefined) errors.set(name, { message: error, foreign: FOREIGN.has(errorCode) });
  }
  return errors;
}
