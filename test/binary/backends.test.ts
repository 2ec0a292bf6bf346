// Backends on the executable: what is set by hand outlives kill -9, names that change take new connections along, and
// wrong routes are told with their place.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { speaksFirst, startBackend } from "../support/backend.ts";
import { type BinaryBench, shippedBinary } from "../support/binary.ts";
import { startDnsServer } from "../support/dns-server.ts";
import { Peer } from "../support/peer.ts";
import { lettered, visits } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";
/** A name server that is gone takes its time; this only ends a hang. */
const LIMIT_MS = 40_000;

let bench: BinaryBench;

beforeAll(async () => {
  bench = await shippedBinary();
});

afterAll(() => bench[Symbol.asyncDispose]());

describe("what is set by hand", () => {
  test("survives kill -9, until it is taken back", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    const backends = [a, b].map(({ port }) => `127.0.0.1:${port}`);
    const [first = ""] = backends;
    const place = await bench.place();
    await place.write("db.yaml", { listen: LISTEN, backends });
    {
      await using gateway = await place.start(["--routes", "routes"]);
      expect((await gateway.cli("backends", "set", first, "--state", "drain", "--weight", "5")).code).toBe(0);
      gateway.signal("SIGKILL");
      await gateway.ended();
    }
    await using again = await place.start(["--routes", "routes"]);
    const [kept] = await again.backends("db");
    expect(kept).toMatchObject({ state: "drained", weight: 5, override: { state: "drain", weight: 5 } });
    expect((await again.metrics()).get(`sallyport_backend_weight{route="db",backend="${first}"}`)).toBe(5);
    expect(await visits(await again.port("db"), 4)).toEqual({ b: 4 });
    expect((await again.cli("backends", "set", first, "--state", "auto", "--weight", "auto")).code).toBe(0);
    expect(await visits(await again.port("db"), 4)).toEqual({ a: 2, b: 2 });
    expect((await again.backends("db"))[0]).not.toHaveProperty("override");
  });
});

describe("names from --dns", () => {
  test(
    "SRV records that change take new connections along, and the last good ones outlive their server",
    async () => {
      const hosts = { "one.test": "127.0.0.2", "two.test": "127.0.0.3", "three.test": "127.0.0.4" };
      const backends = await Promise.all(
        Object.values(hosts).map((host, at) => startBackend(speaksFirst("abc".charAt(at)), { host, port: 0 })),
      );
      await using cleanup = new AsyncDisposableStack();
      for (const backend of backends) cleanup.use(backend);
      const [one = "", two = "", three = ""] = Object.keys(hosts).map(
        (host, at) => `0 1 ${backends[at]?.port} ${host}`,
      );
      const addresses = Object.entries(hosts).map(([host, ip]) => [host, { a: [ip], ttl: 1 }]);
      const service = "_db._tcp.test";
      await using dns = await startDnsServer({ ...Object.fromEntries(addresses), [service]: { srv: [one, two] } });
      const place = await bench.place();
      await place.write("db.yaml", { listen: LISTEN, backends: [`srv+${service}`], resolve: { interval: "1s" } });
      await using gateway = await place.start(["--routes", "routes", "--dns", dns.address]);
      const port = await gateway.port("db");
      expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
      await using staying = await Peer.connect(port);
      const letter = await staying.read(1);

      dns.zone.set(service, { srv: [three] });
      await gateway.logged("resolved");
      expect(await visits(port, 4)).toEqual({ c: 4 });
      await staying.send("!");
      expect(await staying.read(2)).toBe(`${letter}!`);
      const [changed] = await gateway.backends("db");
      expect(changed).toMatchObject({ state: "up", addresses: [hosts["three.test"]] });

      await dns[Symbol.asyncDispose]();
      await gateway.logged("resolve-failed");
      expect(await visits(port, 4)).toEqual({ c: 4 });
      const [kept] = await gateway.backends("db");
      expect(kept).toMatchObject({ state: "up", addresses: [hosts["three.test"]] });
      expect(kept?.lastError).toStartWith(`Cannot resolve "srv+${service}": `);
    },
    LIMIT_MS,
  );
});

describe("check", () => {
  test("exits 2 and tells the place of every mistake about backends", async () => {
    const place = await bench.place();
    const lines = [
      "name: db",
      "listen: 0",
      "backends:",
      '  - {address: "10.0.0.1:5432", weight: -1}',
      '  - {address: "10.0.0.2:5432", weight: 1000001, maxConnections: 1.5}',
      "balance: fastest",
      "health: {check: off, port: 8080}",
      "dial: {attempts: 0}",
      "limits: {perSource: 99999999999, rate: 0/s, bandwidth: 1}",
      "---",
      "name: spare",
      "listen: 0",
      "backends:",
      '  - {address: "10.0.0.1:5432", backup: true}',
      "---",
      "name: nobody",
      "listen: 0",
      "backends:",
      '  - {address: "10.0.0.1:5432", weight: 0}',
      '  - {address: "10.0.0.2:5432", weight: 0}',
    ];
    await place.write("bad.yaml", `${lines.join("\n")}\n`);
    const { code, out, err } = await place.run(["check", "routes/bad.yaml"]);
    expect({ code, err }).toEqual({ code: 2, err: "" });
    const told = out.split("\n").filter((line) => line.startsWith("routes/bad.yaml:"));
    expect(told.map((line) => /^routes\/bad\.yaml:(\d+:\d+ error \S+) [A-Z"]/.exec(line)?.[1] ?? line)).toEqual([
      "4:40 error route/bad-weight",
      "5:40 error route/bad-weight",
      "5:65 error route/bad-limit",
      "6:10 error route/bad-balance",
      "7:22 error route/no-check",
      "8:18 error route/bad-number",
      "9:21 error route/bad-limit",
      "9:40 error route/bad-rate",
      "9:56 error route/bad-bandwidth",
      "14:40 error route/no-primary",
      "19:3 error route/no-weight",
    ]);
  });
});
