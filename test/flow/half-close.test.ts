// FIN travels per direction, after the last byte, and the other direction goes on.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

const MEGABYTES = 24 * 1024 * 1024;

function payload(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("half-close", () => {
  test("the client finishes first and still gets an answer of megabytes", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("question");
    client.finish();
    const server = await backend.peer();
    expect(await server.end()).toBe("fin");
    expect(server.text).toBe("question");
    const answer = payload(MEGABYTES);
    const sent = server.send(answer);
    await sent;
    server.finish();
    expect(await client.end()).toBe("fin");
    expect(digest(client.bytes)).toBe(digest(answer));
    const record = await flow.log.record();
    expect(record).toMatchObject({ reason: "done", bytesIn: 8, bytesOut: MEGABYTES, route: "db" });
  });

  test("the backend finishes first and still gets megabytes from the client", async () => {
    await using backend = await startBackend((server) => {
      server.socket.end("greeting");
    });
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await client.end()).toBe("fin");
    expect(client.text).toBe("greeting");
    const upload = payload(MEGABYTES);
    await client.send(upload);
    client.finish();
    const server = await backend.peer();
    expect(await server.end()).toBe("fin");
    expect(digest(server.bytes)).toBe(digest(upload));
    expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: MEGABYTES, bytesOut: 8 });
  });

  test("both finish at once with megabytes in flight both ways, read slowly", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    const server = await backend.peer();
    client.socket.pause();
    server.socket.pause();
    const [up, down] = [payload(MEGABYTES), payload(MEGABYTES / 2)];
    const sending = [client.send(up), server.send(down)];
    client.finish();
    server.finish();
    client.socket.resume();
    server.socket.resume();
    await Promise.all(sending);
    expect([await client.end(), await server.end()]).toEqual(["fin", "fin"]);
    expect(digest(server.bytes)).toBe(digest(up));
    expect(digest(client.bytes)).toBe(digest(down));
    expect((await flow.log.record()).reason).toBe("done");
  });

  test("a client that connects and finishes without a word is passed on as just that", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    client.finish();
    const server = await backend.peer();
    expect(await server.end()).toBe("fin");
    expect(server.received).toBe(0);
    server.finish();
    expect(await client.end()).toBe("fin");
    expect((await flow.log.record()).reason).toBe("done");
  });
});
