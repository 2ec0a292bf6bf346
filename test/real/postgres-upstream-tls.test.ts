// TLS that ends here and begins again towards PostgreSQL: the server's certificate, and passwords by SCRAM, which may be
// bound to the certificate that the client sees.

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
/** Whether a session came to the server in TLS, and with which certificate. */
const HOW = `SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
const protocol = "postgres";

describe.skipIf(skipWithout("postgres", "initdb", "psql", "openssl"))("TLS to PostgreSQL", () => {
  test(
    "the server is verified and shown our certificate, and one that cannot be believed gets nobody",
    async () => {
      await using scene = await setPostgresScene();
      await using stranger = await makeAuthority();
      const { authority } = scene;
      const server = await scene.cluster("db", {
        tls: await authority.server("inside.db.example"),
        settings: { ssl_ca_file: authority.ca },
      });
      const { certificate, key } = await authority.server("one.example", "two.example", "three.example");
      const gatewayIdentity = await authority.client("/CN=gateway", "gateway.example");
      const listen = `127.0.0.1:${freePort()}`;
      const route = (hostname: string, upstreamTls: object) => ({
        listen,
        protocol,
        tls: { mode: "terminate", certificate, key, hostnames: [hostname] },
        upstreamTls,
        backends: [`127.0.0.1:${server.port}`],
      });
      const serverName = "inside.db.example";
      await using gateway = await startGatewayWith({
        good: route("one.example", { ca: authority.ca, serverName, ...gatewayIdentity }),
        "wrong-ca": route("two.example", { ca: stranger.ca, serverName }),
        "wrong-name": route("three.example", { ca: authority.ca, serverName: "outside.db.example" }),
        // A client that speaks no TLS itself.
        plain: { ...route("", { ca: authority.ca, serverName }), listen: "127.0.0.1:0", tls: undefined },
      });
      const common = { port: await gateway.port("good"), sslmode: "verify-full", sslrootcert: authority.ca };

      expect(await psqlTo({ ...common, host: "one.example" }, HOW)).toEqual(["t|/CN=gateway"]);
      const plain = { port: await gateway.port("plain"), host: "one.example" };
      expect(await psqlTo({ ...plain, sslmode: "disable" }, HOW)).toEqual(["t|"]);
      for (const host of ["two.example", "three.example"]) {
        expect(await psqlRefused({ ...common, host })).toContain("server closed the connection unexpectedly");
      }
      const accesses = await accessesOf(gateway, 4);
      expect(accesses.map(({ route: name, reason }) => [name, reason])).toEqual([
        ["good", "done"],
        ["plain", "done"],
        ["wrong-ca", "dial-failed"],
        ["wrong-name", "dial-failed"],
      ]);
      const told = (await gateway.messages()).filter((message) => message.startsWith("Cannot reach backend"));
      expect(told).toEqual([
        expect.stringMatching(/TLS handshake failed: (?:UNABLE_TO_VERIFY|SELF_SIGNED_CERT)/),
        expect.stringContaining(`the server's certificate is not for "outside.db.example"`),
      ]);
    },
    LIMIT_MS,
  );

  test(
    "passwords work wherever channel binding does not look through two certificates",
    async () => {
      await using scene = await setPostgresScene();
      const { authority } = scene;
      const own = await authority.server("same.example");
      const { certificate, key } = await authority.server("ends.example", "again.example");
      const server = await scene.cluster("db", { tls: own, auth: "scram-sha-256", password: "secret" });
      const common = { listen: `127.0.0.1:${freePort()}`, protocol, backends: [`127.0.0.1:${server.port}`] };
      const terminate = { mode: "terminate", certificate, key };
      const upstreamTls = { ca: authority.ca, serverName: "same.example" };
      await using gateway = await startGatewayWith({
        ends: { ...common, tls: { ...terminate, hostnames: ["ends.example"] } },
        again: { ...common, tls: { ...terminate, hostnames: ["again.example"] }, upstreamTls },
        same: { ...common, tls: { mode: "terminate", ...own, hostnames: ["same.example"] }, upstreamTls },
      });
      const port = await gateway.port("ends");
      const verified = { port, sslmode: "verify-full", sslrootcert: authority.ca, password: "secret" };
      const to = (host: string, binding: string) => ({ ...verified, host, channel_binding: binding });

      // The server speaks no TLS here, so it offers none to bind to.
      expect(await psqlTo(to("ends.example", "prefer"), HOW)).toEqual(["f|"]);
      expect(await psqlRefused({ ...to("ends.example", "prefer"), password: "wrong" })).toContain(
        'password authentication failed for user "postgres"',
      );
      expect(await psqlRefused(to("ends.example", "require"))).toContain(
        "channel binding is required, but server did not offer an authentication method that supports channel binding",
      );
      // Binding is there to find out whoever sits between, and a gateway does.
      for (const binding of ["prefer", "require"]) {
        expect(await psqlRefused(to("again.example", binding))).toContain("SCRAM channel binding check failed");
      }
      expect(await psqlTo(to("again.example", "disable"), HOW)).toEqual(["t|"]);
      // What is bound to is the certificate: with the server's own on the gateway they agree.
      for (const binding of ["prefer", "require"]) {
        expect(await psqlTo(to("same.example", binding), HOW)).toEqual(["t|"]);
      }
    },
    LIMIT_MS,
  );
});
