// PostgreSQL behind a route: an ordinary session with psql, and a bulk copy out and in that must not change a byte.

import { describe, expect, test } from "bun:test";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGatewayTo } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { psql, startPostgres } from "../support/postgres.ts";

/** Making a cluster and moving 200 MB takes a few seconds here; this only ends a hang. */
const LIMIT_MS = 180_000;

/** One million rows of 7 + 96 characters: a little over 100 MB as text. */
const ROWS = `SELECT i, md5(i::text) || md5((i + 1)::text) || md5((i * 7)::text) FROM generate_series(1, 1000000) AS i`;

async function sha256(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

describe.skipIf(skipWithout("postgres", "initdb", "psql"))("PostgreSQL through a route", () => {
  test(
    "psql creates, fills and reads a table, and is told about its mistakes",
    async () => {
      await using server = await startPostgres();
      await using gateway = await startGatewayTo("pg", server.port);
      const port = await gateway.port("pg");
      await psql(port, "CREATE TABLE towns (name text PRIMARY KEY, people int)");
      await psql(port, "INSERT INTO towns VALUES ('Ulm', 126000), ('Bern', 134000)");
      expect(await psql(port, "SELECT name, people FROM towns ORDER BY name")).toBe("Bern|134000\nUlm|126000\n");
      await expect(psql(port, "SELECT * FROM nowhere")).rejects.toThrow('relation "nowhere" does not exist');
    },
    LIMIT_MS,
  );

  test(
    "a COPY of 100 MB arrives unchanged in both directions",
    async () => {
      await using server = await startPostgres();
      await using gateway = await startGatewayTo("pg", server.port);
      await using cleanup = new AsyncDisposableStack();
      const directory = await mkdtemp(join(tmpdir(), "sallyport-copy-"));
      cleanup.defer(() => rm(directory, { recursive: true, force: true }));
      const port = await gateway.port("pg");
      const [direct, out, back] = [join(directory, "direct"), join(directory, "out"), join(directory, "back")];

      await psql(server.port, `\\copy (${ROWS}) TO '${direct}'`);
      await psql(port, `\\copy (${ROWS}) TO '${out}'`);
      await psql(port, "CREATE UNLOGGED TABLE rows (i int, t text)", `\\copy rows FROM '${out}'`);
      await psql(server.port, `\\copy (SELECT * FROM rows ORDER BY i) TO '${back}'`);

      const { size } = await stat(direct);
      expect(size).toBeGreaterThan(100_000_000);
      const wanted = await sha256(direct);
      expect(await sha256(out)).toBe(wanted);
      expect(await sha256(back)).toBe(wanted);
    },
    LIMIT_MS,
  );
});
