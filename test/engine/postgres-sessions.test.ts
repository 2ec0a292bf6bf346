import { describe, expect, test } from "bun:test";
import { PostgresSessions, type SessionOwner, SessionWatch } from "../../src/engine/postgres-sessions.ts";
import { Pool } from "../../src/engine/pool/pool.ts";
import { Target } from "../../src/engine/pool/target.ts";
import { Route } from "../../src/engine/route.ts";
import { Flow, type FlowObserver } from "../../src/socket/flow.ts";
import type { Throttle } from "../../src/socket/pipe.ts";
import { MemorySocket } from "../support/memory-socket.ts";
import { message } from "../support/postgres-packet.ts";

const KEY = Uint8Array.of(0, 0xc0, 0xff, 0xee);
const OBSERVER: FlowObserver = {
  clock: { nowMs: 0 },
  reader: null,
  flowFinished() {},
  flowClosed() {},
  flowFailed() {},
};

/** Only who it is counts here. */
function owner(address = "10.0.0.1:5432"): SessionOwner {
  const target: Target = Object.assign(Object.create(Target.prototype), { address });
  const route: Route = Object.create(Route.prototype);
  const pool: Pool = Object.create(Pool.prototype);
  return { route, pool, target, portOffset: 0 };
}

function keyData(pid: number, key = KEY): Uint8Array {
  return message("K", Uint8Array.of(0, 0, 0, pid, ...key));
}

/** A session whose server says what `says` is given. */
function begin(sessions: PostgresSessions, whose: SessionOwner, inner: Throttle | null = null) {
  const client = new MemorySocket(1024);
  const watch = new SessionWatch(sessions, whose, inner);
  const sink = watch.throttle(client, "out", new Flow(new MemorySocket(0), OBSERVER));
  return { client, watch, sink };
}

describe("sessions that can be read", () => {
  test("are found by pid and key, both of them whole, until they are closed", () => {
    const sessions = new PostgresSessions();
    const whose = owner();
    const { watch, sink } = begin(sessions, whose);
    sink.write(keyData(42));
    expect(sessions.find(42, KEY)).toBe(whose);
    expect(sessions.find(43, KEY)).toBeUndefined();
    for (const other of [KEY.subarray(1), Uint8Array.of(...KEY, 0), new Uint8Array()]) {
      expect(sessions.find(42, other)).toBeUndefined();
    }
    watch.close();
    expect(sessions.find(42, KEY)).toBeUndefined();
  });

  test("are found when only a part of the key was taken at a time, and not before all was", () => {
    const sessions = new PostgresSessions();
    const { client, sink } = begin(sessions, owner());
    client.window = 3;
    const bytes = keyData(42);
    for (let at = 0; at < bytes.length;) {
      expect(sessions.find(42, KEY)).toBeUndefined();
      at += sink.write(bytes, at, bytes.length - at);
      client.read(3);
    }
    expect(sessions.find(42, KEY)).toBeDefined();
    // Nothing was changed on the way.
    client.read(100);
    expect(client.readByPeer).toEqual([...bytes]);
  });

  test("are not found when they were closed before their key came", () => {
    const sessions = new PostgresSessions();
    const { watch, sink } = begin(sessions, owner());
    watch.close();
    sink.write(keyData(42));
    expect(sessions.find(42, KEY)).toBeUndefined();
  });

  test("keep a key that another session had before, when that one is closed", () => {
    const sessions = new PostgresSessions();
    const [older, younger] = [owner(), owner("10.0.0.2:5432")];
    const [first, second] = [begin(sessions, older), begin(sessions, younger)];
    first.sink.write(keyData(42));
    second.sink.write(keyData(42));
    expect(sessions.find(42, KEY)).toBe(younger);
    first.watch.close();
    expect(sessions.find(42, KEY)).toBe(younger);
    second.watch.close();
    expect(sessions.find(42, KEY)).toBeUndefined();
  });

  test("are written through what limits them besides, in both directions", () => {
    const directions: string[] = [];
    const slow = new MemorySocket(2);
    const inner: Throttle = {
      throttle(_sink, direction) {
        directions.push(direction);
        return slow;
      },
    };
    const { watch, sink } = begin(new PostgresSessions(), owner(), inner);
    expect(sink.write(Uint8Array.of(1, 2, 3))).toBe(2);
    const flow = new Flow(new MemorySocket(0), OBSERVER);
    expect(watch.throttle(new MemorySocket(9), "in", flow)).toBe(slow);
    expect(directions).toEqual(["out", "in"]);
  });

  test("pass on a write that failed", () => {
    const { client, sink } = begin(new PostgresSessions(), owner());
    client.broken = true;
    expect(sink.write(keyData(42))).toBe(-1);
  });
});

describe("sessions that cannot be read", () => {
  test("are known by their client's host, whatever its port, until they are closed", () => {
    const sessions = new PostgresSessions();
    const whose = owner();
    const sealed = sessions.addSealed("[2001:db8::1]:1000", whose);
    expect(sessions.sealedOf("[2001:db8::1]:2000")).toEqual([whose]);
    expect(sessions.sealedOf("[2001:db8::2]:1000")).toEqual([]);
    expect(sessions.sealedOf("unknown")).toEqual([]);
    sealed.close();
    expect(sessions.sealedOf("[2001:db8::1]:2000")).toEqual([]);
  });

  test("count once for each target, as long as one of them is left", () => {
    const sessions = new PostgresSessions();
    const [first, second] = [owner(), owner()];
    const one = sessions.addSealed("192.0.2.1:1", first);
    const two = sessions.addSealed("192.0.2.1:2", second);
    const other = owner("10.0.0.2:5432");
    sessions.addSealed("192.0.2.1:3", other);
    expect(sessions.sealedOf("192.0.2.1:9")).toEqual([other, second]);
    two.close();
    expect(sessions.sealedOf("192.0.2.1:9")).toEqual([other, first]);
    one.close();
    expect(sessions.sealedOf("192.0.2.1:9")).toEqual([other]);
  });

  test("are not all asked when there are very many: the latest are", () => {
    const sessions = new PostgresSessions();
    for (let at = 0; at < 20; at++) sessions.addSealed("192.0.2.1:1", owner(`10.0.0.${at}:5432`));
    expect(sessions.sealedOf("192.0.2.1:2").map(({ target }) => target.address)).toEqual(
      Array.from({ length: 8 }, (_, at) => `10.0.0.${19 - at}:5432`),
    );
  });

  test("may begin again after the last one of a host has ended", () => {
    const sessions = new PostgresSessions();
    const gone = sessions.addSealed("192.0.2.1:1", owner());
    gone.close();
    const whose = owner();
    sessions.addSealed("192.0.2.1:1", whose);
    gone.close();
    expect(sessions.sealedOf("192.0.2.1:1")).toEqual([whose]);
  });
});
