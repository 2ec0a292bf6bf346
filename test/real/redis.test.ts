// Redis behind a route: the load of redis-benchmark without an error, connections that wait, and messages pushed.

import { describe, expect, test } from "bun:test";
import { startGatewayTo } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { Peer } from "../support/peer.ts";
import { startRedis } from "../support/redis.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

describe.skipIf(skipWithout("redis-server", "redis-benchmark", "redis-cli"))("Redis through a route", () => {
  test(
    "redis-benchmark finishes without an error, and the server has seen every request",
    async () => {
      await using server = await startRedis();
      await using gateway = await startGatewayTo("redis", server.port);
      const port = `${await gateway.port("redis")}`;
      const requests = 20_000;
      // -e shows errors of the server, --csv prints one line per test; 50 connections, values of 1 KiB, pipelined by 4.
      const load = [
        "-c",
        "50",
        "-n",
        `${requests}`,
        "-d",
        "1024",
        "-P",
        "4",
        "-e",
        "--csv",
        "-t",
        "set,get,lpush,lrange_100",
      ];
      const output = await runProgram("redis-benchmark", ["-h", "127.0.0.1", "-p", port, ...load]);
      expect(output).not.toMatch(/error/i);
      for (const name of ["SET", "GET", "LPUSH", "LRANGE_100"]) expect(output).toContain(`"${name}`);
      const statistics = await runProgram("redis-cli", ["-p", port, "INFO", "commandstats"]);
      for (const command of ["set", "get"]) {
        const calls = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1];
        expect(Number(calls)).toBeGreaterThanOrEqual(requests);
      }
    },
    LIMIT_MS,
  );

  test("a subscriber gets what another connection publishes", async () => {
    await using server = await startRedis();
    await using gateway = await startGatewayTo("redis", server.port);
    const port = await gateway.port("redis");
    await using subscriber = await Peer.connect(port);
    await subscriber.send("SUBSCRIBE news\r\n");
    const subscribed = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n";
    expect(await subscriber.read(subscribed.length)).toBe(subscribed);
    await using publisher = await Peer.connect(port);
    await publisher.send("PUBLISH news hello\r\n");
    expect(await publisher.read(4)).toBe(":1\r\n");
    const message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
    expect(await subscriber.read(subscribed.length + message.length)).toBe(subscribed + message);
  });

  test("a client that blocks on an empty list is woken by another connection", async () => {
    await using server = await startRedis();
    await using gateway = await startGatewayTo("redis", server.port);
    const port = await gateway.port("redis");
    await using waiting = await Peer.connect(port);
    await waiting.send("BLPOP jobs 0\r\n");
    await using pushing = await Peer.connect(port);
    await pushing.send("RPUSH jobs first\r\n");
    expect(await pushing.read(4)).toBe(":1\r\n");
    const popped = "*2\r\n$4\r\njobs\r\n$5\r\nfirst\r\n";
    expect(await waiting.read(popped.length)).toBe(popped);
    await waiting.send("QUIT\r\n");
    expect(await waiting.end()).toBe("fin");
    expect(waiting.text).toBe(`${popped}+OK\r\n`);
  });
});
