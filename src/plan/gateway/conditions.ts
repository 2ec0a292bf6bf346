// Collects what is said of one thing that has conditions. What is said first of a type counts: checks go from what comes first
// for a person to what follows from it.

import type { ValuePath } from "../../resource/origin.ts";
import type { Condition } from "./condition.ts";

/** One thing that is wrong, and where it was written. */
export interface Problem {
  /** That of the condition, if it were the only one. */
  readonly reason: string;
  readonly message: string;
  /** In the document that the conditions are about; absent: nowhere in particular. */
  readonly path?: ValuePath;
}

/** A condition with all that it stands for. */
export interface Said {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly problems: readonly Problem[];
}

export class Conditions {
  /** A handful: a list is found through faster than a map is made. */
  readonly #said: Said[] = [];

  /** Says that a condition does not hold, unless something was said of it. */
  fail(type: string, reason: string, message: string, path?: ValuePath): void {
    this.#say(type, "False", reason, message, path);
  }

  /** The same; what was wrong already stays, and gives the reason. */
  failToo(type: string, reason: string, message: string, path?: ValuePath): void {
    const known = this.#find(type);
    if (known === undefined) this.#say(type, "False", reason, message, path);
    else if (known.status === "False" && !known.problems.some((problem) => problem.message === message)) {
      // Others may have adopted it as it was.
      const more = { ...known, problems: [...known.problems, problemOf(reason, message, path)] };
      this.#said[this.#said.indexOf(known)] = more;
    }
  }

  /** Says that a condition holds, unless something was said of it. */
  hold(type: string, reason: string, message: string, path?: ValuePath): void {
    this.#say(type, "True", reason, message, path);
  }

  /** What `from` says of a type, unless something was said of it. */
  adopt(from: Conditions, type: string): void {
    const said = from.#find(type);
    if (said !== undefined && this.#find(type) === undefined) this.#said.push(said);
  }

  /** The message of a type, all problems in one. */
  messageOf(type: string): string | undefined {
    const said = this.#find(type);
    return said === undefined ? undefined : textOf(said);
  }

  reasonOf(type: string): string | undefined {
    return this.#find(type)?.reason;
  }

  failed(type: string): boolean {
    return this.#find(type)?.status === "False";
  }

  holds(type: string): boolean {
    return this.#find(type)?.status === "True";
  }

  /** In the order in which they were said. */
  all(): readonly Said[] {
    return this.#said;
  }

  /** The same, as a status has them. */
  list(observedGeneration: number): readonly Condition[] {
    return this.#said.map((said): Condition => {
      const { type, status, reason } = said;
      return { type, status, reason, message: textOf(said), observedGeneration };
    });
  }

  #say(type: string, status: "True" | "False", reason: string, message: string, path: ValuePath | undefined): void {
    if (this.#find(type) !== undefined) return;
    this.#said.push({ type, status, reason, problems: [problemOf(reason, message, path)] });
  }

  #find(type: string): Said | undefined {
    for (const said of this.#said) if (said.type === type) return said;
    return undefined;
  }
}

function problemOf(reason: string, message: string, path: ValuePath | undefined): Problem {
  return path === undefined ? { reason, message } : { reason, message, path };
}

function textOf({ problems }: Said): string {
  const [only] = problems;
  return problems.length === 1 && only !== undefined ? only.message : problems.map(({ message }) => message).join("; ");
}
