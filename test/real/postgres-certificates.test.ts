// Client certificates that decide which PostgreSQL database a psql gets, and psql's words for those who get none.

import { describe, expect, test } from "bun:test";
import { makeAuthority } from "../support/authority.ts";
import { freePort } from "../support/free-port.ts";
import { accessesOf } from "../support/gateway-binary.ts";
import { startGatewayWith } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { psqlRefused, psqlTo } from "../support/postgres.ts";
import { setPostgresScene } from "../support/postgres-scene.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
const WHERE = "SHOW cluster_name";

describe.skipIf(skipWithout("postgres", "initdb", "psql", "openssl"))("PostgreSQL by client certificate", () => {
  test(
    "one name on one port leads each client to its own database, and nobody else anywhere",
    async () => {
      await using scene = await setPostgresScene();
      await using stranger = await makeAuthority();
      const { authority } = scene;
      const { certificate, key } = await authority.server("db.example");
      const [billing, reporting] = [await scene.cluster("billing"), await scene.cluster("reporting")];
      const common = { listen: `127.0.0.1:${freePort()}`, protocol: "postgres" };
      const terminate = { mode: "terminate", certificate, key, hostnames: ["db.example"] };
      const tls = { ...terminate, clientAuth: { ca: authority.ca, mode: "require" } };
      await using gateway = await startGatewayWith({
        billing: {
          ...common,
          tls,
          match: { clientCert: { dnsNames: ["billing.apps.example"] } },
          backends: [`127.0.0.1:${billing.port}`],
        },
        reporting: {
          ...common,
          tls,
          match: { clientCert: { organizations: ["Reporting"] } },
          backends: [`127.0.0.1:${reporting.port}`],
        },
      });
      const port = await gateway.port("billing");
      const verified = { port, host: "db.example", sslmode: "verify-full", sslrootcert: authority.ca };
      const as = (identity: { readonly certificate: string; readonly key: string }) => ({
        ...verified,
        sslcert: identity.certificate,
        sslkey: identity.key,
      });

      const bill = await authority.client("/O=Example/CN=bill", "billing.apps.example");
      const rita = await authority.client("/O=Reporting/CN=rita", "rita.example");
      expect(await psqlTo(as(bill), WHERE)).toEqual(["billing"]);
      expect(await psqlTo(as(rita), WHERE)).toEqual(["reporting"]);

      const unwanted = await authority.client("/O=Example/CN=mallory", "mallory.apps.example");
      expect(await psqlRefused(as(unwanted))).toEndWith("FATAL:  the client certificate is not allowed here\n");
      // Its name is right; who says so is not.
      const forged = await stranger.client("/O=Reporting/CN=rita", "billing.apps.example");
      expect(await psqlRefused(as(forged))).toContain("FATAL:  the client certificate is not accepted: ");
      // `sslcert` names a file that is not there: psql looks in its home directory otherwise.
      const none = { ...verified, sslcert: `${authority.directory}/none.pem` };
      expect(await psqlRefused(none)).toEndWith("FATAL:  the client certificate is not accepted: No certificate\n");

      const accesses = await accessesOf(gateway, 5);
      expect(accesses.map(({ route, clientCert, reason }) => ({ route, clientCert, reason }))).toEqual([
        { route: "billing", clientCert: "bill", reason: "done" },
        { route: "reporting", clientCert: "rita", reason: "done" },
        { route: "", clientCert: "mallory", reason: "denied-certificate" },
        { route: "", clientCert: undefined, reason: "client-cert-invalid" },
        { route: "", clientCert: undefined, reason: "client-cert-invalid" },
      ]);
    },
    LIMIT_MS,
  );

  test(
    "a route that only asks for certificates lets in whoever has none, and refuses a bad one",
    async () => {
      await using scene = await setPostgresScene();
      await using stranger = await makeAuthority();
      const { authority } = scene;
      const { certificate, key } = await authority.server("db.example");
      const server = await scene.cluster("db");
      const clientAuth = { ca: authority.ca, mode: "request" };
      await using gateway = await startGatewayWith({
        db: {
          listen: "127.0.0.1:0",
          protocol: "postgres",
          tls: { mode: "terminate", certificate, key, clientAuth },
          backends: [`127.0.0.1:${server.port}`],
        },
      });
      const port = await gateway.port("db");
      const verified = { port, host: "db.example", sslmode: "verify-full", sslrootcert: authority.ca };
      expect(await psqlTo({ ...verified, sslcert: `${authority.directory}/none.pem` }, WHERE)).toEqual(["db"]);
      const forged = await stranger.client("/CN=rita", "rita.example");
      const refused = await psqlRefused({ ...verified, sslcert: forged.certificate, sslkey: forged.key });
      expect(refused).toContain("FATAL:  the client certificate is not accepted: ");
    },
    LIMIT_MS,
  );
});
