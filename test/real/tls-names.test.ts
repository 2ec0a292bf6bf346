// curl and `openssl s_client` at one port with many names: some go through to the backend's own TLS, some end here.

import { describe, expect, test } from "bun:test";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { freePort } from "../support/free-port.ts";
import { accessesOf, type RouteGateway } from "../support/gateway-binary.ts";
import { startGatewayWith } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { sClient } from "../support/openssl.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
const ASK = "GET / HTTP/1.0\r\n\r\n";

interface Scene extends AsyncDisposable {
  readonly authority: Authority;
  readonly gateway: RouteGateway;
  readonly port: number;
}

/**
 * One port: `through.example` to a backend with TLS, `ends.example` and `*.ends.example` to one without, as is
 * `modern.example`, which speaks TLS 1.3 alone, and `guarded.example`, which wants a certificate.
 */
async function setScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await makeAuthority());
  const own = await authority.server("through.example");
  const names = ["ends.example", "*.ends.example", "modern.example", "guarded.example"];
  const { certificate, key } = await authority.server(...names);
  const tls = { cert: Bun.file(own.certificate), key: Bun.file(own.key) };
  const local = { hostname: "127.0.0.1", port: 0 };
  const behind = stack.use(Bun.serve({ ...local, tls, fetch: () => new Response("the backend's own TLS") }));
  const plain = stack.use(Bun.serve({ ...local, fetch: () => new Response("no TLS") }));
  const listen = `127.0.0.1:${freePort()}`;
  const toPlain = [`127.0.0.1:${plain.port}`];
  const terminate = (hostname: string, more: object = {}) => ({
    listen,
    tls: { mode: "terminate", certificate, key, hostnames: [hostname], ...more },
    backends: toPlain,
  });
  const clientAuth = { ca: authority.ca, mode: "require", allow: { commonNames: ["alice"] } };
  const gateway = stack.use(
    await startGatewayWith({
      through: {
        listen,
        tls: { mode: "passthrough", hostnames: ["through.example"] },
        backends: [`127.0.0.1:${behind.port}`],
      },
      ends: terminate("ends.example", { alpn: ["postgresql", "http/1.1"] }),
      below: terminate("*.ends.example"),
      modern: terminate("modern.example", { minVersion: "1.3" }),
      guarded: terminate("guarded.example", { clientAuth }),
    }),
  );
  const owned = stack.move();
  const port = await gateway.port("through");
  return { authority, gateway, port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Asks by a name that is resolved to loopback; the certificate is verified for it. */
function curl({ authority, port }: Scene, name: string, ...more: readonly string[]): Promise<string> {
  const where = ["--resolve", `${name}:${port}:127.0.0.1`, "--cacert", authority.ca, "--noproxy", "*"];
  return runProgram("curl", ["--silent", "--show-error", ...where, ...more, `https://${name}:${port}/`]);
}

describe.skipIf(skipWithout("curl", "openssl"))("many names on one port", () => {
  test(
    "curl verifies each of them, in TLS 1.2 and 1.3",
    async () => {
      await using scene = await setScene();
      for (const version of [["--tls-max", "1.2"], ["--tlsv1.3"]]) {
        expect(await curl(scene, "through.example", ...version)).toBe("the backend's own TLS");
        expect(await curl(scene, "ends.example", ...version)).toBe("no TLS");
        expect(await curl(scene, "one.ends.example", ...version)).toBe("no TLS");
      }
      expect(await curl(scene, "modern.example")).toBe("no TLS");
      await expect(curl(scene, "modern.example", "--tls-max", "1.2")).rejects.toThrow(/curl: \(35\)/);
      // One label only, and nobody's name at all.
      for (const name of ["two.one.ends.example", "nobody.example"]) {
        await expect(curl(scene, name)).rejects.toThrow(/curl: \(35\)/);
      }
      const told = (await accessesOf(scene.gateway, 10)).map(({ route, sni, tls, reason }) =>
        [route, sni, tls ?? "", reason === "no-route" || reason === "tls-failed" ? reason : ""].join(" ").trim(),
      );
      expect(told.toSorted()).toEqual([
        "below one.ends.example TLSv1.2",
        "below one.ends.example TLSv1.3",
        "ends ends.example TLSv1.2",
        "ends ends.example TLSv1.3",
        "modern modern.example  tls-failed",
        "modern modern.example TLSv1.3",
        "nobody.example  no-route",
        "through through.example",
        "through through.example",
        "two.one.ends.example  no-route",
      ]);
    },
    LIMIT_MS,
  );

  test(
    "curl gets in with a certificate that is allowed, and with no other",
    async () => {
      await using scene = await setScene();
      const as = async (subject: string) => {
        const { certificate, key } = await scene.authority.client(subject, "client.example");
        return ["--cert", certificate, "--key", key];
      };
      expect(await curl(scene, "guarded.example", ...(await as("/CN=alice")))).toBe("no TLS");
      await expect(curl(scene, "guarded.example", ...(await as("/CN=mallory")))).rejects.toThrow("curl: (");
      await expect(curl(scene, "guarded.example")).rejects.toThrow("curl: (");
      const told = (await accessesOf(scene.gateway, 3)).map(({ clientCert, reason }) => `${clientCert} ${reason}`);
      expect(told).toEqual(["alice done", "mallory denied-certificate", "undefined client-cert-invalid"]);
    },
    LIMIT_MS,
  );

  test(
    "s_client sees the certificate, the version and the protocol that were agreed on",
    async () => {
      await using scene = await setScene();
      const { authority, port } = scene;
      const ask = (name: string, ...more: readonly string[]) => {
        const verified = ["-CAfile", authority.ca, "-verify_return_error", "-verify_hostname", name];
        return sClient(port, ["-servername", name, ...verified, ...more], ASK);
      };
      for (const [option, version] of [
        ["-tls1_2", "TLSv1.2"],
        ["-tls1_3", "TLSv1.3"],
      ] as const) {
        for (const [name, answer] of [
          ["through.example", "the backend's own TLS"],
          ["ends.example", "no TLS"],
        ] as const) {
          const { output } = await ask(name, option);
          expect(output).toContain("Verify return code: 0 (ok)");
          expect(output).toContain(`Verified peername: ${name}`);
          expect(output).toContain(`New, ${version}, Cipher is`);
          expect(output).toContain(answer);
        }
      }
      // The server's order counts, not the client's.
      expect((await ask("ends.example", "-alpn", "http/1.1,postgresql")).output).toContain("ALPN protocol: postgresql");
      expect((await ask("one.ends.example", "-alpn", "http/1.1")).output).toContain("No ALPN negotiated");
      const ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
      const { output } = await ask("ends.example", "-tls1_2", "-cipher", ciphers);
      expect(output).toContain("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256");
      // Without a name there is no route here.
      expect((await sClient(port, ["-noservername"])).code).not.toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "s_client begins TLS as PostgreSQL's clients do, and directly",
    async () => {
      await using authority = await makeAuthority();
      const { certificate, key } = await authority.server("db.example");
      await using gateway = await startGatewayWith({
        db: {
          listen: "127.0.0.1:0",
          protocol: "postgres",
          tls: { mode: "terminate", certificate, key, hostnames: ["db.example"] },
          backends: [`127.0.0.1:${freePort()}`],
        },
      });
      const port = await gateway.port("db");
      const verified = ["-servername", "db.example", "-CAfile", authority.ca, "-verify_return_error"];
      const nonsense = "X\0\0\0\x04";
      for (const start of [
        ["-starttls", "postgres"],
        ["-alpn", "postgresql"],
      ]) {
        const { output } = await sClient(port, [...verified, ...start], nonsense);
        expect(output).toContain("Verify return code: 0 (ok)");
      }
      // A browser that was made to talk to a database.
      const { output } = await sClient(port, [...verified, "-alpn", "http/1.1"]);
      expect(output).toContain("no peer certificate available");
    },
    LIMIT_MS,
  );
});
