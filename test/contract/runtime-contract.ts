// What the program relies on in a Runtime besides its sockets: binding and its errors, the HTTP server, the database.
// Run on Bun and on the `node:` runtime, under Bun and under Deno; uses nothing of a test framework.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GatewayError } from "../../src/base/gateway-error.ts";
import type { Runtime, SocketAddress } from "../../src/runtime/runtime.ts";
import { Recorder } from "../support/recorder.ts";
import { Acceptor } from "../support/socket-pair.ts";
import { serveContract } from "./serve-contract.ts";
import type { DeclareTest } from "./socket-contract.ts";

/** Declares the whole suite for `runtime`. */
export function runtimeContract(runtime: Runtime, test: DeclareTest): void {
  listenContract(runtime, test);
  socketFileContract(runtime, test);
  databaseContract(runtime, test);
  serveContract(runtime, test);

  test("the runtime knows its name, its version, and on Linux how many descriptors it may open", async () => {
    assert.match(runtime.name, /^(bun|deno|node)$/);
    assert.match(runtime.version, /\d+\.\d+\.\d+/);
    const limit = runtime.descriptorLimit();
    if (existsSync("/proc/self/limits")) assert.ok(limit !== undefined && limit > 0);
    else assert.equal(limit, undefined);
  });
}

function listenContract(runtime: Runtime, test: DeclareTest): void {
  test("port 0 gives a port of the kernel's choice, and a bound port is refused with EADDRINUSE", async () => {
    for (const host of ["127.0.0.1", "::1", "::"]) {
      const listening = await runtime.listen({ host, port: 0 }, new Recorder());
      assert.ok(listening.port > 0);
      await assert.rejects(runtime.listen({ host, port: listening.port }, new Recorder()), (error) => {
        assert.ok(error instanceof GatewayError);
        assert.equal(error.code, "EADDRINUSE");
        assert.match(error.message, /^Cannot listen on .*: the address is in use$/);
        assert.ok(error.cause instanceof Error);
        return true;
      });
      listening.stop();
    }
  });

  test("an address of another machine is refused", async () => {
    await assert.rejects(runtime.listen({ host: "192.0.2.1", port: 0 }, new Recorder()), (error) => {
      assert.ok(error instanceof GatewayError);
      // Deno says EINVAL.
      assert.match(error.code, /^(EADDRNOTAVAIL|EINVAL)$/);
      return true;
    });
  });

  test("a stopped listener gives its port free at once, and stopping again does nothing", async () => {
    const listening = await runtime.listen({ host: "127.0.0.1", port: 0 }, new Recorder());
    listening.stop();
    listening.stop();
    const again = await runtime.listen({ host: "127.0.0.1", port: listening.port }, new Recorder());
    assert.equal(again.port, listening.port);
    again.stop();
  });
}

function socketFileContract(runtime: Runtime, test: DeclareTest): void {
  test("the socket file of a dead process is replaced, for listen and for serve", async () => {
    using directory = temporaryDirectory();
    const unix = join(directory.path, "gateway.sock");
    await leaveSocketFile(runtime, unix);
    const listening = await runtime.listen({ unix }, new Recorder());
    listening.stop();
    await leaveSocketFile(runtime, unix);
    const server = await runtime.serve({ unix }, () => new Response());
    await server.stop();
  });

  test("the socket file of a living server is refused with EADDRINUSE and goes on working", async () => {
    using directory = temporaryDirectory();
    const unix = join(directory.path, "gateway.sock");
    const acceptor = new Acceptor();
    const listening = await runtime.listen({ unix }, acceptor);
    await assert.rejects(runtime.listen({ unix }, new Recorder()), { code: "EADDRINUSE" });
    await assert.rejects(
      runtime.serve({ unix }, () => new Response()),
      { code: "EADDRINUSE" },
    );
    const client = new Recorder();
    runtime.connect({ unix }, client);
    await client.until(() => client.events.length > 0);
    assert.deepEqual(client.events, ["opened"]);
    client.socket.terminate();
    listening.stop();
    assert.equal(existsSync(unix), false);
  });

  test("a file that is no socket is refused and left alone", async () => {
    using directory = temporaryDirectory();
    const unix = join(directory.path, "precious.txt");
    writeFileSync(unix, "precious");
    await assert.rejects(runtime.listen({ unix }, new Recorder()), { code: "EADDRINUSE" });
    assert.equal(existsSync(unix), true);
  });

  test("a socket path in a directory that is not there is refused with ENOENT", async () => {
    const address: SocketAddress = { unix: "/nonexistent/gateway.sock" };
    await assert.rejects(runtime.listen(address, new Recorder()), {
      code: "ENOENT",
      message: "Cannot listen on unix:/nonexistent/gateway.sock: the directory does not exist",
    });
  });
}

function databaseContract(runtime: Runtime, test: DeclareTest): void {
  test("the database keeps what was written, and says what is wrong with a statement", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "state.db");
    const first = runtime.openDatabase(path);
    first.exec("create table kept (name text, size integer, body blob, none text)");
    first.all("insert into kept values (?, ?, ?, ?)", "a", 3, new Uint8Array([1, 2, 3]), null);
    assert.throws(() => first.all("select * from missing"), { name: "GatewayError", code: /^state\// });
    assert.throws(() => first.exec("nonsense"), { name: "GatewayError", code: /^state\// });
    first.close();
    const second = runtime.openDatabase(path);
    const [row, ...others] = second.all<{ name: string; size: number; body: Uint8Array; none: null }>(
      "select * from kept where name = ?",
      "a",
    );
    assert.ok(row !== undefined);
    assert.equal(others.length, 0);
    assert.equal(row.name, "a");
    assert.equal(row.size, 3);
    assert.deepEqual([...row.body], [1, 2, 3]);
    assert.equal(row.none, null);
    second.close();
    assert.throws(() => runtime.openDatabase(join(directory.path, "missing", "state.db")), { code: /^state\// });
  });
}

/** Leaves at `path` what a killed server leaves: a socket file that nobody listens on. */
async function leaveSocketFile(runtime: Runtime, path: string): Promise<void> {
  const elsewhere = `${path}.bound`;
  const listening = await runtime.listen({ unix: elsewhere }, new Recorder());
  // Moved away, so that stopping does not find the file it would remove.
  renameSync(elsewhere, path);
  listening.stop();
}

function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "sallyport-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
