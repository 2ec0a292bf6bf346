import { describe, expect, test } from "bun:test";
import { createLog, type LogOptions, type LogWriter } from "../../src/observe/log-writer.ts";
import type { AccessRecord } from "../../src/observe/log.ts";
import { TestSink } from "../support/log-sink.ts";

const AT = Date.UTC(2026, 10, 23, 1, 2, 3, 45);

const RECORD: AccessRecord = {
  id: "c1",
  route: "orders-db",
  listener: "*:5432",
  client: "10.0.0.1:4000",
  backend: "10.0.0.11:5432",
  bytesIn: 12,
  bytesOut: 3456,
  durationMs: 1500.25,
  connectMs: 0.4121,
  reason: "done",
};

function open(options: Partial<LogOptions> = {}): { log: LogWriter; sink: TestSink } {
  const sink = new TestSink();
  const log = createLog({
    format: "json",
    level: "info",
    color: false,
    access: true,
    sink: sink.sink,
    now: () => AT,
    ...options,
  });
  return { log, sink };
}

describe("JSON lines", () => {
  test("carry time, level, event, message and fields in this order", async () => {
    const { log, sink } = open();
    log.write("info", "started", 'Say "hi"\n', { port: 4040, strict: false, gone: undefined, rate: Number.NaN });
    await log.flush();
    expect(sink.text).toBe(
      '{"time":"2026-11-23T01:02:03.045Z","level":"info","event":"started","message":"Say \\"hi\\"\\n","port":4040,"strict":false,"rate":null}\n',
    );
  });

  test("an access line has the fields of the contract in their order", async () => {
    const { log, sink } = open();
    log.connection(RECORD);
    await log.flush();
    expect(sink.text).toBe(
      '{"time":"2026-11-23T01:02:03.045Z","event":"connection","id":"c1","route":"orders-db","listener":"*:5432",' +
        '"client":"10.0.0.1:4000","backend":"10.0.0.11:5432","bytesIn":12,"bytesOut":3456,"durationMs":1500.25,' +
        '"connectMs":0.412,"reason":"done"}\n',
    );
  });

  test("an access line leaves out what there was not, and carries the TLS name where there was one", async () => {
    const { log, sink } = open();
    log.connection({ ...RECORD, backend: undefined, connectMs: undefined, reason: "no-backend" });
    log.connection({ ...RECORD, sni: "db.example.com" });
    await log.flush();
    expect(Object.keys(sink.records[0] ?? {})).not.toContain("backend");
    expect(Object.keys(sink.records[0] ?? {})).not.toContain("connectMs");
    expect(sink.records[1]?.["sni"]).toBe("db.example.com");
  });

  test("an access line ends with what is known of the client's proxy, TLS and certificate", async () => {
    const { log, sink } = open();
    const known = { proxySource: "10.0.0.9:40112", tls: "TLSv1.3", clientCert: "billing" };
    log.connection({ ...RECORD, ...known });
    log.connection({ ...RECORD, ...known, clientCert: 'Ädmin "1"', limit: "rate" });
    await log.flush();
    expect(sink.lines[0]).toEndWith(
      ',"reason":"done","proxySource":"10.0.0.9:40112","tls":"TLSv1.3","clientCert":"billing"}',
    );
    expect(sink.lines[1]).toEndWith(
      ',"reason":"done","limit":"rate","proxySource":"10.0.0.9:40112","tls":"TLSv1.3","clientCert":"Ädmin \\"1\\""}',
    );
  });

  test("an access line ends with what policies did, where they did something", async () => {
    const { log, sink } = open();
    const quiet = { rule: undefined, verdict: undefined, logs: [], vars: {} };
    log.connection({ ...RECORD, policy: quiet });
    log.connection({ ...RECORD, policy: { ...quiet, rule: 'a "b"', verdict: "denied" } });
    log.connection({ ...RECORD, policy: { ...quiet, logs: [{ team: "orders", n: [1] }], vars: { who: "10.0.0.1" } } });
    await log.flush();
    expect(sink.lines[0]).toEndWith(',"reason":"done"}');
    expect(sink.lines[1]).toEndWith(',"reason":"done","rule":"a \\"b\\"","verdict":"denied"}');
    expect(sink.lines[2]).toEndWith(',"policyLogs":[{"team":"orders","n":[1]}],"vars":{"who":"10.0.0.1"}}');
  });

  test.each(["json", "pretty"] as const)(
    "what policies have to say is cut, and its %s line is not lost",
    async (format) => {
      for (const worst of ['"', "\u0001", "\u202e", "日", "\\"]) {
        const { log, sink } = open({ format });
        const long = worst.repeat(1 << 16);
        log.connection({
          ...RECORD,
          policy: { rule: long, verdict: "denied", logs: [{ [long]: long }], vars: { long } },
        });
        await log.flush();
        expect(sink.lines).toHaveLength(1);
        expect(sink.text).toContain("denied");
      }
    },
  );

  test("the longest and worst name of a certificate is cut, and its line is not lost", async () => {
    const { log, sink } = open();
    log.connection({ ...RECORD, clientCert: "\u0001".repeat(1 << 16) });
    await log.flush();
    expect(sink.records[0]?.["clientCert"]).toBe(`${"\u0001".repeat(256)}…`);
  });

  test.each(['"', "\\", "\n", "\u0000", "\u007f", "é", "日本", "😀", "\ud800", "\u2028", 'a"},{"b'])(
    "whatever a value holds, the line stays one JSON object: %j",
    async (value) => {
      const { log, sink } = open();
      log.connection({ ...RECORD, sni: value, route: value, clientCert: value });
      log.write("info", "event", value, { [value]: value });
      await log.flush();
      const wanted = value.toWellFormed();
      expect(sink.lines).toHaveLength(2);
      expect(sink.records[0]).toMatchObject({
        sni: value === "\ud800" ? value : wanted,
        clientCert: value === "\ud800" ? value : wanted,
        reason: "done",
      });
      expect(sink.records[1]).toMatchObject({ message: value });
    },
  );

  test.each(['"', "\\", "\u0000", "é", "日", "😀"])(
    "the most and worst that policies have to say is cut, and its line is not lost: %j",
    async (character) => {
      const { log, sink } = open();
      const text = character.repeat(20_000);
      const policy = { rule: text.slice(0, 256), verdict: "failed", logs: [{ text }], vars: { text } };
      log.connection({ ...RECORD, clientCert: text, detail: "x".repeat(8_192), policy });
      await log.flush();
      const read: Record<string, unknown> = JSON.parse(sink.text);
      expect(read["event"]).toBe("connection");
      // Half of its JSON is none: it is a text.
      expect([typeof read["policyLogs"], typeof read["vars"]]).toEqual(["string", "string"]);
    },
  );

  test("a value of a megabyte is cut", async () => {
    const { log, sink } = open();
    log.write("info", "event", "x".repeat(1 << 20));
    await log.flush();
    expect(sink.text.length).toBeLessThan(10_000);
    expect(sink.records).toHaveLength(1);
  });

  test("milliseconds always have three digits, and the second rolls over", async () => {
    let time = Date.UTC(2026, 0, 1, 23, 59, 59, 999);
    const { log, sink } = open({ now: () => time });
    log.write("info", "a", "A");
    time += 1;
    log.write("info", "b", "B");
    await log.flush();
    expect(sink.records.map((record) => record["time"])).toEqual([
      "2026-01-01T23:59:59.999Z",
      "2026-01-02T00:00:00.000Z",
    ]);
  });
});

