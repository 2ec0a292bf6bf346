// From changed sources to a running plan: one change at a time, in the order they were asked for. Documents of the admin
// API are judged against everything else before they are stored, so that a wrong one changes nothing.

import { isDeepStrictEqual } from "node:util";
import type { LastReload, PutResult, ReloadResult, StoredDocument } from "../admin/view.ts";
import { type Diagnostic, formatDiagnostic } from "../base/diagnostic.ts";
import type { SourceFile } from "../config/source.ts";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../observe/log.ts";
import type { GatewayApiOptions } from "../plan/gateway/options.ts";
import { diffPlans } from "../plan/diff.ts";
import type { Plan } from "../plan/plan.ts";
import { DOCUMENT_PREFIX } from "../resource/origin.ts";
import type { Allotments } from "./allotments.ts";
import type { DocumentStore } from "./documents.ts";
import type { Ledger } from "./ledger.ts";
import { type LoadedPlan, PlanLoader } from "./load.ts";

export interface ReloaderOptions {
  readonly engine: Engine;
  readonly store: DocumentStore;
  readonly log: Log;
  readonly directories: readonly string[];
  readonly embedded: readonly SourceFile[];
  readonly bind: readonly string[];
  readonly gatewayApi: GatewayApiOptions;
  readonly ledger: Ledger;
  readonly allotments: Allotments;
  /** As for `PlanLoader`. */
  readonly hasGeo?: boolean;
  /** Hears of every load that is in force. */
  readonly onApplied?: (loaded: LoadedPlan) => void;
}

const EMPTY_PLAN: Plan = { listeners: [], routes: [], pools: [] };

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
    const { bind, gatewayApi, ledger, allotments, hasGeo = false } = options;
    this.#loader = new PlanLoader({ bind, gatewayApi, ledger, allotments, hasGeo });
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
      // Files are watched: what changes in them is not the business of who puts a document.
      const documents = [...others, { name, text, updatedAt: updatedAt.toISOString() }];
      const loaded = await this.#load(documents, this.#loaded);
      // Neither may it have mistakes of its own, nor make mistakes of what others wrote.
      const known = new Set(this.#diagnostics.map(formatDiagnostic));
      const caused = loaded.diagnostics.filter(
        (each) => each.file === DOCUMENT_PREFIX + name || !known.has(formatDiagnostic(each)),
      );
      if (caused.some((each) => refuses(each, DOCUMENT_PREFIX + name))) return { stored: false, diagnostics: caused };
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

  #load(documents: readonly StoredDocument[], filesAsBefore = false): Promise<LoadedPlan> {
    const { directories, embedded } = this.#options;
    const sources = documents
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, text }) => ({ file: DOCUMENT_PREFIX + name, text }));
    return this.#loader.load({ documents: sources, directories, embedded }, this.#plan, filesAsBefore);
  }

  async #apply(loaded: LoadedPlan, trigger: LastReload["trigger"], startedMs: number): Promise<ReloadResult> {
    const { engine } = this.#options;
    const diff = diffPlans(this.#plan, loaded.plan);
    const changes = diff.added.length + diff.changed.length + diff.removed.length;
    // A route that moved to another file is the same route, but the new file is its owner from now on.
    const differs = changes > 0 || !this.#loaded || !isDeepStrictEqual(this.#plan, loaded.plan);
    if (differs) await engine.apply(loaded.plan);
    this.#plan = loaded.plan;
    if (changes > 0 || !this.#loaded) this.#generation++;
    loaded.accept();
    this.#loaded = true;
    this.#sayNew(loaded.diagnostics);
    this.#diagnostics = loaded.diagnostics;
    this.#options.onApplied?.(loaded);
    const failures = engine.failedListeners().flatMap(({ error }) => error ?? []);
    const failed = loaded.failed || failures.length > 0;
    const result = failed ? "partial" : changes > 0 ? "ok" : "unchanged";
    this.#counts[result]++;
    const recovered = this.#last.result === "partial" && result !== "partial";
    const durationMs = Math.round(performance.now() - startedMs);
    this.#last = { at: new Date().toISOString(), trigger, result, durationMs };
    const summary: ReloadResult = {
      result,
      generation: this.#generation,
      ...diff,
      failures,
      diagnostics: loaded.diagnostics,
    };
    this.#say(summary, trigger, durationMs, recovered);
    return summary;
  }

  /** Each message once: a file that stays wrong is not news at every reload. */
  #sayNew(diagnostics: readonly Diagnostic[]): void {
    const { log } = this.#options;
    const known = new Set(this.#diagnostics.map(formatDiagnostic));
    for (const diagnostic of diagnostics) {
      const text = formatDiagnostic(diagnostic);
      if (known.has(text)) continue;
      const { file, line, column, code, severity } = diagnostic;
      log.write(severity === "notice" ? "info" : "warn", "diagnostic", text, { file, line, column, code, severity });
    }
  }

  /** `recovered`: what was wrong is right again, which is news even when no route has changed. */
  #say(reload: ReloadResult, trigger: string, durationMs: number, recovered: boolean): void {
    const { log } = this.#options;
    const { result, generation, added, changed, removed, unchanged, diagnostics } = reload;
    // Who asked for it is told in any case; that a file was touched, or an address reserved, without a change is not news.
    const asked = trigger !== "files" && trigger !== "address";
    const level = result === "partial" ? "warn" : result === "ok" || asked || recovered ? "info" : "debug";
    const message =
      result === "unchanged"
        ? recovered
          ? "Nothing is wrong any more, and nothing changed"
          : "Nothing changed"
        : `Routes: ${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged.length} unchanged`;
    log.write(level, "reload", message, { trigger, result, generation, durationMs, diagnostics: diagnostics.length });
  }
}

/** A document without a route says nothing: whoever put it meant something else. */
function refuses({ severity, code, file }: Diagnostic, document: string): boolean {
  return severity === "error" || (file === document && (code === "config/empty" || code === "config/emptied"));
}
