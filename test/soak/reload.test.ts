// A thousand reloads, each of which changes something, around connections on routes that do not change.

import { expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { connectMany } from "../support/connect-many.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { streamEcho } from "../support/stream-echo.ts";

const RELOADS = 1_000;
const IDLE = 500;
const BUSY = 50;

/** Busy enough that every reload happens between two pieces of many, slow enough to leave the processors to the reloads. */
const PACE = { pieceBytes: 10_007, pauseMs: 10 };

/** Routes that stay, and one in the same file that does not. */
function steadyFile(backend: number, change: number): string {
  const target = `backends: ["127.0.0.1:${backend}"]`;
  return `name: idle\nlisten: "127.0.0.1:0"\n${target}
---
name: busy\nlisten: "127.0.0.1:0"\n${target}
---
name: neighbour\nlisten: "127.0.0.1:0"\n${target}\ntimeouts: {connect: ${change}ms}\n`;
}

function passingFile(name: string, weight: number): string {
  return `name: ${name}\nlisten: "127.0.0.1:0"\nbackends: [{address: "127.0.0.1:9", weight: ${weight}}]\n`;
}

test("a thousand reloads leave the connections of unchanged routes alone", async () => {
  await using backend = await startBackend(echo);
  await using gateway = await GatewayProcess.start({ "steady.yaml": steadyFile(backend.port, 1) });
  const ports = await gateway.ports();
  const [idlePort, busyPort] = [ports.get("idle") ?? 0, ports.get("busy") ?? 0];
  const sockets = gateway.listening([idlePort, busyPort]);
  const generation = await gateway.generation();

  const idle = await connectMany(idlePort, IDLE);
  let reloading = true;
  const busy = Array.from({ length: BUSY }, (_, seed) => streamEcho(busyPort, seed, PACE, () => reloading));
  await eventually(async () => (await gateway.connectionsActive()) === IDLE + BUSY);
  const descriptors = gateway.descriptors().length;

  for (let change = 1; change <= RELOADS; change++) {
    // The watcher sees the same changes. It may come first; what is written is applied once all the same.
    const step = change % 4;
    if (step === 0) await gateway.writeRoutes("steady.yaml", steadyFile(backend.port, 1 + change));
    else if (step === 3) await gateway.removeRoutes("passing.yaml");
    else await gateway.writeRoutes("passing.yaml", passingFile(`passing-${change - step}`, step));
    expect((await gateway.reload()).generation).toBe(generation + change);
  }
  reloading = false;
  expect((await Promise.all(busy)).every((bytes) => bytes > 0)).toBe(true);

  expect(await gateway.generation()).toBe(generation + RELOADS);
  expect(gateway.listening([idlePort, busyPort])).toEqual(sockets);
  expect(sockets.values().toArray()).not.toContain(undefined);
  expect(idle.filter((peer) => peer.ending !== undefined || peer.closed)).toEqual([]);
  // Nobody noticed anything; now they show that they still work.
  await Promise.all(idle.map((peer) => peer.send("still here")));
  for (const peer of idle) expect(await peer.read(10)).toBe("still here");
  for (const peer of idle) peer.finish();
  for (const peer of idle) expect(await peer.end()).toBe("fin");
  await eventually(async () => (await gateway.connectionsActive()) === 0);
  expect(await gateway.metric("sallyport_connections_total")).toEqual(
    new Map([
      [`sallyport_connections_total{route="idle",reason="done"}`, IDLE],
      [`sallyport_connections_total{route="busy",reason="done"}`, BUSY],
    ]),
  );
  await eventually(() => gateway.descriptors().length === descriptors - 2 * (IDLE + BUSY));
}, 60_000);
