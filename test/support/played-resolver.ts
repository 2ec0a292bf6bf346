// A resolver that asks nobody: it knows who watches which name, and a test says what each name stands for.

import { type NameQuery, queryText, type ResolvedAddress } from "../../src/engine/resolve/name-query.ts";
import type { NameListener } from "../../src/engine/resolve/name.ts";
import { type NameWatch, Resolver } from "../../src/engine/resolve/resolver.ts";

/** Names that stand for what the test says. */
export class PlayedResolver extends Resolver {
  readonly watches = new Set<{ readonly text: string; readonly changed: NameListener }>();
  readonly #known = new Map<string, readonly ResolvedAddress[]>();
  readonly #errors = new Map<string, Error>();

  override watch(query: NameQuery, _intervalMs: number, changed: NameListener): NameWatch {
    const text = queryText(query);
    const interest = { text, changed };
    const [known, errors] = [this.#known, this.#errors];
    this.watches.add(interest);
    return {
      get addresses() {
        return known.get(text) ?? [];
      },
      get error() {
        return errors.get(text);
      },
      get answered() {
        return known.has(text) || errors.has(text);
      },
      close: () => void this.watches.delete(interest),
    };
  }

  answer(text: string, answer: readonly ResolvedAddress[] | Error): void {
    if (answer instanceof Error) this.#errors.set(text, answer);
    else {
      this.#errors.delete(text);
      this.#known.set(text, answer);
    }
    for (const interest of Array.from(this.watches)) if (interest.text === text) interest.changed(answer);
  }
}
