import { describe, expect, jest, test } from "bun:test";
import { LogQueue, type LogQueueOptions } from "../../src/observe/log-queue.ts";
import { TestSink } from "../support/log-sink.ts";

function open(options: Partial<LogQueueOptions> = {}): { queue: LogQueue; sink: TestSink } {
  const sink = new TestSink();
  return { queue: new LogQueue({ sink: sink.sink, droppedLine, ...options }), sink };
}

function droppedLine(count: number): string {
  return `dropped ${count}\n`;
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

describe("batching", () => {
  test("lines wait for company and go out in one write", async () => {
    jest.useFakeTimers();
    try {
      const { queue, sink } = open();
      for (let i = 0; i < 100; i += 1) queue.push(`line ${i}\n`, false);
      await microtasks();
      expect(sink.writes).toBe(0);
      jest.advanceTimersByTime(50);
      await microtasks();
      expect(sink.writes).toBe(1);
      expect(sink.lines).toHaveLength(100);
    } finally {
      jest.useRealTimers();
    }
  });

  test("an urgent line does not wait, and takes those before it along", async () => {
    const { queue, sink } = open();
    queue.push("first\n", false);
    queue.push("urgent\n", true);
    await microtasks();
    expect(sink.lines).toEqual(["first", "urgent"]);
  });

  test("an urgent line during a write goes out as soon as it is done", async () => {
    const { queue, sink } = open();
    sink.mode = "stuck";
    queue.push("first\n", true);
    queue.push("urgent\n", true);
    sink.release();
    await microtasks();
    expect(sink.lines).toEqual(["first", "urgent"]);
  });

  test("64 KiB go out without waiting", async () => {
    const { queue, sink } = open();
    for (let i = 0; i < 80; i += 1) queue.push(`${"x".repeat(999)}\n`, false);
    await microtasks();
    expect(sink.text.length).toBeGreaterThan(40_000);
  });

  test("there is one write at a time", () => {
    const { queue, sink } = open();
    sink.mode = "stuck";
    for (let i = 0; i < 1000; i += 1) queue.push(`${"x".repeat(999)}\n`, true);
    expect(sink.writes).toBe(1);
  });
});

describe("a sink that takes little", () => {
  test.each([1, 7, 1000, 65_535])("loses and reorders nothing when it takes %d bytes at a time", async (size) => {
    const { queue, sink } = open();
    sink.mode = size;
    const wanted = Array.from({ length: size === 1 ? 50 : 2000 }, (_, i) => `line ${i} é日😀`);
    for (const line of wanted) queue.push(`${line}\n`, false);
    await queue.flush(5_000);
    expect(sink.lines).toEqual(wanted);
  });

  test("a full non-blocking pipe is tried again, even while flushing", async () => {
    const { queue, sink } = open({ batchMs: 1 });
    sink.mode = failure("EAGAIN");
    queue.push("line\n", false);
    const flushed = queue.flush(5_000);
    await microtasks();
    expect(sink.writes).toBe(1);
    sink.mode = "take";
    await flushed;
    expect(sink.lines).toEqual(["line"]);
  });

  test("a sink that takes nothing is not hammered", async () => {
    const { queue, sink } = open();
    sink.mode = 0;
    queue.push("line\n", true);
    await microtasks();
    expect(sink.writes).toBe(1);
  });
});

describe("a sink that is stuck", () => {
  test("lines beyond the bound are dropped, counted, and told about later", async () => {
    const { queue, sink } = open({ capacityBytes: 128 * 1024 });
    sink.mode = "stuck";
    const line = `${"x".repeat(1023)}\n`;
    for (let i = 0; i < 10_000; i += 1) queue.push(line, false);
    expect(queue.dropped).toBeGreaterThan(9_000);
    const dropped = queue.dropped;
    sink.release();
    await microtasks();
    queue.push("again\n", true);
    await queue.flush(5_000);
    expect(sink.lines.slice(-2)).toEqual([`dropped ${dropped}`, "again"]);
    expect(sink.lines).toHaveLength(10_000 - dropped + 2);
    expect(queue.dropped).toBe(0);
  });

  test("flush tells about drops and gives up in time", async () => {
    const { queue, sink } = open({ capacityBytes: 64 * 1024 });
    sink.mode = "stuck";
    for (let i = 0; i < 1_000; i += 1) queue.push(`${"x".repeat(1023)}\n`, false);
    await queue.flush(5);
    expect(sink.text).toBe("");
  });
});

describe("a sink that fails", () => {
  test("keeps what is queued and tries again after the pause", async () => {
    jest.useFakeTimers();
    try {
      const { queue, sink } = open({ retryMs: 1_000 });
      sink.mode = failure("ENOSPC");
      queue.push("first\n", true);
      await microtasks();
      for (let i = 0; i < 100; i += 1) queue.push("more\n", true);
      await microtasks();
      expect(sink.writes).toBe(1);
      sink.mode = "take";
      jest.advanceTimersByTime(1_000);
      await microtasks();
      expect(sink.lines).toHaveLength(101);
    } finally {
      jest.useRealTimers();
    }
  });

  test("flush does not wait for a closed pipe", async () => {
    const { queue, sink } = open();
    sink.mode = failure("EPIPE");
    queue.push("line\n", false);
    await queue.flush(60_000);
    expect(sink.writes).toBe(1);
  });

  test("a line that no chunk can hold is counted as dropped", async () => {
    const { queue, sink } = open();
    queue.push(`${"x".repeat(100_000)}\n`, false);
    expect(queue.dropped).toBe(1);
    await queue.flush(1_000);
    expect(sink.lines).toEqual(["dropped 1"]);
  });

  test("flush of an empty queue is done at once", async () => {
    const { queue, sink } = open();
    await queue.flush(60_000);
    expect(sink.writes).toBe(0);
  });
});
