// Checks of backends that want a PROXY header before anything else.

import { describe, expect, test } from "bun:test";
import type { CheckSpec } from "../../../src/resource/health.ts";
import { check, ONE, THROUGH_TLS, WELCOME } from "../../support/approached-check.ts";
import { startBackend } from "../../support/backend.ts";
import { latin1 } from "../../support/dialogue.ts";
import { eventually } from "../../support/eventually.ts";
import { startTlsFront } from "../../support/tls-front.ts";

const REDIS: CheckSpec = { kind: "redis" };
const POSTGRES: CheckSpec = { kind: "postgres", user: "sallyport" };
const EXCHANGE: CheckSpec = { kind: "exchange", send: latin1("HELLO\r\n"), expect: latin1("READY") };
const TLS: CheckSpec = { kind: "tls" };
const HEADERS = [
  { proxySend: 1, header: "PROXY UNKNOWN\r\n" },
  // Signature, version 2 and LOCAL, no family, no length.
  { proxySend: 2, header: "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" },
] as const;

describe.each(HEADERS)("a check of a backend that gets PROXY headers, version $proxySend,", ({ proxySend, header }) => {
  test("tcp: sends one and leaves with FIN", async () => {
    await using backend = await startBackend();
    expect(await check(backend.port, { kind: "tcp" }, { proxySend })).toBe("good");
    const peer = await backend.peer();
    expect(await peer.end()).toBe("fin");
    expect(peer.text).toBe(header);
  });

  test.each([
    { spec: REDIS, says: "PING\r\n", answer: "+PONG\r\n" },
    { spec: EXCHANGE, says: "HELLO\r\n", answer: "READY" },
    { spec: POSTGRES, says: "\0\0\0\x18\0\x03\0\0user\0sallyport\0\0", answer: WELCOME },
    { spec: { kind: "nats" }, says: "", answer: "INFO {}\r\n" },
    { spec: { kind: "mysql" }, says: "", answer: "\x01\0\0\0\x0a" },
  ] as const)("$spec.kind: sends one before anything else", async ({ spec, says, answer }) => {
    await using backend = await startBackend();
    const outcome = check(backend.port, spec, { proxySend });
    const peer = await backend.peer();
    expect(await peer.read(header.length + says.length)).toBe(header + says);
    await peer.send(Buffer.from(answer, "latin1"));
    expect(await outcome).toBe("good");
    expect(await peer.end()).toBe("fin");
    expect(peer.text).toBe(header + says);
  });

  test("tls: sends one before TLS although there is no upstream TLS", async () => {
    await using server = await startTlsFront({ clearBytes: header.length });
    expect(await check(server.port, TLS, { proxySend })).toBe("good");
    await eventually(() => server.secured[0]?.ended === true);
    expect(server.wire.toString("latin1")).toStartWith(`${header}\x16\x03`);
  });

  test.each(THROUGH_TLS)(
    "$spec.kind: sends one before upstream TLS",
    async ({ spec, says, clear, server: options }) => {
      const before = header + clear;
      await using server = await startTlsFront({ ...options, clearBytes: before.length });
      expect(await check(server.port, spec, { proxySend, tls: ONE })).toBe("good");
      await eventually(() => server.secured[0]?.ended === true);
      expect(server.secured).toEqual([{ serverName: "one.example", text: says, ended: true }]);
      expect(server.wire.toString("latin1")).toStartWith(`${before}\x16\x03`);
    },
  );
});
