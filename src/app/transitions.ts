// When each condition of each status last changed (meta/v1 Condition.lastTransitionTime): when what it says turned, not when its
// words did. Kept in memory: after a restart everything has just been found out.

/** A condition as the standard shows it. */
interface Stamped {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime: string;
}

export class Transitions {
  #known = new Map<string, Stamped>();

  /** Begins with the statuses of all objects, as they are at a time. */
  begin(at: Date): Stamping {
    return new Stamping(this.#known, `${at.toISOString().slice(0, "2026-01-01T00:00:00".length)}Z`, (known) => {
      this.#known = known;
    });
  }
}

/** Puts times into statuses, one object after the other. */
export class Stamping {
  readonly #before: ReadonlyMap<string, Stamped>;
  readonly #known = new Map<string, Stamped>();
  readonly #at: string;
  readonly #ended: (known: Map<string, Stamped>) => void;

  constructor(before: ReadonlyMap<string, Stamped>, at: string, ended: (known: Map<string, Stamped>) => void) {
    this.#before = before;
    this.#at = at;
    this.#ended = ended;
  }

  /** The status of an object, which `place` tells from all others, with its times. */
  stamp(value: unknown, place: string): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: unknown) => this.stamp(item, `${place}\n${nameOf(item)}`));
    return Object.fromEntries(
      Object.entries(value).map(([key, part]: [string, unknown]) => [
        key,
        key === "conditions" && Array.isArray(part)
          ? part.map((each: unknown) => this.#stampOne(each, place))
          : this.stamp(part, `${place}\n${key}`),
      ]),
    );
  }

  /** All objects had their turn: what did not come is forgotten. */
  end(): void {
    this.#ended(this.#known);
  }

  #stampOne(condition: unknown, place: string): unknown {
    if (typeof condition !== "object" || condition === null) return condition;
    if (!("type" in condition) || !("status" in condition)) return condition;
    const { type, status } = { type: String(condition.type), status: String(condition.status) };
    const key = `${place}\n${type}`;
    const before = this.#before.get(key);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : this.#at;
    this.#known.set(key, { type, status, lastTransitionTime });
    return { ...condition, lastTransitionTime };
  }
}

/** What tells an entry of a status's list from the others. */
function nameOf(item: unknown): string {
  if (typeof item !== "object" || item === null) return "";
  if ("name" in item && typeof item.name === "string") return item.name;
  if ("parentRef" in item) return JSON.stringify(item.parentRef);
  return "ancestorRef" in item ? JSON.stringify(item.ancestorRef) : "";
}
