// A log that a test can look at and wait for.

import type { AccessRecord, Log, LogFields, LogLevel } from "../../src/observe/log.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class RecordedLog implements Log {
  readonly access = true;
  readonly lines: LogLine[] = [];
  readonly records: AccessRecord[] = [];
  readonly #waiting = new Set<() => void>();

  write(level: LogLevel, event: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, event, message, fields });
    this.#wake();
  }

  connection(record: AccessRecord): void {
    this.records.push(record);
    this.#wake();
  }

  /** The access record number `index`, as soon as it was written. */
  async record(index = 0): Promise<AccessRecord> {
    for (;;) {
      const record = this.records[index];
      if (record !== undefined) return record;
      await this.#change();
    }
  }

  /** The first line about `event`, as soon as it was written. */
  async line(event: string): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find((each) => each.event === event);
      if (line !== undefined) return line;
      await this.#change();
    }
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
