// The load process judges what it measures: a proxy that agrees on other TLS than the rest, or on none, must end the run
// with a message instead of a figure.

import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createServer } from "node:tls";
import { parseOptions } from "../../scripts/bench/options.ts";
import { startBackend } from "../../scripts/bench/load/backend.ts";
import { runBulk } from "../../scripts/bench/load/bulk.ts";
import { runConnects } from "../../scripts/bench/load/connect.ts";
import { Ledger } from "../../scripts/bench/load/ledger.ts";
import type { ClientTls } from "../../scripts/bench/load/protocol.ts";

const FIXTURES = join(import.meta.dir, "../fixtures/tls");
const pem = (name: string): Promise<string> => readFile(join(FIXTURES, name), "utf8");
const [ca, one, oneKey, stranger, strangerKey] = await Promise.all(
  ["ca.pem", "one.pem", "one.key", "stranger.pem", "stranger.key"].map(pem),
);
if (ca === undefined || one === undefined || oneKey === undefined) throw new Error("Fixtures are missing");

const tls = { serverName: "one.example", authority: ca };
const seconds = 0.02;

/** What running connections into a port says. */
async function outcome(port: number, client: ClientTls = tls): Promise<string> {
  try {
    return (await runConnects(port, seconds, client)).units > 0 ? "measured" : "nothing done";
  } catch (error) {
    return String(error);
  }
}

describe("connections through TLS", () => {
  test("are made and exchange messages", async () => {
    const port = startBackend(new Ledger(), { certificate: one, key: oneKey });
    expect(await outcome(port)).toBe("measured");
    expect(await outcome(port, { ...tls, group: "X25519" })).toBe("measured");
  });

  test("carry bulk both ways without loss", async () => {
    const ledger = new Ledger();
    const port = startBackend(ledger, { certificate: one, key: oneKey });
    const order = { port, seconds, windowBytes: 0x20000, tls };
    expect((await ledger.run(() => runBulk(ledger, order))).units).toBeGreaterThan(0);
  });

  test("are refused in another version", async () => {
    const server = createServer({ cert: one, key: oneKey, maxVersion: "TLSv1.2" }).listen(0, "127.0.0.1");
    server.on("tlsClientError", () => {});
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("No port");
    expect(await outcome(address.port)).toMatch(/TLSv1\.2 with \S+ was agreed on instead of TLSv1\.3/);
    server.close();
  });

  test("are refused with a stranger's certificate", async () => {
    const port = startBackend(new Ledger(), { certificate: stranger ?? "", key: strangerKey ?? "" });
    expect(await outcome(port)).toContain("The handshake failed");
  });

  test.each([
    ["closes", (socket: Bun.Socket) => socket.end()],
    ["resets", (socket: Bun.Socket) => socket.terminate()],
    ["answers in plain", (socket: Bun.Socket) => socket.write("no TLS here\n")],
  ])("fail, and do not hang, when the other side %s", async (_, answer) => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: answer } });
    expect(await outcome(listener.port)).toMatch(/^Error/);
    listener.stop(true);
  });
});

test("--tls chooses the columns of TLS, and --columns any", () => {
  expect(parseOptions(["--tls"])?.columns).toEqual([
    "terminate-connect",
    "terminate-bulk",
    "passthrough-connect",
    "passthrough-bulk",
  ]);
  expect(parseOptions([])?.columns).toEqual(["bulk", "window", "request", "connect", "idle"]);
  expect(parseOptions(["--columns", "bulk,terminate-window"])?.columns).toEqual(["bulk", "terminate-window"]);
  expect(() => parseOptions(["--columns", "tls"])).toThrow('Unknown column "tls"');
});
