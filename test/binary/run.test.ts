// The executable that a build with other routes makes, copied alone into an empty directory.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { echo, startBackend, type Backend } from "../support/backend.ts";
import { type BinaryBench, buildBinary, type RunningBinary } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";

let sources: string;
let backend: Backend;
let bench: BinaryBench;

/** A route to the echoing backend. */
function route(name: string, more = ""): string {
  return `name: ${name}\nlisten: "127.0.0.1:0"\nbackends: ["127.0.0.1:${backend.port}"]\n${more}`;
}

const WRONG = "listen: 70000\nbackend: [x]\n";

beforeAll(async () => {
  backend = await startBackend(echo);
  sources = await mkdtemp(join(tmpdir(), "sallyport-routes-"));
  await writeFile(join(sources, "packed.yaml"), route("packed"));
  bench = await buildBinary(sources);
}, 60_000);

afterAll(async () => {
  await backend.close();
  await bench[Symbol.asyncDispose]();
  await rm(sources, { recursive: true, force: true });
});

/** Sends a text through a route and reads it back. */
async function expectEcho(gateway: RunningBinary, name: string): Promise<void> {
  await using peer = await Peer.connect(await gateway.port(name));
  await peer.send("hello");
  peer.finish();
  await eventually(() => peer.ending !== undefined);
  expect(peer.text).toBe("hello");
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

describe("alone in an empty directory", () => {
  test("it serves the embedded routes, with log lines on standard error and nothing on standard output", async () => {
    const place = await bench.place();
    await using gateway = await place.start();
    await expectEcho(gateway, "packed");
    const line = await gateway.logged("connection");
    expect(line).toMatchObject({ route: "packed", bytesIn: 5, bytesOut: 5, reason: "done" });
    gateway.signal("SIGTERM");
    expect(await gateway.ended()).toEqual({ code: 0, out: "" });
  });

  test("it leaves nothing but its state, readable for nobody else", async () => {
    const place = await bench.place();
    await using gateway = await place.start();
    expect(gateway.admin).not.toBe("");
    const state = join(place.path, "state/sallyport");
    expect((await stat(join(state, "state.db.token"))).mode & 0o777).toBe(0o600);
    expect((await stat(state)).mode & 0o077).toBe(0);
  });

  test("it reads neither .env nor bunfig.toml nor package.json nor tsconfig.json from there", async () => {
    const place = await bench.place();
    const evil = `require("node:fs").writeFileSync(${JSON.stringify(join(place.path, "owned"))}, "");\nprocess.exit(66);\n`;
    await writeFile(join(place.path, "evil.cjs"), evil);
    await writeFile(join(place.path, "bunfig.toml"), 'preload = ["./evil.cjs"]\n[run]\npreload = ["./evil.cjs"]\n');
    const twins = "SALLYPORT_LOG_LEVEL=loud\nSALLYPORT_ROUTES=/nonexistent\nSALLYPORT_ADMIN=nonsense\n";
    for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
      await writeFile(join(place.path, name), twins);
    }
    await writeFile(join(place.path, "package.json"), '{"imports": {"commander": "./evil.cjs"}, "type": "commonjs"}');
    await writeFile(join(place.path, "tsconfig.json"), '{"compilerOptions": {"paths": {"commander": ["./evil.cjs"]}}}');
    await using gateway = await place.start();
    await expectEcho(gateway, "packed");
    expect(await Bun.file(join(place.path, "owned")).exists()).toBe(false);
    const { code } = await place.run(["status", "--admin", gateway.admin]);
    expect(code).toBe(0);
  });

  test("it says that another one may be running when the admin port is taken", async () => {
    const place = await bench.place();
    await using gateway = await place.start();
    const other = await bench.place();
    const { code, out, err } = await other.run(["run", "--admin", gateway.admin]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("sallyport status");
  });

  test("it says what to do when the state file cannot be there", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "state"), "a file where a directory is wanted");
    const { code, err } = await place.run(["run", "--admin", "127.0.0.1:0"]);
    expect(code).toBe(1);
    expect(err).toContain("--state");
  });
});

