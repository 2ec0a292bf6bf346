import { expect, test } from "bun:test";
import { ThrottleClock, TURN_MS } from "../../src/socket/throttle-clock.ts";
import { TokenBucket } from "../../src/socket/token-bucket.ts";
import { Random } from "../support/random.ts";
import { ThrottledConnection } from "../support/throttled-connection.ts";
import { TurnClock } from "../support/turn-clock.ts";

const BURST = 16_384;

function setUp(): { time: TurnClock; clock: ThrottleClock; bucket: (bytesPerSecond: number) => TokenBucket } {
  const time = new TurnClock();
  const clock = new ThrottleClock(time);
  return { time, clock, bucket: (bytesPerSecond) => new TokenBucket(bytesPerSecond, time.now()) };
}

test("nothing is lost, doubled or reordered, FIN comes last, and no limit is ever exceeded", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const { time, clock, bucket } = setUp();
    const started = time.now();
    const routeRate = 2_000 + random.below(400_000);
    const route = bucket(routeRate);
    const connections = Array.from({ length: 1 + random.below(5) }, () => {
      const rate = 2_000 + random.below(200_000);
      const own = random.chance(2) ? { rate, buckets: [bucket(rate), route] } : { rate: Infinity, buckets: [route] };
      const payload = random.bytes(random.below(40_000));
      const connection = new ThrottledConnection(own.buckets, clock, 1 + random.below(30_000));
      return { connection, payload, rate: own.rate, offered: 0 };
    });
    const burstOf = (rate: number): number => Math.max(BURST, rate / 10);
    for (let round = 0; connections.some(({ connection }) => !connection.socket.peerSawFin); round++) {
      if (round > 100_000) throw new Error(`Stuck with seed ${seed}`);
      for (const each of connections) {
        const { connection, payload } = each;
        if (random.chance(3)) {
          const chunk = payload.subarray(each.offered, each.offered + 1 + random.below(9_000));
          if (chunk.length > 0 && connection.offer(chunk)) {
            each.offered += chunk.length;
            if (each.offered === payload.length) connection.finish();
          }
        }
        if (payload.length === 0 && round === 0) connection.finish();
        // `writable` without a reason, as Bun's pause and resume bring it.
        if (random.chance(5)) connection.flush();
        if (random.chance(2)) connection.socket.read(random.below(20_000));
      }
      time.pass(random.below(40));
      const seconds = (time.now() - started) / 1_000;
      const sent = connections.reduce((sum, { connection }) => sum + connection.sent, 0);
      expect(sent, `seed ${seed}`).toBeLessThanOrEqual(burstOf(routeRate) + routeRate * seconds);
      for (const { connection, rate } of connections) {
        if (rate === Infinity) continue;
        expect(connection.sent, `seed ${seed}`).toBeLessThanOrEqual(burstOf(rate) + rate * seconds);
      }
    }
    for (const { connection, payload } of connections) {
      expect(Buffer.from(connection.socket.readByPeer).equals(payload), `seed ${seed}`).toBe(true);
    }
    expect(clock.waiting, `seed ${seed}`).toBe(0);
    expect(time.timers, `seed ${seed}`).toBe(0);
  }
});

test("a connection that always has more to send gets all that its limit allows", () => {
  for (const rate of [50, 3_000, 100_000, 1_000_000]) {
    const { time, clock, bucket } = setUp();
    const connection = new ThrottledConnection([bucket(rate)], clock);
    const seconds = rate < 1_000 ? 100 : 2;
    for (let ms = 0; ms < seconds * 1_000; ms++) {
      while (connection.offer(new Uint8Array(5_000))) continue;
      time.pass(1);
    }
    const most = rate * seconds + Math.max(BURST, rate / 10);
    expect(connection.sent, String(rate)).toBeLessThanOrEqual(most);
    expect(connection.sent, String(rate)).toBeGreaterThan(most - Math.max(1_460, rate / 10));
  }
});