describe("levels", () => {
  test("what is below the level is not written, and access lines count as info", async () => {
    const { log, sink } = open({ level: "warn" });
    log.write("debug", "a", "A");
    log.write("info", "b", "B");
    log.write("warn", "c", "C");
    log.write("error", "d", "D");
    log.connection(RECORD);
    expect(log.access).toBe(false);
    await log.flush();
    expect(sink.records.map((record) => record["event"])).toEqual(["c", "d"]);
  });

  test("access lines can be turned off", async () => {
    const { log, sink } = open({ access: false });
    log.connection(RECORD);
    log.write("info", "b", "B");
    await log.flush();
    expect(sink.lines).toHaveLength(1);
  });
});

describe("pretty lines", () => {
  test("are readable, with a stack on lines of its own", async () => {
    const { log, sink } = open({ format: "pretty" });
    log.write("error", "bug", "It broke", { route: "a b", n: 1, stack: "Error: x\n  at y" });
    log.connection({ ...RECORD, sni: "db.example.com", tls: "TLSv1.3", clientCert: "The billing", proxySource: "::1" });
    await log.flush();
    expect(sink.lines[0]).toMatch(/^\d\d:\d\d:\d\d\.045 ERROR It broke {2}route="a b" n=1$/);
    expect(sink.lines[1]).toBe("    Error: x");
    expect(sink.lines[3]).toContain("orders-db 10.0.0.1:4000 → 10.0.0.11:5432 done");
    expect(sink.lines[3]).toContain(' sni=db.example.com tls=TLSv1.3 cert="The billing" proxy=::1 ');
  });

  test("what a peer sent cannot move the cursor or fake a line", async () => {
    const { log, sink } = open({ format: "pretty" });
    log.write("info", "x", "a\u001b[2Jb\r\nc\u009b\u202e", { name: "a\u001bb\n" });
    log.connection({ ...RECORD, sni: "\u001b]0;evil\u0007", clientCert: 'x" \r\n\u001b[2J\u202e' });
    await log.flush();
    expect(sink.lines).toHaveLength(2);
    expect(sink.text).not.toMatch(/[^\P{C}\n]/u);
  });

  test("are coloured only when asked", async () => {
    const plain = open({ format: "pretty" });
    const colored = open({ format: "pretty", color: true });
    for (const { log } of [plain, colored]) {
      log.write("warn", "x", "X");
      await log.flush();
    }
    expect(plain.sink.text).not.toContain("\u001b");
    expect(colored.sink.text).toContain("\u001b[33m");
  });
});
