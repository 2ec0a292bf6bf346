// Chooses between what some texts say now and what they said when they were last good. Knows neither files nor routes.

import { type Finding, type Judged, judgePeriods } from "./credential-finding.ts";
import type { ReadTexts } from "./credential-reader.ts";

/** One good reading of texts that belong together. */
export interface Version<Value> {
  readonly hash: string;
  readonly judged: Judged<Value> & { readonly value: Value };
}

/** Good versions by what tells the texts from others. */
export type Versions<Value> = ReadonlyMap<string, Version<Value>>;

/** What is used of some texts, and what there is to say about them. */
export interface Choice<Value> {
  readonly findings: readonly Finding[];
  /** Absent: nothing can be used. */
  readonly value?: Value;
  /** What `value` is remembered by; absent when it is not to be. */
  readonly key?: string;
  readonly version?: Version<Value>;
}

/** Texts of one kind within one load. */
export class Shelf<Value> {
  readonly #good: Versions<Value>;
  readonly #judge: (texts: ReadTexts["texts"]) => Judged<Value>;
  readonly #unread: Value;
  readonly #judged = new Map<string, Judged<Value>>();

  /** `unread` takes the place of what is in files that are not read. */
  constructor(good: Versions<Value>, judge: (texts: ReadTexts["texts"]) => Judged<Value>, unread: Value) {
    this.#good = good;
    this.#judge = judge;
    this.#unread = unread;
  }

  /** What is good now, or was last. A text that did not change gives the very same value as before. */
  choose(read: ReadTexts, nowMs: number): Choice<Value> {
    const { key, hash, texts, findings } = read;
    if (key !== undefined && read.unread) return { findings, value: this.#unread };
    const good = key === undefined ? undefined : this.#good.get(key);
    if (key === undefined || hash === undefined) return keep(key, good, findings, nowMs);
    const judged = good?.hash === hash ? good.judged : this.#judgeOnce(key, texts);
    const { value, periods } = judged;
    const all = [...findings, ...judged.findings, ...judgePeriods(periods, nowMs)];
    if (value === undefined) return keep(key, good, all, nowMs);
    return { findings: all, value, key, version: { hash, judged: { ...judged, value } } };
  }

  /** Routes that name the same texts share what is made of them. */
  #judgeOnce(key: string, texts: ReadTexts["texts"]): Judged<Value> {
    const judged = this.#judged.get(key) ?? this.#judge(texts);
    this.#judged.set(key, judged);
    return judged;
  }
}

/** What was good before, with what is wrong now. */
function keep<Value>(
  key: string | undefined,
  good: Version<Value> | undefined,
  findings: readonly Finding[],
  nowMs: number,
): Choice<Value> {
  if (key === undefined || good === undefined) return { findings };
  const told = findings.map((finding): Finding =>
    finding.severity === "error"
      ? { ...finding, message: `${finding.message}; the one that was read before goes on` }
      : finding,
  );
  const { value, periods } = good.judged;
  return { findings: [...told, ...judgePeriods(periods, nowMs)], value, key, version: good };
}