test("ten connections that share a route's limit get the same, whatever the order they ask in", () => {
  for (const rate of [20_000, 300_000]) {
    const random = new Random(rate);
    const { time, clock, bucket } = setUp();
    const route = bucket(rate);
    const connections = Array.from({ length: 10 }, () => new ThrottledConnection([route], clock));
    const bytes = new Uint8Array(64 * 1_024);
    for (let ms = 0; ms < 10_000; ms++) {
      for (const connection of connections) {
        if (random.chance(4)) connection.flush();
        connection.offer(bytes);
      }
      time.pass(1);
    }
    const sent = connections.map((connection) => connection.sent);
    const total = sent.reduce((sum, each) => sum + each, 0);
    expect(total).toBeGreaterThan(rate * 9.9);
    // The first had the whole burst before anybody else was there.
    sent[0] = (sent[0] ?? 0) - Math.max(BURST, rate / 10);
    const fair = (rate * 10) / 10;
    for (const each of sent) expect(Math.abs(each - fair) / fair).toBeLessThan(0.1);
  }
});

test("a connection with little to say is not starved by those with much", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(100_000);
  const heavy = Array.from({ length: 9 }, () => new ThrottledConnection([route], clock));
  const light = new ThrottledConnection([route], clock);
  let offered = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    for (const connection of heavy) connection.offer(new Uint8Array(64 * 1_024));
    if (ms % 200 === 0 && light.offer(new Uint8Array(200))) offered++;
    time.pass(1);
  }
  // One round of all ten takes 146 ms.
  expect(offered).toBe(50);
  expect(light.sent).toBe(50 * 200);
});

test("a connection held back by its own limit leaves the route's to the others", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(100_000);
  const slow = new ThrottledConnection([bucket(10_000), route], clock);
  const fast = new ThrottledConnection([route], clock);
  for (let ms = 0; ms < 10_000; ms++) {
    for (const connection of [slow, fast]) connection.offer(new Uint8Array(64 * 1_024));
    time.pass(1);
  }
  expect(slow.sent).toBeGreaterThan(95_000);
  expect(slow.sent).toBeLessThanOrEqual(100_000 + BURST);
  expect(slow.sent + fast.sent).toBeGreaterThan(990_000);
});

test("who waits for its own limit, whatever it waited for first, is in nobody's way", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(1_000_000);
  const other = new ThrottledConnection([route], clock);
  other.offer(new Uint8Array(100_000 - BURST + 4));
  const slow = new ThrottledConnection([bucket(100), route], clock);
  slow.offer(new Uint8Array(50_000));
  // All that the route had, and nearly all of its own.
  expect([slow.sent, route.waiting]).toEqual([BURST - 4, 1]);
  time.pass(TURN_MS);
  expect([clock.waiting, route.waiting]).toEqual([1, 0]);
  const before = other.sent;
  other.offer(new Uint8Array(20_000));
  expect(other.sent - before).toBe(20_000);
});

test("what a full send buffer does not take costs nothing, and its own news goes on", () => {
  const { time, clock, bucket } = setUp();
  const own = bucket(1_000);
  const connection = new ThrottledConnection([own], clock, 1_000);
  connection.offer(new Uint8Array(5_000));
  expect(connection.sent).toBe(1_000);
  expect(own.available(time.now())).toBe(BURST - 1_000);
  expect(clock.waiting).toBe(0);
  while (connection.socket.read(1_000)) continue;
  expect(connection.sent).toBe(5_000);
  expect(connection.retries).toBe(0);
});

test("who waits takes nothing before its turn, and who comes later waits behind", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(1_000_000);
  const first = new ThrottledConnection([route], clock);
  const later = new ThrottledConnection([route], clock);
  first.offer(new Uint8Array(101_000));
  expect(first.sent).toBe(100_000);
  // By now there would be enough.
  time.pass(TURN_MS - 1);
  first.flush();
  later.offer(new Uint8Array(10));
  expect([first.sent, later.sent]).toEqual([100_000, 0]);
  time.pass(1);
  expect([first.sent, later.sent]).toEqual([101_000, 10]);
});

