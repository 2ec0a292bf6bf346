// What Bun 1.4.5 does with connections of `node:net` and `node:tls`, which health checks are made of. Each test pins one
// behaviour; when an upgrade of Bun makes one fail, the comment says which rule of ours to look at again.

import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { openSockets } from "../support/descriptors.ts";
import { eventually } from "../support/eventually.ts";
import { startStalledServer } from "../support/stalled-server.ts";

test("a pending connect of node:net or node:tls is cancelled by destroy, which releases its descriptor at once", async () => {
  // So a check that timed out leaves nothing, and the next one can begin. A dial of Bun.connect would hang on.
  await using server = await startStalledServer();
  const to = { host: "127.0.0.1", port: server.port };
  const before = openSockets();
  const heard: string[] = [];
  const listen = (socket: Socket): Socket =>
    socket.on("connect", () => heard.push("connect")).on("error", () => heard.push("error"));
  const waiting = [listen(connect(to)), listen(connectTls({ ...to, rejectUnauthorized: false }))];
  await eventually(() => openSockets() >= before + waiting.length);
  for (const socket of waiting) socket.destroy();
  expect(openSockets()).toBe(before);
  expect(heard).toEqual([]);
}, 60_000);

test("a connect of node:net or node:tls without a free descriptor looks like a backend that refuses", async () => {
  // So a check that could not connect asks whether this process has run out before it blames the backend.
  const source = `
    import { openSync } from "node:fs";
    import { connect, createServer } from "node:net";
    import tls from "node:tls";
    const server = createServer().listen(0, "127.0.0.1", () => {
      const to = { host: "127.0.0.1", port: server.address().port, rejectUnauthorized: false };
      tls.connect({ ...to, port: 1 }).on("error", () => {
        // Loaded what a first connection loads; from here every descriptor is taken.
        try { for (;;) openSync("/dev/null", "r"); } catch (error) { if (error.code !== "EMFILE") throw error; }
        connect(to).on("error", (error) => {
          console.log(error.code);
          tls.connect(to).on("error", (error) => { console.log(error.code); process.exit(); });
        });
      });
    });`;
  const child = Bun.spawn(["sh", "-c", `ulimit -n 64 && exec "$0" -e "$1"`, process.execPath, source], {
    stdout: "pipe",
    stderr: "inherit",
  });
  expect((await child.stdout.text()).trim().split("\n")).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
});
