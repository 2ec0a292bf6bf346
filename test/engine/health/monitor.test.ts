import { describe, expect, test } from "bun:test";
import { HealthMonitor } from "../../../src/engine/health/monitor.ts";
import type { HealthState } from "../../../src/engine/health/probe-loop.ts";
import type { HealthSpec } from "../../../src/resource/health.ts";
import { startBackend, speaksFirst } from "../../support/backend.ts";
import { openSockets } from "../../support/descriptors.ts";
import { latin1 } from "../../support/dialogue.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { RecordedLog } from "../../support/recorded-log.ts";

const SPEC: HealthSpec = { check: { kind: "tcp" }, intervalMs: 5, jitterMs: 2, timeoutMs: 30_000, rise: 2, fall: 3 };
const GREETED: HealthSpec = { ...SPEC, check: { kind: "exchange", expect: latin1("READY") } };
/** Never checks a second time within a test. */
const ONCE: HealthSpec = { ...SPEC, intervalMs: 3_600_000 };

function loopback(port: number): { readonly host: string; readonly port: number } {
  return { host: "127.0.0.1", port };
}

interface Started extends Disposable {
  readonly monitor: HealthMonitor;
  readonly log: RecordedLog;
}

function startMonitor(exhausted: () => boolean = () => false): Started {
  const log = new RecordedLog();
  const monitor = new HealthMonitor({ descriptorsExhausted: exhausted }, log);
  return { monitor, log, [Symbol.dispose]: () => monitor.close() };
}

