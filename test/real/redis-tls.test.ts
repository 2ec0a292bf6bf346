// Redis with TLS: redis-cli and redis-benchmark through TLS that ends here, through TLS that ends at the server, and
// without TLS to a server that wants it.

import { describe, expect, test } from "bun:test";
import { makeAuthority } from "../support/authority.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startGatewayWith } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { startRedis } from "../support/redis.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

describe.skipIf(skipWithout("redis-server", "redis-cli", "redis-benchmark", "openssl"))("Redis with TLS", () => {
  test(
    "redis-cli reaches two servers by name on one port, and one with TLS of its own without any",
    async () => {
      await using authority = await makeAuthority();
      const own = await authority.server("own.redis.example");
      const { certificate, key } = await authority.server("ends.redis.example");
      await using secure = await startRedis(own);
      await using plain = await startRedis();
      const listen = `127.0.0.1:${freePort()}`;
      const [toSecure, toPlain] = [[`127.0.0.1:${secure.port}`], [`127.0.0.1:${plain.port}`]];
      const upstreamTls = { ca: authority.ca, serverName: "own.redis.example" };
      await using gateway = await startGatewayWith({
        own: { listen, tls: { mode: "passthrough", hostnames: ["own.redis.example"] }, backends: toSecure },
        ends: {
          listen,
          tls: { mode: "terminate", certificate, key, hostnames: ["ends.redis.example"] },
          backends: toPlain,
        },
        upstream: { listen: "127.0.0.1:0", upstreamTls, backends: toSecure, health: { check: "redis" } },
      });
      const [port, upstream] = [await gateway.port("own"), await gateway.port("upstream")];
      const cli = (name: string, ...command: readonly string[]) =>
        runProgram("redis-cli", ["-p", `${port}`, "--tls", "--sni", name, "--cacert", authority.ca, ...command]);

      // Its check speaks TLS, too.
      await eventually(async () => {
        const { backends } = await gateway.engine();
        return backends.find(({ route }) => route === "upstream")?.targets[0]?.check?.status === "up";
      });
      expect(await cli("own.redis.example", "SET", "town", "Ulm")).toBe("OK\n");
      expect(await cli("ends.redis.example", "SET", "town", "Bern")).toBe("OK\n");
      expect(await cli("own.redis.example", "GET", "town")).toBe("Ulm\n");
      expect(await cli("ends.redis.example", "GET", "town")).toBe("Bern\n");
      expect(await runProgram("redis-cli", ["-p", `${upstream}`, "GET", "town"])).toBe("Ulm\n");
      await expect(cli("nobody.redis.example", "GET", "town")).rejects.toThrow("Could not connect");
      // 1 MiB, so many records of TLS.
      const long = "x".repeat(1 << 20);
      const script = `return redis.call("SET", "long", string.rep("x", ${long.length}))`;
      expect(await cli("ends.redis.example", "EVAL", script, "0")).toBe("OK\n");
      expect(await cli("ends.redis.example", "GET", "long")).toBe(`${long}\n`);
    },
    LIMIT_MS,
  );

  test(
    "redis-benchmark finishes without an error through TLS on both sides",
    async () => {
      await using authority = await makeAuthority();
      const own = await authority.server("redis.example");
      await using server = await startRedis(own);
      await using gateway = await startGatewayWith({
        redis: {
          listen: "127.0.0.1:0",
          tls: { mode: "terminate", ...own },
          upstreamTls: { ca: authority.ca, serverName: "redis.example" },
          backends: [`127.0.0.1:${server.port}`],
        },
      });
      const where = [
        "-p",
        `${await gateway.port("redis")}`,
        "--tls",
        "--sni",
        "redis.example",
        "--cacert",
        authority.ca,
      ];
      const load = ["-c", "20", "-n", "5000", "-d", "1024", "-P", "4", "-e", "--csv", "-t", "set,get,lrange_100"];
      const output = await runProgram("redis-benchmark", [...where, ...load]);
      expect(output).not.toMatch(/error/i);
      for (const name of ["SET", "GET", "LRANGE_100"]) expect(output).toContain(`"${name}`);
      const statistics = await runProgram("redis-cli", [...where, "INFO", "commandstats"]);
      expect(Number(/cmdstat_get:calls=(\d+)/.exec(statistics)?.[1])).toBeGreaterThanOrEqual(5000);
    },
    LIMIT_MS,
  );
});
