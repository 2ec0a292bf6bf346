// The log of a running gateway: picks the format, drops what is below the level, hands finished lines to the queue.
// Access records are on the path of every connection. They are kept as they are and formatted many at a time: in the
// middle of a connection's end all of that code and its strings would be cold, which costs three times as much.

import { ACCESS_LINE_BYTES, isPlainJson, isPlainRecord, writeAccessLine } from "./access-bytes.ts";
import { formatAccessJson, formatJson, membersOf } from "./log-json.ts";
import { formatAccessPretty, formatPretty } from "./log-pretty.ts";
import { descriptorSink, LogQueue, type LogSink } from "./log-queue.ts";
import { createIsoTime, localTime } from "./log-text.ts";
import type { AccessRecord, Log, LogFields, LogLevel } from "./log.ts";

/** Levels in ascending order, as people name them. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** `pretty` for terminals, `json` for machines. */
export const LOG_FORMATS = ["pretty", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  readonly format: LogFormat;
  /** The lowest level that is written; access lines count as `info`. */
  readonly level: LogLevel;
  /** ANSI colours, for `pretty`. */
  readonly color: boolean;
  /** Whether connections are written at all. */
  readonly access: boolean;
  /** Where lines go; standard error by default. */
  readonly sink?: LogSink;
  /** Wall clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Bounds of the queue, for tests: see `LogQueueOptions`. */
  readonly capacityBytes?: number;
  readonly batchMs?: number;
  readonly retryMs?: number;
}

/** A log that must be flushed before the process ends. */
export interface LogWriter extends Log {
  /** Writes what is queued; gives up after `timeoutMs`, by default one second. Never rejects. */
  flush(timeoutMs?: number): Promise<void>;
}

const STANDARD_ERROR = 2;
/** Access records wait at most this long to be formatted. */
const RECORDS_MS = 50;
/** And no more than so many do: half a millisecond of work. */
const MAX_RECORDS = 1024;
const FLUSH_MS = 1_000;

/** Makes the log. Nothing is ever thrown to who logs: lines that cannot be written are counted and told about later. */
export function createLog(options: LogOptions): LogWriter {
  const clock = options.now ?? Date.now;
  const json = options.format === "json";
  const formatTime = json ? createIsoTime() : localTime;
  const now = () => formatTime(clock());
  const threshold = LOG_LEVELS.indexOf(options.level);
  const access = options.access && threshold <= LOG_LEVELS.indexOf("info");
  const color = options.color;
  const format = (level: LogLevel, event: string, message: string, fields: LogFields | undefined): string =>
    json ? formatJson(now(), level, event, message, fields) : formatPretty(now(), level, event, message, fields, color);

  const { capacityBytes, batchMs, retryMs } = options;
  const queue = new LogQueue({
    sink: options.sink ?? descriptorSink(STANDARD_ERROR),
    ...(capacityBytes === undefined ? {} : { capacityBytes }),
    ...(batchMs === undefined ? {} : { batchMs }),
    ...(retryMs === undefined ? {} : { retryMs }),
    droppedLine: (count) =>
      format("warn", "log-dropped", `Dropped ${count} log lines that were not read fast enough`, { count }),
  });

  let records: AccessRecord[] = [];
  let times: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const formatRecords = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const [waiting, since] = [records, times];
    records = [];
    times = [];
    for (let at = 0; at < waiting.length; at++) {
      const record = waiting[at];
      if (record === undefined) continue;
      const time = formatTime(since[at] ?? clock());
      // They have waited for company here: the queue need not wait again.
      pushRecord(time, record, at === waiting.length - 1);
    }
  };
  const pushRecord = (time: string, record: AccessRecord, urgent: boolean): void => {
    if (!json) {
      queue.push(formatAccessPretty(time, record, color), urgent);
      return;
    }
    const said = membersOf(record);
    if (isPlainRecord(record) && isPlainJson(said)) {
      const room = ACCESS_LINE_BYTES + said.length;
      queue.write(room, (bytes, at) => writeAccessLine(bytes, at, time, record, said), urgent);
    } else {
      queue.push(formatAccessJson(time, record, said), urgent);
    }
  };

  return {
    access,
    write(level, event, message, fields) {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      if (records.length > 0) formatRecords();
      queue.push(format(level, event, message, fields), level === "error");
    },
    connection(record) {
      if (!access) return;
      records.push(record);
      times.push(clock());
      if (records.length >= MAX_RECORDS) formatRecords();
      else timer ??= unheldTimeout(formatRecords, options.batchMs ?? RECORDS_MS);
    },
    async flush(timeoutMs = FLUSH_MS) {
      formatRecords();
      await queue.flush(timeoutMs);
    },
  };
}

/** A timer that does not keep the process alive: whoever ends it flushes. */
function unheldTimeout(act: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(act, delayMs);
  timer.unref();
  return timer;
}
