// Commands of the shipped executable against a live gateway; `resources` is in gateway-api.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Backend, echo, startBackend } from "../support/backend.ts";
import { type BinaryBench, type RunningBinary, runBuild, shippedBinary } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";

let backend: Backend;
let bench: BinaryBench;
let gateway: RunningBinary;

beforeAll(async () => {
  backend = await startBackend(echo);
  bench = await shippedBinary();
  const place = await bench.place();
  const text = `name: one\nlisten: "127.0.0.1:0"\nbackends: ["127.0.0.1:${backend.port}"]\n`;
  await writeFile(join(place.path, "one.yaml"), text);
  gateway = await place.start(["--routes", "one.yaml"]);
}, 60_000);

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await backend.close();
  await bench[Symbol.asyncDispose]();
});

/** A connection that has sent and got a byte. */
async function live(): Promise<Peer> {
  const peer = await Peer.connect(await gateway.port("one"));
  await peer.send("x");
  await eventually(() => peer.received === 1);
  return peer;
}

describe("commands against a live gateway", () => {
  test.each(["status", "routes", "listeners", "backends", "connections"])("%s shows it", async (command) => {
    await using peer = await live();
    const table = await gateway.cli(command);
    expect(table).toMatchObject({ code: 0, err: "" });
    expect(table.out).toContain(command === "status" ? "Connections" : "one");
    expect(table.out).not.toContain("\u001b");
    const json = await gateway.cli(command, "--json");
    expect(json).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(json.out)).toBeObject();
    expect(peer.ending).toBeUndefined();
  });

  test("connections are filtered and paged", async () => {
    await using first = await live();
    await using second = await live();
    expect([first.ending, second.ending]).toEqual([undefined, undefined]);
    const page = JSON.parse((await gateway.cli("connections", "--limit", "1", "--json")).out);
    expect(page.items).toHaveLength(1);
    expect(page.next).toBeString();
    const rest = JSON.parse((await gateway.cli("connections", "--after", page.next, "--json")).out);
    expect(rest.items.length).toBeGreaterThan(0);
    const none = await gateway.cli("connections", "--source", "192.0.2.0/24", "--json");
    expect(JSON.parse(none.out).items).toEqual([]);
    const wrong = await gateway.cli("connections", "--source", "not-an-address");
    expect(wrong.code).toBe(1);
    expect(wrong.err).not.toBe("");
  });

  test("kill aborts by id and by filter", async () => {
    await using first = await live();
    const { items } = JSON.parse((await gateway.cli("connections", "--json")).out);
    const port = first.socket.localPort;
    const mine = items.find((item: { client: string }) => item.client.endsWith(`:${port}`));
    expect((await gateway.cli("kill", mine.id)).out).toBe("Killed 1 connection\n");
    await eventually(() => first.closed);
    await using second = await live();
    expect((await gateway.cli("kill", "--route", "one")).code).toBe(0);
    await eventually(() => second.closed);
    expect((await gateway.cli("kill", "no-such-id")).code).toBe(1);
    expect((await gateway.cli("kill")).code).toBe(2);
  });

  test("reload says that nothing changed", async () => {
    const { code, out } = await gateway.cli("reload");
    expect(code).toBe(0);
    expect(out).toStartWith("Reloaded: unchanged");
  });

  test("version, help and completion need no gateway", async () => {
    const place = await bench.place();
    expect((await place.run(["version"])).out).toMatch(/^sallyport \d+\.\d+\.\d+\S* \(bun /);
    expect((await place.run(["help"])).out).toContain("Usage: sallyport");
    expect((await place.run(["completion", "bash"])).out).toContain("complete -o default");
    expect((await place.run(["statsu"])).code).toBe(2);
    expect((await place.run(["status", "--admin", "127.0.0.1:1"])).code).toBe(1);
  });

  test("without the token it says where it was looked for", async () => {
    const other = await bench.place();
    const { code, err } = await other.run(["reload", "--admin", gateway.admin]);
    expect(code).toBe(1);
    expect(err).toContain("state.db.token");
  });

  test("a unix socket for the admin port works", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "one.yaml"), `listen: "127.0.0.1:0"\nbackends: ["127.0.0.1:${backend.port}"]\n`);
    await using other = await place.start(["--routes", "one.yaml", "--admin", "unix:admin.sock"]);
    expect(other.admin).toBe("unix:admin.sock");
    expect((await other.cli("status")).code).toBe(0);
    expect((await other.cli("reload")).code).toBe(0);
  });

  test("drain ends it with 0", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "one.yaml"), `listen: "127.0.0.1:0"\nbackends: ["127.0.0.1:${backend.port}"]\n`);
    await using other = await place.start(["--routes", "one.yaml"]);
    expect((await other.cli("drain")).code).toBe(0);
    expect(await other.ended()).toEqual({ code: 0, out: "" });
  });
});

describe("the shipped executable", () => {
  test("embeds routes that are valid, under paths that say nothing of the machine it was built on", async () => {
    const place = await bench.place();
    expect((await place.run(["check"])).code).toBe(0);
    const text = await Bun.file(join(import.meta.dir, "../../dist/sallyport")).text();
    expect(text.includes(join(import.meta.dir, "../../routes/"))).toBe(false);
  });

  test("says how long it took to the first accepted connection", async () => {
    const place = await bench.place();
    const port = await freePort();
    await writeFile(
      join(place.path, "r.yaml"),
      `listen: "127.0.0.1:${port}"\nbackends: ["127.0.0.1:${backend.port}"]\n`,
    );
    const began = performance.now();
    const started = place.start(["--routes", "r.yaml"]);
    let took = 0;
    await eventually(async () => {
      const accepted = await accepts(port);
      took = performance.now() - began;
      return accepted;
    });
    await using _gateway = await started;
    process.stdout.write(`start to first accepted connection: ${took.toFixed(0)} ms\n`);
  });
});

describe("the build", () => {
  test("refuses wrong routes, no routes, and targets that Bun does not have, with exit 2", async () => {
    const place = await bench.place();
    await writeFile(join(place.path, "bad.yaml"), "listen: 70000\n");
    const bad = await runBuild(["--routes", join(place.path, "bad.yaml"), "--outfile", join(place.path, "out")]);
    expect(bad.code).toBe(2);
    expect(bad.err).toMatch(/bad\.yaml:1:\d+ error /);
    expect((await runBuild(["--routes", join(place.path, "nothing")])).code).toBe(2);
    const target = await runBuild(["--target", "bun-plan9-x64"]);
    expect(target.code).toBe(2);
    expect(target.err).toContain("bun-linux-arm64");
    expect((await runBuild(["--nonsense"])).code).toBe(2);
  });
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  await using nobody = await startBackend();
  return nobody.port;
}

/** Whether somebody accepts on this port of 127.0.0.1. */
async function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => {
    socket.destroy();
    resolve(true);
  });
  socket.on("error", () => resolve(false));
  return promise;
}
