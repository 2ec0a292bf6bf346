// What a connection may cost the gateway, whatever its peers do: resident memory of the process, from outside.

import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { echo, startBackend } from "../support/backend.ts";
import { AT_ONCE, connectMany } from "../support/connect-many.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { MEGABYTE, payload } from "../support/payload.ts";
import { streamEcho } from "../support/stream-echo.ts";

/** Both sockets and everything we keep about them. */
const IDLE_BYTES = 8 * 1024;

/** The runtime reads at most 512 KiB at once, and a direction holds at most one read; the rest stays with the kernel. */
const STALLED_BYTES = 512 * 1024 + 2 * IDLE_BYTES;

/** What the heap may grow by without any connection being to blame: garbage that is not collected yet, compiled code. */
const SLACK_BYTES = 32 * MEGABYTE;

/** Connections count as stalled when so many looks in a row, 20 ms apart, find that nothing has moved. */
const LOOKS = 15;

/** A gateway with the route `it` to this backend. */
async function startTo(backend: string): Promise<{ gateway: GatewayProcess; port: number }> {
  const text = `name: it\nlisten: "127.0.0.1:0"\nbackends: ["${backend}"]\n`;
  const gateway = await GatewayProcess.start({ "it.yaml": text });
  return { gateway, port: (await gateway.ports()).get("it") ?? 0 };
}

/** Waits until no connection has moved a byte for a while; how many bytes they have moved. */
async function stalled(gateway: GatewayProcess): Promise<number> {
  let moved = -1;
  for (let looks = 0; looks < LOOKS; looks++) {
    const now = await gateway.bytesMoved();
    if (now !== moved) looks = 0;
    moved = now;
    await Bun.sleep(20);
  }
  return moved;
}

test("five thousand idle connections cost less than 8 KB each", async () => {
  const count = 5_000;
  await using backend = await startBackend();
  const { gateway, port } = await startTo(`127.0.0.1:${backend.port}`);
  await using _ = gateway;
  const before = gateway.residentBytes();
  const peers = await connectMany(port, count);
  await eventually(async () => backend.peers.length === count && (await gateway.connectionsActive()) === count);
  expect((gateway.residentBytes() - before) / count).toBeLessThan(IDLE_BYTES);
  for (const peer of peers) peer.socket.destroy();
}, 30_000);

test("a thousand clients whose backend does not read are held back, and nothing is lost", async () => {
  const count = 1_000;
  // The kernel takes 200 KB for a unix socket and megabytes for TCP: this way most of a megabyte has to wait.
  const path = join(tmpdir(), `sallyport-soak-${process.pid}.sock`);
  await using backend = await startBackend((peer) => peer.socket.pause(), { path });
  const { gateway, port } = await startTo(`unix:${path}`);
  await using _ = gateway;
  const before = gateway.residentBytes();
  const body = payload(1, MEGABYTE);
  const peers = await connectMany(port, count, (peer) => peer.socket.end(body));
  await eventually(() => backend.peers.length === count);
  const moved = await stalled(gateway);
  expect(moved).toBeLessThan((count * MEGABYTE) / 2);
  expect(gateway.residentBytes() - before).toBeLessThan(count * STALLED_BYTES + SLACK_BYTES);

  for (const server of backend.peers) {
    server.socket.resume();
    expect(await server.end()).toBe("fin");
    expect(server.bytes.equals(body)).toBe(true);
    server.finish();
  }
  for (const peer of peers) expect(await peer.end()).toBe("fin");
}, 30_000);

test("clients that do not read hold back their backend, and nothing is lost", async () => {
  // Few, because each keeps megabytes in the kernel before anything has to wait in the gateway.
  const count = 60;
  const pieces = 8;
  const body = payload(2, MEGABYTE);
  await using backend = await startBackend((peer) => {
    for (let piece = 0; piece < pieces; piece++) peer.socket.write(body);
    peer.finish();
  });
  const { gateway, port } = await startTo(`127.0.0.1:${backend.port}`);
  await using _ = gateway;
  const before = gateway.residentBytes();
  const peers = await connectMany(port, count, (peer) => peer.socket.pause());
  await eventually(() => backend.peers.length === count);
  const moved = await stalled(gateway);
  expect(moved).toBeLessThan(count * (pieces - 1) * MEGABYTE);
  expect(gateway.residentBytes() - before).toBeLessThan(count * STALLED_BYTES + SLACK_BYTES);

  for (const peer of peers) {
    peer.socket.resume();
    expect(await peer.end()).toBe("fin");
    expect(peer.received).toBe(pieces * MEGABYTE);
    for (let piece = 0; piece < pieces; piece++) {
      expect(peer.bytes.subarray(piece * MEGABYTE, (piece + 1) * MEGABYTE).equals(body)).toBe(true);
    }
    peer.finish();
  }
}, 30_000);

test("a thousand clients that send a byte now and then cost no more than idle ones", async () => {
  const count = 1_000;
  await using backend = await startBackend(echo);
  const { gateway, port } = await startTo(`127.0.0.1:${backend.port}`);
  await using _ = gateway;
  const before = gateway.residentBytes();
  let measured = false;
  const slow: Promise<number>[] = [];
  for (let index = 0; index < count; index++) {
    slow.push(streamEcho(port, index, { pieceBytes: 1, pauseMs: 100 }, () => !measured));
    if (index % AT_ONCE === 0) await eventually(() => backend.peers.length === index + 1);
  }
  await eventually(async () => backend.peers.length === count && (await gateway.bytesMoved()) > 20 * count);
  expect(gateway.residentBytes() - before).toBeLessThan(count * IDLE_BYTES + SLACK_BYTES);
  measured = true;
  expect((await Promise.all(slow)).every((bytes) => bytes > 0)).toBe(true);
}, 30_000);
