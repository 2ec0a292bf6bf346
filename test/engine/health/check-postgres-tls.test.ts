// The one check that asks for TLS before it begins.

import { describe, expect, test } from "bun:test";
import type { CheckSpec } from "../../../src/resource/health.ts";
import { check, ONE, SSL_REQUEST, WELCOME } from "../../support/approached-check.ts";
import { startBackend } from "../../support/backend.ts";
import { startTlsFront } from "../../support/tls-front.ts";

const POSTGRES: CheckSpec = { kind: "postgres", user: "sallyport" };

describe("a PostgreSQL check through upstream TLS", () => {
  test.each([
    ["does not offer TLS", "N", "The server does not offer TLS"],
    ["speaks in the clear after it agreed", `S${WELCOME}`, "The server sent bytes in the clear after it agreed to TLS"],
    ["goes on in the clear", WELCOME, 'Not a PostgreSQL server: "R"'],
    ["sends an error", "EFATAL: no process\n\0", 'The server refuses to begin TLS: "FATAL: no process"'],
    ["is something else", "HTTP/1.1 400\r\n", 'Not a PostgreSQL server: "HTTP/1.1 400"'],
  ])("is bad when the server %s, and does not say who it is", async (_what, answer, told) => {
    await using backend = await startBackend();
    const outcome = check(backend.port, POSTGRES, { tls: ONE });
    const peer = await backend.peer();
    expect(await peer.read(8)).toBe(SSL_REQUEST);
    await peer.send(Buffer.from(answer, "latin1"));
    expect(await outcome).toEqual({ bad: told });
    await peer.end();
    expect(peer.text).toBe(SSL_REQUEST);
  });

  test("is bad when the connection ends before or after the answer, and says when", async () => {
    await using backend = await startBackend((peer) => {
      if (backend.peers.length === 2) peer.socket.write("S");
      peer.finish();
    });
    expect(await check(backend.port, POSTGRES, { tls: ONE })).toEqual({ bad: "Connection closed before an answer" });
    const later = await check(backend.port, POSTGRES, { tls: ONE });
    expect(later).toEqual({ bad: expect.stringMatching(/^TLS handshake failed: (?:ECONNRESET|closed)/) });
  });

  test("judges what the server says in TLS", async () => {
    const message = "SFATAL\0C57P03\0Mthe database system is starting up\0\0";
    const answer = `E\0\0\0${String.fromCharCode(message.length + 4)}${message}`;
    await using server = await startTlsFront({ answer, clearBytes: 8, clearAnswer: "S" });
    const outcome = await check(server.port, POSTGRES, { tls: ONE });
    expect(outcome).toEqual({ bad: 'The server said "the database system is starting up" (SQLSTATE 57P03)' });
  });
});
