// A smoke run of the whole gateway under Deno, as a process of its own: bytes both ways through a route with a half-close,
// a route file that changes, the admin port, and SIGTERM. Run by `bun run test:deno`.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { eventually } from "../support/eventually.ts";
import { Recorder } from "../support/recorder.ts";
import { dialTls, tlsOf, tlsPem } from "../support/tls-end.ts";

const ENTRY = fileURLToPath(new URL("../../src/main.deno.ts", import.meta.url));
const TOKEN = "smoke-token";

void test("the gateway runs under Deno: pipes with half-close, reloads a file, answers, drains", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-deno-"));
  const routes = join(directory, "routes");
  mkdirSync(routes);
  const first = await startUpperCase("first");
  const second = await startUpperCase("second");
  writeFileSync(join(routes, "smoke.yaml"), routeTo(portOf(first)));
  const gateway = start(routes, join(directory, "state.db"));
  try {
    const admin = await gateway.admin;
    const health = await fetch(`${admin}/healthz`);
    assert.equal(health.status, 200);
    await health.body?.cancel();
    const port = await listenerPort(admin);
    assert.equal(await ask(port, "through the gate"), "first: THROUGH THE GATE");

    // A changed file, then the order to read it: the next connection goes to the new backend, on the same port.
    writeFileSync(join(routes, "smoke.yaml"), routeTo(portOf(second)));
    const reload = await fetch(`${admin}/api/v1/reload`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(reload.status, 200, await reload.text());
    assert.equal(await listenerPort(admin), port);
    assert.equal(await ask(port, "again"), "second: AGAIN");

    // Not `child.kill`: after it Deno reports the signal that was sent, whatever the process made of it.
    const { pid } = gateway.child;
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGTERM");
    assert.deepEqual(await gateway.exited, { code: 0, signal: null });
  } finally {
    gateway.child.kill("SIGKILL");
    first.close();
    second.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

void test("the gateway under Deno ends TLS, and refuses what it cannot do safely there", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-deno-"));
  const routes = join(directory, "routes");
  mkdirSync(routes);
  for (const name of ["one.pem", "one.key", "ca.pem"]) writeFileSync(join(routes, name), tlsPem(name));
  const backend = await startUpperCase("secured");
  const terminate = "mode: terminate, certificate: one.pem, key: one.key";
  writeFileSync(join(routes, "smoke.yaml"), `${routeTo(portOf(backend))}tls: {${terminate}}\n`);
  const gateway = start(routes, join(directory, "state.db"));
  try {
    const admin = await gateway.admin;
    assert.equal(await askTls(await listenerPort(admin), "through TLS"), "secured: THROUGH TLS");

    const clientAuth = "clientAuth: {ca: ca.pem}";
    writeFileSync(join(routes, "smoke.yaml"), `${routeTo(portOf(backend))}tls: {${terminate}, ${clientAuth}}\n`);
    const reload = await fetch(`${admin}/api/v1/reload`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(reload.status, 200, await reload.text());
    await assert.rejects(askTls(await listenerPort(admin), "through TLS"));
    await eventually(() => gateway.said.some((line) => line.includes("Cannot end TLS: This runtime")));
  } finally {
    gateway.child.kill("SIGKILL");
    backend.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

function routeTo(port: number): string {
  return `name: smoke\nlisten: "127.0.0.1:0"\nbackends: ["127.0.0.1:${port}"]\n`;
}

interface Started {
  /** Every line so far, which may come late. */
  readonly said: readonly string[];
  readonly child: ChildProcess;
  /** Where the admin port is, as the gateway says; rejects with what it said when it ends before. */
  readonly admin: Promise<string>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

function start(routes: string, state: string): Started {
  const runtimeFlags = ["--no-config", "--no-lock", "--node-modules-dir=manual", "--no-check", "--allow-all"];
  const gatewayFlags = ["--routes", routes, "--admin", "127.0.0.1:0", "--state", state, "--log", "json"];
  const child = spawn(process.execPath, ["run", ...runtimeFlags, ENTRY, "run", ...gatewayFlags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SALLYPORT_ADMIN_TOKEN: TOKEN },
  });
  const said: string[] = [];
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  const admin = new Promise<string>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        said.push(line);
        // Wherever the line says it and in whatever format: the address with the port that the kernel chose.
        const address = line.includes("dmin") ? /127\.0\.0\.1:(\d+)/.exec(line) : null;
        if (address?.[1] !== undefined && address[1] !== "0") resolve(`http://127.0.0.1:${address[1]}`);
      });
    }
    void exited.then(({ code }) => reject(new Error(`The gateway ended with ${code}:\n${said.join("\n")}`)));
  });
  return { said, child, admin, exited };
}

/** A backend that reads to the end, and only then answers with what it read: it needs the client's half-close. */
function startUpperCase(name: string): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (stream) => {
      let request = "";
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        request += text;
      });
      stream.on("end", () => stream.end(`${name}: ${request.toUpperCase()}`));
    });
    server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The backend is not listening on TCP");
  return address.port;
}

async function listenerPort(admin: string): Promise<number> {
  const response = await fetch(`${admin}/api/v1/listeners`);
  const text = await response.text();
  const ports = [...text.matchAll(/"port":(\d+)/g)].map(([, port]) => Number(port));
  assert.equal(ports.length, 1, text);
  return ports[0] ?? 0;
}

/** Sends `request` and FIN through the gateway; resolves with everything that came back before its FIN. */
async function ask(port: number, request: string): Promise<string> {
  const client = new Recorder();
  nodeRuntime("deno", "test").connect({ host: "127.0.0.1", port }, client);
  await client.until(() => client.isOpen);
  await client.send(request);
  client.socket.shutdown();
  await client.until(() => client.isClosed);
  assert.equal(client.events.at(-1), "closed");
  return client.text();
}

/** The same through TLS. */
async function askTls(port: number, request: string): Promise<string> {
  const runtime = nodeRuntime("deno", "test");
  const trusting = tlsOf(runtime).clientContext({ insecure: false, trust: { ca: [tlsPem("ca.pem")], crl: [] } });
  const client = await dialTls(runtime, { listening: { port } }, trusting);
  if (!client.isOpen) throw new Error(client.events.join());
  await client.send(request);
  client.socket.shutdown();
  await client.until(() => client.isClosed);
  assert.equal(client.events.at(-1), "closed");
  return client.text();
}
