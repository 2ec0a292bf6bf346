import { describe, expect, test } from "bun:test";
import type { CloseReason } from "../../src/socket/close-reason.ts";
import { LINGER_MS, Pipe, type PipeOwner } from "../../src/socket/pipe.ts";
import { MemoryReader, MemorySocket } from "../support/memory-socket.ts";
import { Random } from "../support/random.ts";

const LIMITS = { idleMs: 60_000, halfCloseMs: 30_000 };

class Owner implements PipeOwner {
  readonly clock = { nowMs: 1_000 };
  reader: MemoryReader | null = null;
  readonly reasons: CloseReason[] = [];
  readonly failures: Error[] = [];

  pipeClosed(reason: CloseReason): void {
    this.reasons.push(reason);
  }

  deadlineChanged(): void {
    if (this.reasons.length > 0) throw new Error("Deadline asked for after the end");
  }

  pipeFailed(error: Error): void {
    this.failures.push(error);
  }
}

function connected(window = 1_000): { client: MemorySocket; backend: MemorySocket; owner: Owner; pipe: Pipe } {
  const [client, backend, owner] = [new MemorySocket(window), new MemorySocket(window), new Owner()];
  const pipe = new Pipe(client, owner);
  pipe.join(backend, null);
  return { client, backend, owner, pipe };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const received = (socket: MemorySocket): string => new TextDecoder().decode(Uint8Array.from(socket.readByPeer));

describe("Pipe", () => {
  test("forwards FIN per direction and goes on in the other", () => {
    const { client, backend, owner } = connected();
    client.feed(text("question"));
    client.finish();
    while (client.deliver());
    while (backend.read(100));
    expect(received(backend)).toBe("question");
    expect(backend.peerSawFin).toBe(true);
    expect(client.open).toBe(true);
    backend.feed(text("a late answer"));
    backend.finish();
    while (backend.deliver());
    while (client.read(100));
    expect(received(client)).toBe("a late answer");
    expect(client.peerSawFin).toBe(true);
    expect(owner.reasons).toEqual(["done"]);
  });

  test("sends FIN only after the last byte was taken by a slow reader", () => {
    const { client, backend, owner } = connected(3);
    backend.feed(text("slowly, please"));
    backend.finish();
    while (backend.deliver());
    expect(backend.paused).toBe(true);
    while (client.read(1) || backend.deliver()) {
      if (received(client) !== "slowly, please") expect(client.peerSawFin).toBe(false);
    }
    expect(received(client)).toBe("slowly, please");
    expect(client.peerSawFin).toBe(true);
    expect(owner.reasons).toEqual([]);
  });

  test("holds the client's first bytes and its FIN until there is a backend", () => {
    const [client, backend, owner] = [new MemorySocket(100), new MemorySocket(100), new Owner()];
    const pipe = new Pipe(client, owner);
    client.feed(text("early "));
    client.feed(text("bird"));
    client.finish();
    while (client.deliver());
    pipe.join(backend, null);
    while (backend.read(100));
    expect(received(backend)).toBe("early bird");
    expect(backend.peerSawFin).toBe(true);
  });

  test("stops reading a client that sends much before there is a backend", () => {
    const client = new MemorySocket(100);
    const pipe = new Pipe(client, new Owner());
    let sent = 0;
    for (let at = 0; at < 100; at++) {
      client.feed(new Uint8Array(10_000));
      if (client.deliver()) sent += 10_000;
    }
    expect(client.paused).toBe(true);
    expect(sent).toBeLessThanOrEqual(20_000);
    expect(pipe.inbound.pendingBytes).toBe(sent);
  });

  test.each(["client", "backend"] as const)("forwards a reset by the %s as a reset", (side) => {
    const { client, backend, owner } = connected();
    const [dying, other] = side === "client" ? [client, backend] : [backend, client];
    dying.feed(text("last words"));
    dying.reset();
    expect(other.peerSawReset).toBe(true);
    expect(owner.reasons).toEqual([`${side}-reset`]);
  });

  test.each(["client", "backend"] as const)(
    "a failed write to the %s is its reset, whatever its socket says later",
    (side) => {
      const { client, backend, owner } = connected();
      const [dying, other] = side === "client" ? [client, backend] : [backend, client];
      dying.broken = true;
      other.feed(text("into the void"));
      other.deliver();
      dying.finish();
      dying.deliver();
      expect(other.peerSawReset).toBe(true);
      expect(owner.reasons).toEqual([`${side}-reset`]);
    },
  );

  test("a failed write to a backend that has finished ends the connection once the answer had time to arrive", () => {
    const { client, backend, owner, pipe } = connected();
    backend.feed(text("answer"));
    backend.finish();
    while (backend.deliver());
    backend.broken = true;
    client.feed(text("more"));
    client.deliver();
    while (client.read(100));
    expect(received(client)).toBe("answer");
    expect([client.peerSawFin, client.peerSawReset]).toEqual([true, false]);
    const reason = pipe.overdue(owner.clock.nowMs + LINGER_MS, LIMITS);
    expect(reason).toBe("backend-reset");
  });

  test.each(["client", "backend"] as const)(
    "a failed write to the %s of what came before a FIN ends the connection when the other side goes, whatever is told",
    (side) => {
      const { client, backend, owner } = connected();
      const [broken, other] = side === "client" ? [client, backend] : [backend, client];
      broken.broken = true;
      other.feed(text("last words"));
      other.finish();
      while (other.deliver());
      other.reset();
      expect(broken.peerSawReset).toBe(true);
      expect(owner.reasons).toEqual([`${side}-reset`]);
    },
  );

  test("ends with client-reset when the client goes away before there is a backend", () => {
    const [client, owner] = [new MemorySocket(100), new Owner()];
    const pipe = new Pipe(client, owner);
    client.reset();
    expect(owner.reasons).toEqual(["client-reset"]);
    expect(pipe.reason).toBe("client-reset");
  });

  test("still delivers what a backend sent before its FIN when a reset follows", () => {
    const { client, backend, owner, pipe } = connected(4);
    backend.feed(text("complete answer"));
    backend.finish();
    client.feed(text("more"));
    while (backend.deliver());
    while (client.deliver());
    while (client.read(4) || backend.deliver());
    expect(client.peerSawFin).toBe(true);
    backend.reset();
    expect(received(client)).toBe("complete answer");
    expect(client.peerSawReset).toBe(false);
    expect(owner.reasons).toEqual([]);
    // What the client still sends has nowhere to go: it is not read any more, and the client is aborted soon.
    expect(client.paused).toBe(true);
    expect(pipe.overdue(owner.clock.nowMs + LINGER_MS - 1, LIMITS)).toBeNull();
    const reason = pipe.overdue(owner.clock.nowMs + LINGER_MS, LIMITS);
    expect(reason).toBe("backend-reset");
    pipe.abort("backend-reset");
    expect(client.peerSawReset).toBe(true);
    expect(owner.reasons).toEqual(["backend-reset"]);
  });

  test("flushes a client's complete upload to a slow backend although the client was reset after its FIN", () => {
    const { client, backend, owner, pipe } = connected(2);
    client.feed(text("upload"));
    client.finish();
    while (client.deliver());
    backend.read(2);
    while (client.deliver());
    backend.read(2);
    while (client.deliver());
    backend.read(2);
    while (client.deliver());
    client.reset();
    while (backend.read(1));
    expect(received(backend)).toBe("upload");
    expect(backend.peerSawFin).toBe(true);
    expect(pipe.overdue(owner.clock.nowMs + LINGER_MS, LIMITS)).toBe("client-reset");
  });

  test.each(["client", "backend"] as const)(
    "passes on a reset as one when a write to the %s came across it",
    (side) => {
      const { client, backend, owner } = connected();
      const [reset, other] = side === "client" ? [client, backend] : [backend, client];
      reset.write = () => -1;
      other.feed(text("more"));
      while (other.deliver());
      // What Bun tells then: the error is gone, the reset looks like FIN (contract test).
      reset.data.ended();
      expect(other.peerSawFin).toBe(false);
      reset.open = false;
      reset.data.closed();
      expect(other.peerSawReset).toBe(true);
      expect(owner.reasons).toEqual([`${side}-reset`]);
    },
  );

  test("aborts both sides for the first reason given and tells it once", () => {
    const { client, backend, owner, pipe } = connected();
    pipe.abort("killed");
    pipe.abort("shutdown");
    expect([client.peerSawReset, backend.peerSawReset]).toEqual([true, true]);
    expect(owner.reasons).toEqual(["killed"]);
  });

  test("is overdue for idleness, and once half-closed for that", () => {
    const { client, owner, pipe } = connected();
    expect(pipe.overdue(owner.clock.nowMs + LIMITS.idleMs - 1, LIMITS)).toBeNull();
    expect(pipe.overdue(owner.clock.nowMs + LIMITS.idleMs, LIMITS)).toBe("idle");
    owner.clock.nowMs += 10_000;
    client.feed(text("x"));
    client.finish();
    while (client.deliver());
    expect(pipe.overdue(owner.clock.nowMs + LIMITS.halfCloseMs, LIMITS)).toBe("half-close-timeout");
    expect(pipe.overdue(owner.clock.nowMs + 1e12, { idleMs: 0, halfCloseMs: 0 })).toBeNull();
  });

  test("tells a bug of ours and aborts with internal", () => {
    const { client, backend, owner } = connected();
    client.data.failed(new Error("bug"));
    expect(owner.failures).toHaveLength(1);
    expect(owner.reasons).toEqual(["internal"]);
    expect(backend.peerSawReset).toBe(true);
  });

  test.each([false, true])(
    "delivers every byte once and in order under random interleavings (pumped: %p)",
    (pumped) => {
      let pumpedBytes = 0;
      for (let seed = 1; seed <= 400; seed++) {
        const random = new Random(seed);
        const { client, backend, owner, pipe } = connected(1 + random.below(64));
        const reader = new MemoryReader(1 + random.below(20), 1 + random.below(100));
        if (pumped) owner.reader = reader;
        backend.window = 1 + random.below(64);
        const sent = { client: [] as number[], backend: [] as number[] };
        const left = { client: random.below(40), backend: random.below(40) };
        const maxChunk = 1 + random.below(200);
        for (let step = 0; step < 200_000 && owner.reasons.length === 0; step++) {
          const side = random.chance(2) ? "client" : "backend";
          const socket = side === "client" ? client : backend;
          switch (random.below(8)) {
            case 0:
              if (left[side] > 0) {
                left[side]--;
                const bytes = random.bytes(1 + random.below(maxChunk));
                sent[side].push(...bytes);
                socket.feed(bytes);
                if (left[side] === 0) socket.finish();
              } else socket.finish();
              break;
            case 1:
            case 2:
              socket.deliver();
              break;
            case 3:
            case 4:
              socket.read(random.below(50));
              break;
            case 5:
            case 6:
              reader.turn();
              break;
            default:
              if (socket.open) socket.data.writable();
          }
          for (const flow of [pipe.inbound, pipe.outbound]) {
            expect(flow?.pendingBytes ?? 0, `seed ${seed}`).toBeLessThanOrEqual(Math.max(maxChunk, reader.sizeBytes));
          }
        }
        pumpedBytes += reader.bytes;
        while (client.read(1_000) || backend.read(1_000));
        expect(owner.reasons, `seed ${seed}`).toEqual(["done"]);
        expect(backend.readByPeer, `seed ${seed}`).toEqual(sent.client);
        expect(client.readByPeer, `seed ${seed}`).toEqual(sent.backend);
        expect([client.peerSawFin, backend.peerSawFin], `seed ${seed}`).toEqual([true, true]);
        expect([pipe.inbound.bytes, pipe.outbound?.bytes], `seed ${seed}`).toEqual([
          sent.client.length,
          sent.backend.length,
        ]);
      }
      expect(pumpedBytes > 0).toBe(pumped);
    },
  );

  test("a broken connection that a direct read finds is a reset", () => {
    const { client, backend, owner } = connected();
    const reader = new MemoryReader(1, 100);
    owner.reader = reader;
    client.feed(text("fast"));
    client.deliver();
    reader.broken = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    reader.turn();
    expect(owner.reasons).toEqual(["client-reset"]);
    expect(backend.peerSawReset).toBe(true);
  });

  test("a pump that is overtaken by a reset or an abort does nothing more", () => {
    for (const end of ["reset", "abort"] as const) {
      const { client, owner, pipe } = connected();
      const reader = new MemoryReader(1, 100);
      owner.reader = reader;
      client.feed(text("fast"));
      client.deliver();
      if (end === "reset") client.reset();
      else pipe.abort("killed");
      reader.turn();
      expect(owner.reasons).toEqual([end === "reset" ? "client-reset" : "killed"]);
      expect(reader.bytes).toBe(0);
    }
  });
});
