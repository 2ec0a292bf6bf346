// A client of a pool as its connection plays it: one outcome, one deadline. It has a dialler and no socket.

import { type TimerWheel, WheelEntry } from "../../src/base/timer-wheel.ts";
import type { DiallerOwner } from "../../src/engine/connection/dial-wish.ts";
import { Dialler } from "../../src/engine/connection/dialler.ts";
import type { Refusal } from "../../src/engine/limit/refusal.ts";
import type { Pool } from "../../src/engine/pool/pool.ts";
import type { Target } from "../../src/engine/pool/target.ts";
import type { Route } from "../../src/engine/route.ts";
import type { Services } from "../../src/engine/services.ts";

export class PoolClient extends WheelEntry implements DiallerOwner {
  readonly id: number;
  readonly clientHost: string;
  readonly dialler: Dialler;
  /** `dialled`, or why it gave up. */
  readonly outcomes: string[] = [];
  target: Target | null = null;
  attempts = 0;
  /** The most attempts that it could have: the plan may change meanwhile. */
  allowed: number;
  over = false;
  readonly #pool: Pool;
  readonly #wheel: TimerWheel;

  constructor(id: number, pool: Pool, route: Route, services: Services) {
    super();
    this.id = id;
    this.allowed = pool.plan.dial.attempts;
    this.#pool = pool;
    this.#wheel = services.wheel;
    this.clientHost = `10.0.${id >> 8}.${id & 255}`;
    this.dialler = new Dialler(
      this,
      { route, pool, plan: route.plan, portOffset: 0, pinned: null, course: null },
      services,
    );
  }

  introduce(): null {
    return null;
  }

  dialled(target: Target): void {
    this.outcomes.push("dialled");
    this.target = target;
    this.#wheel.cancel(this);
  }

  gaveUp({ reason }: Refusal): void {
    this.outcomes.push(reason);
    this.end(-1);
  }

  deadlineChanged(): void {
    const { dueMs } = this.dialler;
    if (this.over || this.target !== null || dueMs === Number.POSITIVE_INFINITY) return;
    this.#wheel.schedule(this, dueMs);
  }

  override expired(nowMs: number): void {
    if (nowMs < this.dialler.dueMs) this.deadlineChanged();
    else this.dialler.expired();
  }

  /** It leaves: of its own accord, killed, or by `unansweredMs` reset by the backend. */
  end(unansweredMs: number): void {
    if (this.over) return;
    this.over = true;
    this.#wheel.cancel(this);
    this.#wheel.release();
    if (this.target === null) this.dialler.cancel();
    else if (unansweredMs < 0) this.#pool.ended(this.target, 60_000, { answered: true, reset: false });
    else this.#pool.ended(this.target, unansweredMs, { answered: false, reset: true });
  }
}
