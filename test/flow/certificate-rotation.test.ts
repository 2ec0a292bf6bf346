// Certificates change while the gateway runs: new handshakes get the new one, live connections go on, and a new one that
// is broken changes nothing but what is said of it.

import { expect, test } from "bun:test";
import { chmod, rename } from "node:fs/promises";
import { connect } from "node:tls";
import { type Backend, echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import type { FlowGateway } from "../support/flow.ts";
import { createRouteFiles, type RouteFiles } from "../support/route-files.ts";
import { shows, tlsConnect, tlsPem, tlsVisit } from "../support/tls-client.ts";
import { routeAt, startTlsFlow } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

const ONE = { servername: "one.example" };

/** Puts a file in the place of another in one step; keys are for their owner alone. */
async function put(files: RouteFiles, name: string, text: string): Promise<void> {
  await files.write(`.${name}`, text);
  if (name.endsWith(".key")) await chmod(files.at(`.${name}`), 0o600);
  await rename(files.at(`.${name}`), files.at(name));
}

/** A directory with the certificate of `one.example`, and a route that shows it. */
async function start(
  backend: Backend,
): Promise<{ files: RouteFiles; flow: FlowGateway; port: number } & AsyncDisposable> {
  const files = await createRouteFiles();
  await put(files, "db.crt", tlsPem("one.pem"));
  await put(files, "db.key", tlsPem("one.key"));
  await put(files, "ca.pem", tlsPem("ca.pem"));
  await put(files, "ca.crl", tlsPem("clients/none.crl"));
  const tls = { mode: "terminate", certificate: files.at("db.crt"), key: files.at("db.key") };
  const flow = await startTlsFlow({ db: routeAt(0, backend, { tls }) });
  return {
    files,
    flow,
    port: await flow.port("db"),
    async [Symbol.asyncDispose]() {
      await flow[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

/** The name in the certificate that is shown. */
async function shown(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(String(client.getPeerCertificate().subject.CN));
  });
  client.once("error", reject);
  const name = await promise;
  client.destroy();
  return name;
}

async function problems(flow: FlowGateway): Promise<readonly string[]> {
  return (await flow.view.diagnostics()).map(({ severity, code }) => `${severity} ${code}`);
}

test("one file after the other: until both fit, the old pair is shown, and live connections never notice", async () => {
  await using backend = await startBackend(echo);
  await using scene = await start(backend);
  const { files, flow, port } = scene;
  await using live = await tlsConnect(port, ONE);
  await live.send("before");
  await live.read(6);
  await put(files, "db.crt", tlsPem("two.pem"));
  await eventually(async () => (await problems(flow)).length > 0);
  expect(await problems(flow)).toEqual(["error tls/key-mismatch"]);
  expect(await flow.view.notReady()).toHaveLength(1);
  expect(await shown(port)).toBe("one.example");
  await put(files, "db.key", tlsPem("two.key"));
  await eventually(async () => (await problems(flow)).length === 0);
  expect(await flow.view.notReady()).toEqual([]);
  expect(await shown(port)).toBe("two.example");
  await live.send(" after");
  expect(await live.read(12)).toBe("before after");
  live.finish();
  expect(await live.end()).toBe("fin");
});

test("the key first: the old pair is shown until the certificate comes", async () => {
  await using backend = await lettered("b");
  await using scene = await start(backend);
  const { files, flow, port } = scene;
  await put(files, "db.key", tlsPem("two.key"));
  await eventually(async () => (await problems(flow)).length > 0);
  expect(await tlsVisit(port, ONE)).toBe("b");
  await put(files, "db.crt", tlsPem("two.pem"));
  await eventually(async () => (await problems(flow)).length === 0);
  expect(await tlsVisit(port, { servername: "two.example" })).toBe("b");
});

test.each([
  ["no PEM at all", "not a certificate\n", "error tls/not-pem"],
  ["an empty file", "", "error tls/not-pem"],
  ["a key", tlsPem("one.key"), "error tls/key-as-certificate"],
])("%s: the one before goes on, and that is said", async (_, text, told) => {
  await using backend = await lettered("b");
  await using scene = await start(backend);
  const { files, flow, port } = scene;
  await put(files, "db.crt", text);
  await eventually(async () => (await problems(flow)).length > 0);
  expect((await problems(flow))[0]).toBe(told);
  expect(await flow.view.notReady()).toHaveLength(1);
  expect(await tlsVisit(port, ONE)).toBe("b");
  await put(files, "db.crt", tlsPem("one.pem"));
  await eventually(async () => (await problems(flow)).length === 0);
  expect(await tlsVisit(port, ONE)).toBe("b");
});

test("one that is over is shown all the same, with a warning: its owner may have no other", async () => {
  await using backend = await lettered("b");
  await using scene = await start(backend);
  const { files, flow, port } = scene;
  await put(files, "db.crt", tlsPem("expired.pem"));
  await eventually(async () => (await problems(flow)).length > 0);
  expect(await problems(flow)).toEqual(["warning tls/expired"]);
  expect(await tlsVisit(port, ONE)).toBe("CERT_HAS_EXPIRED");
  expect(await flow.log.record()).toMatchObject({ reason: "tls-failed", route: "db" });
});

test("a list of revoked certificates that is written anew counts from the next handshake on", async () => {
  await using backend = await lettered("b");
  await using scene = await start(backend);
  const { port, flow } = scene;
  const clientAuth = { ca: scene.files.at("ca.pem"), crl: scene.files.at("ca.crl"), mode: "require" };
  const tls = { mode: "terminate", certificate: scene.files.at("db.crt"), key: scene.files.at("db.key"), clientAuth };
  await flow.write("db.yaml", JSON.stringify(routeAt(0, backend, { tls })));
  await flow.reload();
  const options = { ...ONE, ...shows("revoked") };
  expect(await problems(flow)).toEqual([]);
  expect(await tlsVisit(port, options)).toBe("b");
  await put(scene.files, "ca.crl", tlsPem("clients/revoked.crl"));
  await eventually(async () => (await tlsVisit(port, options)) !== "b");
  // The one before may have been at it when the list changed.
  expect(await tlsVisit(port, options)).not.toBe("b");
  expect(flow.log.records.at(-1)).toMatchObject({ reason: "client-cert-invalid", detail: "CERT_REVOKED" });
  expect(await tlsVisit(port, { ...ONE, ...shows("client") })).toBe("b");
});

test("hundreds of handshakes while certificates change back and forth: each gets one or the other, and none fails", async () => {
  await using backend = await lettered("b");
  await using scene = await start(backend);
  const { files, flow, port } = scene;
  const running = { is: true };
  const outcomes = new Map<string, number>();
  const visiting = async (): Promise<void> => {
    while (running.is) {
      const outcome = await tlsVisit(port, { rejectUnauthorized: false });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const visitors = [visiting(), visiting(), visiting()];
  for (const name of ["two", "one", "two"]) {
    await put(files, "db.crt", tlsPem(`${name}.pem`));
    await put(files, "db.key", tlsPem(`${name}.key`));
    await eventually(async () => (await shown(port)) === `${name}.example`);
  }
  running.is = false;
  await Promise.all(visitors);
  expect([...outcomes.keys()]).toEqual(["b"]);
  expect(flow.log.lines.filter(({ level }) => level === "error")).toEqual([]);
}, 30_000);
