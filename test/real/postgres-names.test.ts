// Several PostgreSQL databases by name on one port, as psql sees them: TLS that goes through, TLS that ends here, and
// sessions without TLS, each where it is wanted and refused with words where it is not.

import { describe, expect, test } from "bun:test";
import { freePort } from "../support/free-port.ts";
import { accessesOf } from "../support/gateway-binary.ts";
import { startGatewayWith } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { psqlRefused, psqlTo } from "../support/postgres.ts";
import { setPostgresScene } from "../support/postgres-scene.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
/** Which cluster a session came to, and whether it did so in TLS. */
const WHERE = `SELECT current_setting('cluster_name'), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
const protocol = "postgres";

describe.skipIf(skipWithout("postgres", "initdb", "psql", "pgbench", "openssl"))("PostgreSQL by name", () => {
  test(
    "one port leads to several databases, whose certificates are verified in full",
    async () => {
      await using scene = await setPostgresScene();
      const { authority } = scene;
      const own = await authority.server("orders.db.example");
      const { certificate, key } = await authority.server("billing.db.example", "*.reports.example");
      const [orders, billing] = [await scene.cluster("orders", { tls: own }), await scene.cluster("billing")];
      const [listen, terminate] = [`127.0.0.1:${freePort()}`, { mode: "terminate", certificate, key }];
      const [toOrders, toBilling] = [[`127.0.0.1:${orders.port}`], [`127.0.0.1:${billing.port}`]];
      const through = { mode: "passthrough", hostnames: ["orders.db.example", "misnamed.db.example"] };
      await using gateway = await startGatewayWith({
        orders: { listen, protocol, tls: through, backends: toOrders },
        billing: { listen, protocol, tls: { ...terminate, hostnames: ["billing.db.example"] }, backends: toBilling },
        reports: { listen, protocol, tls: { ...terminate, hostnames: ["*.reports.example"] }, backends: toOrders },
      });
      const common = { port: await gateway.port("orders"), sslmode: "verify-full", sslrootcert: authority.ca };

      expect(await psqlTo({ ...common, host: "orders.db.example" }, WHERE)).toEqual(["orders|t"]);
      // With the server itself they speak in the clear: TLS ended before.
      expect(await psqlTo({ ...common, host: "billing.db.example" }, WHERE)).toEqual(["billing|f"]);
      expect(await psqlTo({ ...common, host: "weekly.reports.example" }, WHERE)).toEqual(["orders|f"]);

      const misnamed = await psqlRefused({ ...common, host: "misnamed.db.example" });
      expect(misnamed).toContain(
        `server certificate for "orders.db.example" does not match host name "misnamed.db.example"`,
      );
      // PostgreSQL has no words for it at this point of the handshake.
      expect(await psqlRefused({ ...common, host: "nobody.db.example" })).toMatch(/closed|reset/);
      const plain = await psqlRefused({ ...common, host: "orders.db.example", sslmode: "disable" });
      expect(plain).toEndWith("FATAL:  this port wants TLS: connect with sslmode=require or stronger\n");

      const accesses = await accessesOf(gateway, 6);
      const told = accesses.map(({ route, sni, tls }) => `${route} ${sni} ${tls}`);
      expect(told.toSorted()).toEqual([
        " nobody.db.example undefined",
        " undefined undefined",
        "billing billing.db.example TLSv1.3",
        "orders misnamed.db.example undefined",
        "orders orders.db.example undefined",
        "reports weekly.reports.example TLSv1.3",
      ]);
      expect(accesses.filter(({ route }) => route === "").map(({ reason }) => reason)).toEqual([
        "no-route",
        "no-route",
      ]);
    },
    LIMIT_MS,
  );

  test(
    "sessions without TLS come where a route takes them, beside TLS and without any",
    async () => {
      await using scene = await setPostgresScene();
      const { certificate, key } = await scene.authority.server("named.db.example");
      const [named, plain] = [await scene.cluster("named"), await scene.cluster("plain")];
      const [listen, toPlain] = [`127.0.0.1:${freePort()}`, [`127.0.0.1:${plain.port}`]];
      const tls = { mode: "terminate", certificate, key, hostnames: ["named.db.example"] };
      await using gateway = await startGatewayWith({
        named: { listen, protocol, tls, backends: [`127.0.0.1:${named.port}`] },
        beside: { listen, protocol, backends: toPlain },
        alone: { listen: "127.0.0.1:0", protocol, backends: toPlain },
      });
      const [both, alone] = [await gateway.port("named"), await gateway.port("alone")];
      const host = "named.db.example";
      const fullyVerified = { sslmode: "verify-full", sslrootcert: scene.authority.ca };

      expect(await psqlTo({ port: both, host, ...fullyVerified }, WHERE)).toEqual(["named|f"]);
      expect(await psqlTo({ port: both, host, sslmode: "prefer" }, WHERE)).toEqual(["named|f"]);
      expect(await psqlTo({ port: both, host, sslmode: "disable" }, WHERE)).toEqual(["plain|f"]);
      // It asks for TLS, is told that there is none, and goes on in the clear …
      expect(await psqlTo({ port: alone, host, sslmode: "prefer" }, WHERE)).toEqual(["plain|f"]);
      // … unless it was told not to.
      for (const sslmode of ["require", "verify-full"]) {
        const refused = await psqlRefused({ port: alone, host, ...fullyVerified, sslmode });
        expect(refused).toContain("server does not support SSL, but SSL was required");
      }
    },
    LIMIT_MS,
  );

  test(
    "pgbench connects anew for every transaction, without an error",
    async () => {
      await using scene = await setPostgresScene();
      const { certificate, key } = await scene.authority.server("bench.db.example");
      const server = await scene.cluster("bench");
      await using gateway = await startGatewayWith({
        bench: {
          listen: "127.0.0.1:0",
          protocol,
          tls: { mode: "terminate", certificate, key },
          backends: [`127.0.0.1:${server.port}`],
        },
      });
      const port = await gateway.port("bench");
      const where = `host=bench.db.example hostaddr=127.0.0.1 port=${port} user=postgres dbname=postgres`;
      const verified = `${where} sslmode=verify-full sslrootcert=${scene.authority.ca}`;
      await runProgram("pgbench", ["--initialize", "--quiet", verified]);
      const [clients, transactions] = [4, 25];
      const load = ["--connect", "--client", `${clients}`, "--transactions", `${transactions}`, "--jobs", "2"];
      const output = await runProgram("pgbench", [...load, "--no-vacuum", verified]);
      expect(output).toContain(`number of transactions actually processed: ${clients * transactions}/`);
      expect(output).toContain("number of failed transactions: 0 ");
      // One for each, and those before the first.
      const accesses = await accessesOf(gateway, clients * transactions + 1);
      expect(new Set(accesses.map(({ reason, tls }) => `${reason} ${tls}`))).toEqual(new Set(["done TLSv1.3"]));
    },
    LIMIT_MS,
  );
});