test("a turn is one write: what comes of it waits behind the others", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(100_000);
  const greedy = new ThrottledConnection([route], clock);
  const other = new ThrottledConnection([route], clock);
  greedy.offer(new Uint8Array(BURST + 100));
  other.offer(new Uint8Array(50_000));
  const { retry } = greedy;
  greedy.retry = () => {
    retry.call(greedy);
    greedy.offer(new Uint8Array(50_000));
  };
  time.pass(TURN_MS);
  expect(greedy.sent).toBe(BURST + 100);
  expect(other.sent).toBeGreaterThan(0);
});

test("a broken socket says so through the throttle, and nothing is booked", () => {
  const { time, clock, bucket } = setUp();
  const own = bucket(1_000);
  const connection = new ThrottledConnection([own], clock);
  connection.socket.broken = true;
  connection.offer(new Uint8Array(100));
  expect(connection.broken).toBe(true);
  expect(own.available(time.now())).toBe(BURST);
});

test("a socket that breaks while it is held back is found out at its turn", () => {
  const { time, clock, bucket } = setUp();
  const connection = new ThrottledConnection([bucket(100_000)], clock);
  connection.offer(new Uint8Array(2 * BURST));
  connection.socket.broken = true;
  connection.flush();
  expect(connection.broken).toBe(false);
  time.pass(TURN_MS);
  expect(connection.broken).toBe(true);
  expect(time.timers).toBe(0);
});

test("whoever is aborted, closed or has nothing left to write waits no longer", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(1_000);
  const waiting = (): ThrottledConnection => {
    const connection = new ThrottledConnection([route], clock);
    connection.offer(new Uint8Array(2 * BURST));
    return connection;
  };
  const [aborted, closed, finished, left] = [waiting(), waiting(), waiting(), waiting()];
  expect([clock.waiting, route.waiting]).toEqual([4, 4]);
  aborted.sink.terminate();
  expect(aborted.socket.peerSawReset).toBe(true);
  closed.socket.finish();
  closed.socket.deliver();
  closed.sink.end();
  expect(closed.socket.open).toBe(false);
  finished.sink.shutdown();
  finished.socket.read(Infinity);
  expect(finished.socket.peerSawFin).toBe(true);
  left.sink.leave();
  left.sink.leave();
  expect([clock.waiting, route.waiting, time.timers]).toEqual([0, 0, 0]);
  time.pass(60_000);
  expect([aborted, closed, finished, left].map(({ retries }) => retries)).toEqual([0, 0, 0, 0]);
  expect(aborted.sink.write(new Uint8Array(1))).toBe(-1);
});

test("a bug in the writer reaches the owner of the socket, and the others have their turn", () => {
  const { time, clock, bucket } = setUp();
  const route = bucket(100_000);
  const faulty = new ThrottledConnection([route], clock);
  const other = new ThrottledConnection([route], clock);
  for (const connection of [faulty, other]) connection.offer(new Uint8Array(BURST + 1));
  faulty.bug = new Error("Mistake");
  time.pass(TURN_MS);
  expect(faulty.failure).toBe(faulty.bug);
  expect(other.sent).toBeGreaterThan(0);
});

test("a part of an array is written as that part, and nothing at all as nothing", () => {
  const { clock, bucket } = setUp();
  const connection = new ThrottledConnection([bucket(1_000)], clock);
  expect(connection.sink.write(Uint8Array.of(1, 2, 3, 4), 1, 2)).toBe(2);
  expect(connection.sink.write(new Uint8Array(0))).toBe(0);
  connection.socket.read(10);
  expect(connection.socket.readByPeer).toEqual([2, 3]);
  expect(clock.waiting).toBe(0);
});

test("everything else is the socket's own", () => {
  const { clock, bucket } = setUp();
  const { sink, socket } = new ThrottledConnection([bucket(1_000)], clock);
  expect([sink.remoteAddress, sink.remotePort]).toEqual([socket.remoteAddress, socket.remotePort]);
  expect([sink.localAddress, sink.localPort]).toEqual([socket.localAddress, socket.localPort]);
  sink.pause();
  expect(socket.paused).toBe(true);
  sink.resume();
  expect(socket.paused).toBe(false);
  const owner = { ...socket.data };
  expect(sink.data).toBe(socket.data);
  sink.data = owner;
  expect(socket.data).toBe(owner);
});
