// From changed sources to a running plan: one change at a time, in the order they were asked for. Documents of the admin
// API are judged against everything else before they are stored, so that a wrong one changes nothing.

import type { LastReload, PutResult, ReloadResult, StoredDocument } from "../admin/view.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { SourceFile } from "../config/source.ts";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../observe/log.ts";
import { diffPlans } from "../plan/diff.ts";
import type { Plan } from "../plan/plan.ts";
import type { DocumentStore } from "./documents.ts";
import { type LoadedPlan, PlanLoader } from "./load.ts";

export interface ReloaderOptions {
  readonly engine: Engine;
  readonly store: DocumentStore;
  readonly log: Log;
  readonly directories: readonly string[];
  readonly embedded: readonly SourceFile[];
  readonly bind: readonly string[];
}

const EMPTY_PLAN: Plan = { listeners: [], routes: [], pools: [] };

/** Prefix of the file name that diagnostics of a stored document carry. */
const DOCUMENT_PREFIX = "document:";

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #loader: PlanLoader;
  readonly #counts: Record<ReloadResult["result"], number> = { ok: 0, partial: 0, unchanged: 0 };
  #plan: Plan = EMPTY_PLAN;
  #generation = 0;
  #loaded = false;
  #diagnostics: readonly Diagnostic[] = [];
  #last: LastReload = { at: new Date().toISOString(), trigger: "start", result: "unchanged", durationMs: 0 };
  /** The reload that waits for its turn: whoever asks meanwhile shares it. */
  #waiting: Promise<ReloadResult> | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#loader = new PlanLoader(options.bind);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Whether the first load is in force. */
  get loaded(): boolean {
    return this.#loaded;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  get last(): LastReload {
    return this.#last;
  }

  /** Reloads since start, by result. */
  get counts(): Readonly<Record<ReloadResult["result"], number>> {
    return { ...this.#counts };
  }

  /** Loads without running: what `strict` judges at start. The result is applied by the next reload. */
  preview(): Promise<readonly Diagnostic[]> {
    return this.#inTurn(async () => (await this.#load(this.#options.store.list())).diagnostics);
  }

  /** Reads everything again and applies what changed. A call that comes while another one waits shares its result. */
  reload(trigger: LastReload["trigger"]): Promise<ReloadResult> {
    if (this.#waiting !== null) return this.#waiting;
    const turn = this.#inTurn(() => {
      this.#waiting = null;
      return this.#reload(trigger);
    });
    this.#waiting = turn;
    return turn;
  }

  /** Judges a document together with everything else; stores and runs it when it has no error. */
  putDocument(name: string, text: string): Promise<PutResult> {
    return this.#inTurn(async () => {
      const { store } = this.#options;
      const updatedAt = new Date();
      const others = store.list().filter((document) => document.name !== name);
      const loaded = await this.#load([...others, { name, text, updatedAt: updatedAt.toISOString() }]);
      const own = loaded.diagnostics.filter((diagnostic) => diagnostic.file === DOCUMENT_PREFIX + name);
      if (own.some((diagnostic) => diagnostic.severity === "error")) return { stored: false, diagnostics: own };
      const created = store.put(name, text, updatedAt);
      return { stored: true, created, reload: await this.#apply(loaded, "document", performance.now()) };
    });
  }

  /** The reload that removed it, or `undefined` when there is none with this name. */
  deleteDocument(name: string): Promise<ReloadResult | undefined> {
    return this.#inTurn(async () => (this.#options.store.delete(name) ? this.#reload("document") : undefined));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#tail.then(act);
    // The next turn comes whatever becomes of this one; its own caller hears of the failure.
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #reload(trigger: LastReload["trigger"]): Promise<ReloadResult> {
    const startedMs = performance.now();
    return this.#apply(await this.#load(this.#options.store.list()), trigger, startedMs);
  }

  #load(documents: readonly StoredDocument[]): Promise<LoadedPlan> {
    const { directories, embedded } = this.#options;
    const sources = documents
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, text }) => ({ file: DOCUMENT_PREFIX + name, text }));
    return this.#loader.load({ documents: sources, directories, embedded }, this.#plan);
  }

  async #apply(loaded: LoadedPlan, trigger: LastReload["trigger"], startedMs: number): Promise<ReloadResult> {
    const { engine } = this.#options;
    const diff = diffPlans(this.#plan, loaded.plan);
    const changes = diff.added.length + diff.changed.length + diff.removed.length;
    if (changes > 0) {
      await engine.apply(loaded.plan);
      this.#plan = loaded.plan;
      this.#generation++;
    }
    loaded.accept();
    this.#loaded = true;
    this.#diagnostics = loaded.diagnostics;
    const failed =
      loaded.diagnostics.some((diagnostic) => diagnostic.severity === "error") ||
      engine.snapshot().listeners.some((listener) => listener.state === "failed");
    const result = failed ? "partial" : changes > 0 ? "ok" : "unchanged";
    this.#counts[result]++;
    const durationMs = Math.round(performance.now() - startedMs);
    this.#last = { at: new Date().toISOString(), trigger, result, durationMs };
    const summary: ReloadResult = {
      result,
      generation: this.#generation,
      ...diff,
      diagnostics: loaded.diagnostics,
    };
    this.#say(summary, trigger, durationMs);
    return summary;
  }

  #say(reload: ReloadResult, trigger: string, durationMs: number): void {
    const { log } = this.#options;
    const { result, generation, added, changed, removed, unchanged, diagnostics } = reload;
    // The slow poll finds nothing new almost always: that is not news.
    const level = result === "partial" ? "warn" : result === "unchanged" ? "debug" : "info";
    const message =
      result === "unchanged"
        ? "Nothing changed"
        : `Routes: ${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged.length} unchanged`;
    log.write(level, "reload", message, { trigger, result, generation, durationMs, diagnostics: diagnostics.length });
  }
}