describe("with route files", () => {
  test("it reloads on a changed file and on SIGHUP, and keeps the last good routes", async () => {
    const place = await bench.place();
    const directory = join(place.path, "routes");
    await mkdir(directory);
    await replaceFile(join(directory, "a.yaml"), route("a"));
    await using gateway = await place.start(["--routes", directory]);
    await expectEcho(gateway, "a");

    await replaceFile(join(directory, "b.yaml"), route("b"));
    await gateway.logged("reload", 2);
    await expectEcho(gateway, "b");

    await replaceFile(join(directory, "b.yaml"), WRONG);
    await gateway.logged("reload", 3);
    await expectEcho(gateway, "b");

    await replaceFile(join(directory, "c.yaml"), route("c"));
    gateway.signal("SIGHUP");
    await eventually(async () => (await gateway.cli("routes", "--json")).out.includes('"name": "c"'));
    await expectEcho(gateway, "c");
  });

  test("--strict exits 2 with every mistake, and starts nothing", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "bad.yaml"), WRONG);
    const { code, out, err } = await place.run(["--strict", "--routes", "bad.yaml", "--admin", "127.0.0.1:0"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^bad\.yaml:1:\d+ error /m);
    expect(err).toMatch(/^bad\.yaml:2:\d+ error /m);
  });

  test("without --strict it starts on what is right", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "bad.yaml"), WRONG);
    await writeFile(join(place.path, "good.yaml"), route("good"));
    await using gateway = await place.start(["--routes", place.path]);
    expect((await gateway.logged("not-ready"))["message"]).toContain("bad.yaml");
    expect(gateway.log.filter((record) => record["event"] === "diagnostic").length).toBeGreaterThan(0);
    await expectEcho(gateway, "good");
  });

  test("check exits 0 on right files and on the embedded ones, and 2 on wrong ones", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "good.yaml"), route("good"));
    await writeFile(join(place.path, "bad.yaml"), WRONG);
    expect((await place.run(["check"])).code).toBe(0);
    expect((await place.run(["check", "good.yaml"])).code).toBe(0);
    const wrong = await place.run(["check", "bad.yaml", "good.yaml"]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toBe("");
    expect(wrong.out).toMatch(/^bad\.yaml:1:\d+ error /m);
  });
});

describe("documents", () => {
  test("survive kill -9", async () => {
    const place = await bench.place();
    const token = { SALLYPORT_ADMIN_TOKEN: "secret-for-this-test" };
    {
      await using gateway = await place.start([], token);
      const answer = await fetch(`http://${gateway.admin}/api/v1/documents/kept`, {
        method: "PUT",
        body: route("kept"),
        headers: { authorization: `Bearer ${token.SALLYPORT_ADMIN_TOKEN}`, "content-type": "application/yaml" },
      });
      expect(answer.status).toBeLessThan(300);
      await expectEcho(gateway, "kept");
      gateway.signal("SIGKILL");
      await gateway.ended();
    }
    await using again = await place.start([], token);
    await expectEcho(again, "kept");
  });
});

describe("the end", () => {
  test("SIGTERM lets a live connection finish, refuses new ones, and exits 0", async () => {
    const place = await bench.place();
    await using gateway = await place.start();
    const port = await gateway.port("packed");
    await using peer = await Peer.connect(port);
    await peer.send("before");
    await eventually(() => peer.text === "before");
    gateway.signal("SIGTERM");
    await gateway.logged("drain");
    await eventually(() =>
      Peer.connect(port).then(
        (other) => other[Symbol.asyncDispose]().then(() => false),
        () => true,
      ),
    );
    await peer.send(" after");
    peer.finish();
    await eventually(() => peer.ending !== undefined);
    expect(peer.text).toBe("before after");
    expect((await gateway.ended()).code).toBe(0);
    expect(gateway.log.slice(-2)).toMatchObject([{ event: "connection", reason: "done" }, { event: "stopped" }]);
  });

  test("the drain timeout aborts what does not finish, and exits 0", async () => {
    const place = await bench.place();
    await using gateway = await place.start(["--drain-timeout", "50ms"]);
    await using peer = await Peer.connect(await gateway.port("packed"));
    await peer.send("x");
    await eventually(() => peer.received === 1);
    gateway.signal("SIGINT");
    expect((await gateway.ended()).code).toBe(0);
    expect(await gateway.logged("connection")).toMatchObject({ reason: "drained" });
  });

  test("a second signal stops at once and exits 1", async () => {
    const place = await bench.place();
    await using gateway = await place.start(["--drain-timeout", "1h"]);
    await using peer = await Peer.connect(await gateway.port("packed"));
    await peer.send("x");
    await eventually(() => peer.received === 1);
    gateway.signal("SIGTERM");
    await gateway.logged("drain");
    gateway.signal("SIGTERM");
    expect((await gateway.ended()).code).toBe(1);
    await eventually(() => peer.ending !== undefined);
  });

  test("a log that nobody reads does not keep it", async () => {
    const place = await bench.place();
    const command = ["sh", "-c", "exec ./sallyport run --admin 127.0.0.1:0 2>&1 | sleep 0"];
    const child = Bun.spawn(command, { cwd: place.path, env: place.env({ SALLYPORT_STATE: "s.db" }), detached: true });
    // The pipeline ends with its last part, but the gateway goes on with a log that is gone.
    const token = join(place.path, "s.db.token");
    await eventually(() => Bun.file(token).exists());
    process.kill(-child.pid, "SIGTERM");
    await child.exited;
  });
});