describe("HealthMonitor", () => {
  test("tells when a backend dies and when it comes back, and logs each once", async () => {
    using started = startMonitor();
    const { monitor, log } = started;
    const backend = await startBackend();
    const heard: HealthState[] = [];
    const watch = monitor.watch(loopback(backend.port), SPEC, (state) => heard.push(state));
    expect(watch.state).toEqual({ status: "unknown", checks: 0, failures: 0 });
    await eventually(() => watch.state.status === "up");
    expect(log.lines).toEqual([]);
    await backend.close();
    await eventually(() => watch.state.status === "down");
    expect(watch.state.failures).toBe(SPEC.fall);
    expect(watch.state.error).toBe("Cannot connect: ECONNREFUSED");
    const { checks } = watch.state;
    await eventually(() => watch.state.checks > checks + 5);
    await using _again = await startBackend(() => {}, { port: backend.port });
    await eventually(() => watch.state.status === "up");
    expect(watch.state.error).toBeUndefined();
    expect(heard.map(({ status }) => status)).toEqual(["up", "down", "up"]);
    const address = `127.0.0.1:${backend.port}`;
    const reason = "Cannot connect: ECONNREFUSED";
    expect(log.lines).toEqual([
      {
        level: "warn",
        event: "backend-down",
        message: `Backend "${address}" is down: ${reason}`,
        fields: { backend: address, check: "tcp", reason },
      },
      {
        level: "info",
        event: "backend-up",
        message: `Backend "${address}" is up again`,
        fields: { backend: address, check: "tcp" },
      },
    ]);
  });

  test("a backend that is down at the first check is down at once", async () => {
    using started = startMonitor();
    const watch = started.monitor.watch(loopback(freePort()), ONCE, () => {});
    await started.log.line("backend-down");
    expect(watch.state).toMatchObject({ status: "down", checks: 1, failures: 1 });
    expect(watch.state.since?.getTime()).toBe(watch.state.lastAt?.getTime() ?? Number.NaN);
  });

  test("a backend that hangs is down, and up when it answers again", async () => {
    using started = startMonitor();
    let hangs = false;
    await using backend = await startBackend((peer) => {
      if (!hangs) speaksFirst("READY")(peer);
    });
    const spec: HealthSpec = { ...GREETED, timeoutMs: 100 };
    const watch = started.monitor.watch(loopback(backend.port), spec, () => {});
    await eventually(() => watch.state.status === "up");
    hangs = true;
    await eventually(() => watch.state.status === "down");
    expect(watch.state.error).toEndWith(" within 100ms");
    hangs = false;
    await eventually(() => watch.state.status === "up");
  });

  test("checks an address once, however many watch it, and tells each", async () => {
    using started = startMonitor();
    await using backend = await startBackend();
    const heard: string[] = [];
    const watches = [1, 2, 3].map((at) =>
      // Equal, not the same.
      started.monitor.watch(loopback(backend.port), structuredClone(ONCE), () => heard.push(`watch ${at}`)),
    );
    await eventually(() => heard.length === 3);
    expect(heard.toSorted()).toEqual(["watch 1", "watch 2", "watch 3"]);
    const late = started.monitor.watch(loopback(backend.port), ONCE, () => heard.push("late"));
    expect(watches.every(({ state }) => state === late.state)).toBe(true);
    expect(late.state.status).toBe("up");
    // Another kind of check is another question.
    const other = started.monitor.watch(loopback(backend.port), { ...GREETED, intervalMs: 3_600_000 }, () => {});
    await backend.peer(1);
    expect(backend.peers.length).toBe(2);
    expect(other.state.status).toBe("unknown");
    expect(heard).not.toContain("late");
  });

  test("asks at the port for checks when there is one, and once for targets that share it", async () => {
    using started = startMonitor();
    await using backend = await startBackend();
    const spec: HealthSpec = { ...ONCE, port: backend.port };
    const watches = [1, 2].map((port) => started.monitor.watch(loopback(port), spec, () => {}));
    const direct = started.monitor.watch(loopback(backend.port), ONCE, () => {});
    await eventually(() => [...watches, direct].every(({ state }) => state.status === "up"));
    expect(backend.peers.length).toBe(1);
  });

  test("goes on while anybody watches, and stops with the last one", async () => {
    using started = startMonitor();
    await using backend = await startBackend();
    const before = openSockets();
    const heard: string[] = [];
    const first = started.monitor.watch(loopback(backend.port), GREETED, () => heard.push("first"));
    const second = started.monitor.watch(loopback(backend.port), GREETED, () => heard.push("second"));
    const peer = await backend.peer();
    first.close();
    first.close();
    await peer.send("READY");
    await eventually(() => second.state.status === "up");
    expect(heard).toEqual(["second"]);
    await backend.peer(1); // Waits for its greeting when the last watch closes.
    second.close();
    for (const each of backend.peers) {
      await each.until(() => each.ending !== undefined || each.closed);
      each.socket.destroy();
    }
    await eventually(() => openSockets() <= before);
    const { checks } = second.state;
    const others = started.monitor.watch(loopback(backend.port), SPEC, () => {});
    await eventually(() => others.state.checks > 3);
    expect(second.state.checks).toBe(checks);
  });

  test("a watch may be closed by whoever hears of a change", async () => {
    using started = startMonitor();
    await using backend = await startBackend();
    const heard: string[] = [];
    const first = started.monitor.watch(loopback(backend.port), SPEC, () => {
      heard.push("first");
      first.close();
      second.close();
    });
    const second = started.monitor.watch(loopback(backend.port), SPEC, () => heard.push("second"));
    await eventually(() => heard.length > 0);
    const other = started.monitor.watch(loopback(backend.port), SPEC, () => {});
    await eventually(() => other.state.checks > 3);
    expect(heard).toEqual(["first"]);
    expect(first.state.checks).toBe(1);
  });

  test("a shortage of descriptors never counts, neither before nor after a verdict", async () => {
    let exhausted = true;
    let asked = 0;
    using started = startMonitor(() => {
      asked++;
      return exhausted;
    });
    const port = freePort();
    const watch = started.monitor.watch(loopback(port), SPEC, () => {});
    await eventually(() => asked > SPEC.fall + 2);
    expect(watch.state).toEqual({ status: "unknown", checks: 0, failures: 0 });
    exhausted = false;
    await eventually(() => watch.state.status === "down");
    exhausted = true;
    const { checks } = watch.state;
    const before = asked;
    await eventually(() => asked > before + 3);
    expect(watch.state.checks).toBeLessThanOrEqual(checks + 1);
    expect(started.log.lines.map(({ event }) => event)).toEqual(["backend-down"]);
  });

  test("no more checks hold a socket at once than may, and the others have their turn in order", async () => {
    using started = startMonitor();
    const { monitor } = started;
    monitor.limitSockets(2);
    await using backend = await startBackend();
    const heard: number[] = [];
    const watches = [0, 1, 2, 3, 4].map((at) =>
      monitor.watch(loopback(backend.port), { ...GREETED, intervalMs: 3_600_000 + at }, () => heard.push(at)),
    );
    for (let at = 0; at < watches.length; at++) {
      // The one after it is there, and no third one, however long it takes to answer.
      const peer = await backend.peer(at);
      if (at + 1 < watches.length) await backend.peer(at + 1);
      await eventually(() => monitor.sockets === Math.min(2, watches.length - at));
      expect(backend.peers).toHaveLength(Math.min(at + 2, watches.length));
      peer.socket.end("READY");
      await eventually(() => heard.length === at + 1);
    }
    expect(watches.map(({ state }) => state.status)).toEqual(["up", "up", "up", "up", "up"]);
    await eventually(() => monitor.sockets === 0);
  });

  test("a backend that hangs keeps others waiting for its timeout and no longer", async () => {
    using started = startMonitor();
    started.monitor.limitSockets(1);
    await using backend = await startBackend();
    const hung = started.monitor.watch(
      loopback(backend.port),
      { ...ONCE, check: GREETED.check, timeoutMs: 100 },
      () => {},
    );
    const next = started.monitor.watch(loopback(backend.port), ONCE, () => {});
    await backend.peer();
    expect(next.state.checks).toBe(0);
    await eventually(() => next.state.status === "up");
    expect(hung.state.status).toBe("down");
  });

  test("who does not watch any more leaves the line", async () => {
    using started = startMonitor();
    started.monitor.limitSockets(1);
    await using backend = await startBackend();
    const [first, second, third] = [1, 2, 3].map((at) =>
      started.monitor.watch(loopback(backend.port), { ...GREETED, intervalMs: 3_600_000 + at }, () => {}),
    );
    const peer = await backend.peer();
    second?.close();
    await peer.send("READY");
    await (await backend.peer(1)).send("READY");
    await eventually(() => third?.state.status === "up");
    expect(first?.state.status).toBe("up");
    expect(second?.state.checks).toBe(0);
    expect(backend.peers).toHaveLength(2);
  });

  test("a check that waits for the backend's FIN counts, but nobody waits for it", async () => {
    using started = startMonitor();
    const { monitor } = started;
    monitor.limitSockets(1);
    await using backend = await startBackend();
    const first = monitor.watch(loopback(backend.port), ONCE, () => {});
    await eventually(() => first.state.status === "up");
    expect(monitor.sockets).toBe(1);
    const second = monitor.watch(loopback(backend.port), { ...ONCE, rise: 9 }, () => {});
    await eventually(() => second.state.status === "up");
    expect(monitor.sockets).toBe(1);
    second.close();
    expect(monitor.sockets).toBe(0);
  });

  test("closed, it leaves no timer and no socket, and tells nothing", async () => {
    const { monitor, log } = startMonitor();
    await using backend = await startBackend();
    const before = openSockets();
    const heard: HealthState[] = [];
    const watch = monitor.watch(loopback(backend.port), GREETED, (state) => heard.push(state));
    const down = monitor.watch(loopback(freePort()), { ...SPEC, fall: 1 }, () => {});
    const peer = await backend.peer();
    await eventually(() => down.state.checks > 2);
    monitor.close();
    watch.close();
    monitor.close();
    await peer.until(() => peer.ending !== undefined || peer.closed);
    peer.socket.destroy();
    await eventually(() => openSockets() <= before);
    expect(heard).toEqual([]);
    expect(log.lines.map(({ event }) => event)).toEqual(["backend-down"]);
  });

  test("its checks do not keep the process alive", async () => {
    const source = `
      import { HealthMonitor } from "${import.meta.dir}/../../../src/engine/health/monitor.ts";
      const log = { access: false, write() {}, connection() {} };
      const monitor = new HealthMonitor({ descriptorsExhausted: () => false }, log);
      const spec = { check: { kind: "tcp" }, intervalMs: 3_600_000, jitterMs: 0, timeoutMs: 3_600_000, rise: 1, fall: 1 };
      monitor.watch({ host: "127.0.0.1", port: ${freePort()} }, spec, ({ status }) => console.log(status));`;
    const child = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stderr: "inherit" });
    expect(await child.stdout.text()).toBe("down\n");
    expect(await child.exited).toBe(0);
  });
});
