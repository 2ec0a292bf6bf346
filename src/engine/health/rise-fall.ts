// Turns results of checks into up and down: the first one decides at once, then it takes several in a row to change. Pure:
// knows neither what was checked nor when.

/** `unknown`: there was no result yet. */
export type HealthStatus = "unknown" | "up" | "down";

export class RiseFall {
  #status: HealthStatus = "unknown";
  /** Results in a row that speak against the status. */
  #against = 0;
  readonly #rise: number;
  readonly #fall: number;

  /** `rise` good results in a row bring it up, `fall` bad ones take it down; both at least 1. */
  constructor(rise: number, fall: number) {
    this.#rise = rise;
    this.#fall = fall;
  }

  get status(): HealthStatus {
    return this.#status;
  }

  /** Results in a row that speak against the status: it changes when they are enough. */
  get against(): number {
    return this.#against;
  }

  /** Takes a result; the new status when it changes, else `undefined`. */
  record(good: boolean): "up" | "down" | undefined {
    const says = good ? "up" : "down";
    if (this.#status === says) {
      this.#against = 0;
      return undefined;
    }
    this.#against++;
    if (this.#status !== "unknown" && this.#against < (good ? this.#rise : this.#fall)) return undefined;
    this.#against = 0;
    this.#status = says;
    return says;
  }
}
