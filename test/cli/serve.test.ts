import { describe, expect, test } from "bun:test";
import type { AdminView } from "../../src/admin/view.ts";
import { type Gateway, RoutesRefused } from "../../src/app/gateway.ts";
import type { GatewayOptions } from "../../src/app/options.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { GatewayError } from "../../src/base/gateway-error.ts";
import { serve } from "../../src/cli/serve.ts";
import type { Cli } from "../../src/cli/cli.ts";
import { createLog } from "../../src/observe/log-writer.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS } from "../../src/plan/gateway/options.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { SAMPLE_ENGINE } from "../support/admin-view.ts";
import { type CliResult, runCli, TestProcess } from "../support/cli.ts";
import { TestSink } from "../support/log-sink.ts";

const DIAGNOSTIC: Diagnostic = {
  file: "a.yaml",
  line: 1,
  column: 2,
  severity: "error",
  code: "route/x",
  message: "Wrong",
};

const neverAsked = (): never => {
  throw new Error("Nobody should ask this");
};

/** A gateway without an engine, that tells what was asked of it. */
class FakeGateway implements Gateway {
  readonly admin = { host: "127.0.0.1", port: 4040 };
  readonly calls: string[] = [];
  readonly #stopped = Promise.withResolvers<void>();
  readonly stopped = this.#stopped.promise;
  reasons: readonly string[] = [];
  /** What draining ends with; by default never. */
  drained: Promise<void> = new Promise(() => {});
  reloaded: Promise<never> = new Promise(() => {});

  reload(): Promise<never> {
    this.calls.push("reload");
    return this.reloaded;
  }

  readonly view: AdminView = {
    info: neverAsked,
    engine: () => Promise.resolve(SAMPLE_ENGINE),
    diagnostics: neverAsked,
    resources: neverAsked,
    notReady: () => Promise.resolve(this.reasons),
    connections: neverAsked,
    kill: neverAsked,
    killWhere: neverAsked,
    overrideBackends: neverAsked,
    reload: neverAsked,
    drain: neverAsked,
    documents: neverAsked,
    document: neverAsked,
    putDocument: neverAsked,
    addresses: neverAsked,
    address: neverAsked,
    createAddress: neverAsked,
    updateAddress: neverAsked,
    deleteAddress: neverAsked,
    deleteDocument: neverAsked,
  };

  async drain(): Promise<void> {
    this.calls.push("drain");
    await this.drained;
    this.end();
  }

  async stop(): Promise<void> {
    this.calls.push("stop");
    this.end();
  }

