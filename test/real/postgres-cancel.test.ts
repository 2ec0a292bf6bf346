// Ctrl-C in psql: a request to cancel comes over a connection of its own, without TLS from a psql older than 17, and has to
// find the server and the session that it is about.

import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startGatewayWith } from "../support/gateway-under-test.ts";
import { programPath, skipWithout } from "../support/installed.ts";
import { type Conninfo, psql, psqlArguments } from "../support/postgres.ts";
import { setPostgresScene } from "../support/postgres-scene.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

/** Interrupts a psql while the server is at work for it; gives what it tells its user. `serverPort`: to watch the server. */
async function interrupted(conninfo: Conninfo, serverPort: number): Promise<string> {
  const child = Bun.spawn([programPath("psql"), ...psqlArguments(conninfo), "-c", "SELECT pg_sleep(600)"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  await eventually(async () => child.exitCode !== null || (await psql(serverPort, asleep)).trim() === "1");
  child.kill("SIGINT");
  const [errors] = await Promise.all([child.stderr.text(), child.exited]);
  return errors;
}

describe.skipIf(skipWithout("postgres", "initdb", "psql", "openssl"))("Ctrl-C in psql", () => {
  test(
    "cancels the statement of a session whose TLS goes through, although the request comes without TLS",
    async () => {
      await using scene = await setPostgresScene();
      const { authority } = scene;
      const server = await scene.cluster("db", { tls: await authority.server("db.example") });
      await using gateway = await startGatewayWith({
        db: {
          listen: "127.0.0.1:0",
          protocol: "postgres",
          tls: { mode: "passthrough", hostnames: ["db.example"] },
          backends: [`127.0.0.1:${server.port}`],
        },
      });
      const verified = { port: await gateway.port("db"), sslmode: "verify-full", sslrootcert: authority.ca };
      const told = await interrupted({ ...verified, host: "db.example" }, server.port);
      expect(told).toEndWith("ERROR:  canceling statement due to user request\n");
    },
    LIMIT_MS,
  );

  test(
    "cancels the statement at the server that has it, with TLS that ends here, TLS on both sides, and without any",
    async () => {
      await using scene = await setPostgresScene();
      const { authority } = scene;
      const { certificate, key } = await authority.server("one.example", "two.example", "tls.example");
      const secure = { tls: { certificate, key } };
      const [one, two] = [await scene.cluster("one", secure), await scene.cluster("two", secure)];
      const common = { listen: `127.0.0.1:${freePort()}`, protocol: "postgres" };
      const terminate = (name: string) => ({ mode: "terminate", certificate, key, hostnames: [name] });
      const [toOne, toTwo] = [[`127.0.0.1:${one.port}`], [`127.0.0.1:${two.port}`]];
      const upstreamTls = { ca: authority.ca, serverName: "tls.example" };
      await using gateway = await startGatewayWith({
        one: { ...common, tls: terminate("one.example"), backends: toOne },
        two: { ...common, tls: terminate("two.example"), backends: toTwo },
        again: { ...common, tls: terminate("tls.example"), upstreamTls, backends: toTwo },
        plain: { listen: "127.0.0.1:0", protocol: "postgres", backends: [...toOne, ...toTwo] },
      });
      const verified = { port: await gateway.port("one"), sslmode: "verify-full", sslrootcert: authority.ca };
      const cancelled = "ERROR:  canceling statement due to user request\n";
      const [atOne, atTwo] = [one.port, two.port];

      expect(await interrupted({ ...verified, host: "one.example" }, atOne)).toEndWith(cancelled);
      expect(await interrupted({ ...verified, host: "two.example" }, atTwo)).toEndWith(cancelled);
      expect(await interrupted({ ...verified, host: "tls.example" }, atTwo)).toEndWith(cancelled);
      // The route has two servers: the request goes to the one that has the session, not to the next one.
      const plain = { port: await gateway.port("plain"), sslmode: "disable" };
      expect(await interrupted(plain, atOne)).toEndWith(cancelled);
      expect(await interrupted(plain, atTwo)).toEndWith(cancelled);
    },
    LIMIT_MS,
  );
});