  end(): void {
    this.#stopped.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface Served {
  readonly gateway: FakeGateway;
  readonly process: TestProcess;
  readonly sink: TestSink;
  readonly code: Promise<number>;
}

/** Serves a fake gateway and resolves once signals are heard. */
async function start(prepare: (gateway: FakeGateway) => void = () => {}): Promise<Served> {
  const gateway = new FakeGateway();
  prepare(gateway);
  const process = new TestProcess();
  const sink = new TestSink();
  const log = createLog({ format: "json", level: "debug", color: false, access: true, sink: sink.sink });
  const cli: Cli = {
    env: {},
    home: "/",
    uid: 1000,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    out: neverAsked,
    err: neverAsked,
    written: () => Promise.resolve(),
    onSignal: (signal, heard) => process.on(signal, heard),
    onUncaught: (heard) => process.onUncaught(heard),
    runtime: bunRuntime(),
    version: "1.2.3",
    embedded: [],
    startGateway: () => Promise.resolve(gateway),
    loadRoutes: neverAsked,
    exitCode: 0,
  };
  const options = (): GatewayOptions => ({
    version: "1.2.3",
    runtime: cli.runtime,
    log,
    routes: [],
    embedded: [],
    admin: gateway.admin,
    state: "/nonexistent/state.db",
    bind: [],
    dns: [],
    tcpHosts: DEFAULT_TCP_HOSTS,
    tcpPorts: DEFAULT_TCP_PORTS,
    strict: false,
    drainTimeoutMs: 1,
  });
  const code = serve(cli, options, log);
  while (!process.hears("SIGTERM")) await Promise.resolve();
  return { gateway, process, sink, code };
}

describe("a running gateway", () => {
  test("says where the admin port is", async () => {
    const { gateway, sink, code } = await start();
    gateway.end();
    expect(await code).toBe(0);
    expect(sink.records).toMatchObject([{ level: "info", event: "ready", admin: "http://127.0.0.1:4040" }]);
  });

  test("says why it is not ready", async () => {
    const { gateway, sink, code } = await start((fake) => {
      fake.reasons = ["Cannot listen on *:80: permission denied", "more"];
    });
    gateway.end();
    expect(await code).toBe(0);
    const [record] = sink.records;
    expect(record).toMatchObject({ level: "warn", event: "not-ready", admin: "http://127.0.0.1:4040" });
    expect(String(record?.["message"])).toContain("Cannot listen on *:80: permission denied (and 1 more");
  });

  test("takes a Ctrl-C that comes twice at once for one", async () => {
    const { gateway, process, code } = await start();
    process.send("SIGINT");
    process.send("SIGINT");
    expect(gateway.calls).toEqual(["drain"]);
    process.send("SIGTERM");
    expect(await code).toBe(1);
  });

  test("reloads on SIGHUP, and survives that this fails", async () => {
    const { gateway, process, sink, code } = await start((fake) => {
      fake.reloaded = Promise.reject(new GatewayError("config/odd", "No way"));
      fake.reloaded.catch(() => {});
    });
    process.send("SIGHUP");
    process.send("SIGHUP");
    await Promise.resolve();
    gateway.end();
    expect(await code).toBe(0);
    expect(gateway.calls).toEqual(["reload", "reload"]);
    expect(sink.records.filter((record) => record["level"] === "error")).toHaveLength(2);
  });

  test.each(["SIGTERM", "SIGINT"])("drains on %s and exits 0", async (signal) => {
    const { gateway, process, code } = await start((fake) => {
      fake.drained = Promise.resolve();
    });
    process.send(signal);
    expect(await code).toBe(0);
    expect(gateway.calls).toEqual(["drain"]);
    expect(process.hears("SIGTERM")).toBe(false);
  });

  test("stops at once at the second signal and exits 1", async () => {
    const { gateway, process, code } = await start();
    process.send("SIGTERM");
    process.send("SIGINT");
    expect(await code).toBe(1);
    expect(gateway.calls).toEqual(["drain", "stop"]);
  });

  test("exits 1 when draining fails", async () => {
    const { process, sink, code } = await start((fake) => {
      fake.drained = Promise.reject(new Error("No drain"));
      fake.drained.catch(() => {});
    });
    process.send("SIGTERM");
    expect(await code).toBe(1);
    expect(sink.text).toContain("No drain");
  });

  test("logs what nobody caught, with its stack, and goes on", async () => {
    const { gateway, process, sink, code } = await start();
    process.throwUncaught(new Error("Our own bug"));
    process.throwUncaught("a string");
    gateway.end();
    expect(await code).toBe(0);
    const errors = sink.records.filter((record) => record["level"] === "error");
    expect(errors).toMatchObject([{ message: "Our own bug" }, { message: "a string" }]);
    expect(String(errors[0]?.["stack"])).toContain("serve.test.ts");
    expect(() => process.throwUncaught(new Error("Later"))).toThrow("Later");
  });
});

/** Runs a gateway that fails to start with this. */
async function failWith(error: Error): Promise<CliResult> {
  return runCli(["run", "--log-level", "error"], {
    replacements: {
      startGateway: () => {
        throw error;
      },
    },
  });
}

describe("a gateway that cannot start says what to do next", () => {
  test.each([
    ["EADDRINUSE", 1, "`sallyport status`, or choose another address with --admin"],
    ["EADDRNOTAVAIL", 1, "choose another with --admin"],
    ["EACCES", 1, "choose a port above 1023"],
    ["state/directory", 1, "with --state (now "],
    ["routes/missing", 2, "Cannot do it"],
    ["geo/unreadable", 2, "Cannot do it"],
    ["status-dir/among-routes", 2, "Cannot do it"],
    ["status-dir/cannot-make", 1, "with --status-dir"],
    ["token/invalid", 2, "SALLYPORT_ADMIN_TOKEN"],
    ["other", 1, "Cannot start: Cannot do it (other)"],
  ])("%s exits %d", async (reason, wanted, text) => {
    const { code, out, err } = await failWith(new GatewayError(reason, "Cannot do it"));
    expect({ code, out }).toEqual({ code: wanted, out: "" });
    expect(err).toContain(text);
  });

  test("refused routes are all shown, and exit 2", async () => {
    const { code, err } = await failWith(new RoutesRefused([DIAGNOSTIC]));
    expect(code).toBe(2);
    expect(err).toBe("a.yaml:1:2 error route/x Wrong\nCannot start with --strict: 1 error\n");
  });

  test("anything else is a bug", async () => {
    const { code, err } = await failWith(new Error("Odd"));
    expect(code).toBe(1);
    expect(err).toContain("This is a bug");
  });
});
