// HAProxy before the gateway and behind it, as in a chain of proxies: who the client is survives every hop.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeAuthority } from "../support/authority.ts";
import { eventually } from "../support/eventually.ts";
import type { Access, RouteGateway } from "../support/gateway-binary.ts";
import { startGatewayOn } from "../support/gateway-under-test.ts";
import { startHaproxy, startHeaderReader } from "../support/haproxy.ts";
import { skipWithout } from "../support/installed.ts";
import { Peer } from "../support/peer.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
const ASK = "GET / HTTP/1.0\r\n\r\n";
const FROM_LOOPBACK = { from: ["127.0.0.1"] };
/** All that HAProxy 2.6 can tell. */
const EVERYTHING = "send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id";

/** An HAProxy that passes everything on to `port` with a header in front. */
function startSender(port: number, options: string, bind = "") {
  return startHaproxy((own) => [
    `listen sender
        unique-id-format from-haproxy
        bind 127.0.0.1:${own} ${bind}
        server gateway 127.0.0.1:${port} ${options}`,
  ]);
}

/** What the last HAProxy of the chain says to a client from 127.0.0.2, and that client's port. */
async function askFromElsewhere(port: number): Promise<{ readonly said: string; readonly client: string }> {
  await using peer = await Peer.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  const client = `127.0.0.2:${peer.socket.localPort}`;
  await peer.send(ASK);
  await peer.end();
  return { said: (peer.text.split("\r\n\r\n")[1] ?? "").trim(), client };
}

/** The first access whose client begins so. Others are from those who only looked whether a port accepts. */
async function accessFrom(gateway: RouteGateway, client: string): Promise<Access> {
  let found: Access | undefined;
  await eventually(async () => {
    found = (await gateway.accesses()).find((access) => access.client.startsWith(client));
    return found !== undefined;
  });
  if (found === undefined) throw new Error(`Nobody came from ${client}`);
  return found;
}

describe.skipIf(skipWithout("haproxy", "curl", "openssl"))("a chain of proxies", () => {
  test(
    "the client's address goes from HAProxy through the gateway to HAProxy, in both versions each way",
    async () => {
      await using reader = await startHeaderReader();
      for (const [options, uniqueId] of [
        ["send-proxy", undefined],
        [EVERYTHING, "from-haproxy"],
      ] as const) {
        for (const send of [1, 2]) {
          const proxyProtocol = { accept: FROM_LOOPBACK, send };
          await using gateway = await startGatewayOn("web", [reader.port], { proxyProtocol });
          await using sender = await startSender(await gateway.port("web"), options);

          const { said, client } = await askFromElsewhere(sender.port);
          const addresses = `${client} 127.0.0.1:${sender.port}`.replaceAll(":", " ");
          // Version 1 has no room for more; what HAProxy did not name the gateway does.
          const id = send === 1 ? "" : (uniqueId ?? "[-\\w]+");
          expect(said).toMatch(new RegExp(`^${addresses} *${id}$`));
          const access = await accessFrom(gateway, client);
          expect(access).toMatchObject({ reason: "done", proxySource: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
        }
      }
    },
    LIMIT_MS,
  );

  test(
    "the name that a client asks for in TLS is told, with its address",
    async () => {
      await using authority = await makeAuthority();
      const { certificate, key } = await authority.server("web.example");
      await using reader = await startHeaderReader();
      const tls = { mode: "terminate", certificate, key };
      const proxyProtocol = { accept: FROM_LOOPBACK, send: 2 };
      await using gateway = await startGatewayOn("web", [reader.port], { tls, proxyProtocol });
      await using sender = await startSender(await gateway.port("web"), EVERYTHING);

      const where = ["--interface", "127.0.0.2", "--resolve", `web.example:${sender.port}:127.0.0.1`, "--noproxy", "*"];
      const url = `https://web.example:${sender.port}/`;
      const said = await runProgram("curl", ["-sS", ...where, "--cacert", authority.ca, url]);
      expect(said).toMatch(
        new RegExp(`^127\\.0\\.0\\.2 \\d+ 127\\.0\\.0\\.1 ${sender.port} web\\.example from-haproxy$`),
      );
      const access = await accessFrom(gateway, "127.0.0.2:");
      expect(access).toMatchObject({ sni: "web.example", tls: "TLSv1.3", reason: "done" });
    },
    LIMIT_MS,
  );

  test(
    "HAProxy may end TLS itself, and tell of it",
    async () => {
      await using authority = await makeAuthority();
      const { certificate, key } = await authority.server("web.example");
      const both = join(authority.directory, "both.pem");
      await Bun.write(both, `${await Bun.file(certificate).text()}${await Bun.file(key).text()}`);
      const alice = await authority.client("/CN=alice", "alice.example");
      await using reader = await startHeaderReader();
      const proxyProtocol = { accept: { ...FROM_LOOPBACK, versions: "v2" }, send: 2 };
      await using gateway = await startGatewayOn("web", [reader.port], { proxyProtocol });
      const bind = `ssl crt ${both} ca-file ${authority.ca} verify required`;
      await using sender = await startSender(await gateway.port("web"), EVERYTHING, bind);

      const where = ["--interface", "127.0.0.2", "--resolve", `web.example:${sender.port}:127.0.0.1`, "--noproxy", "*"];
      const as = ["--cacert", authority.ca, "--cert", alice.certificate, "--key", alice.key];
      const said = await runProgram("curl", ["-sS", ...where, ...as, `https://web.example:${sender.port}/`]);
      expect(said).toStartWith("127.0.0.2 ");
      expect(said).toEndWith("from-haproxy");
      expect(await accessFrom(gateway, "127.0.0.2:")).toMatchObject({ reason: "done" });
    },
    LIMIT_MS,
  );

  test(
    "HAProxy's checks get an answer when they begin with a header, and none without",
    async () => {
      using backend = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
      const proxyProtocol = { accept: FROM_LOOPBACK };
      await using gateway = await startGatewayOn("web", [backend.port ?? 0], { proxyProtocol });
      const port = await gateway.port("web");
      const pool = (name: string, options: string) => `backend ${name}
        option httpchk GET /
        server gateway 127.0.0.1:${port} check inter 50ms fall 2 rise 2 ${options}`;
      await using haproxy = await startHaproxy((own) => [
        `frontend status
        mode http
        bind 127.0.0.1:${own}
        http-request return status 200 content-type text/plain lf-string "%[nbsrv(v1)] %[nbsrv(v2)] %[nbsrv(bare)]"`,
        pool("v1", "check-send-proxy send-proxy"),
        pool("v2", "check-send-proxy send-proxy-v2"),
        pool("bare", ""),
      ]);
      const status = async () => (await fetch(`http://127.0.0.1:${haproxy.port}/`)).text();
      // They all begin as up: one has to be found down, and the others to have had many answers.
      await eventually(async () => (await status()).endsWith(" 0"));
      const answered = async () => (await gateway.accesses()).filter(({ backend: served }) => served !== undefined);
      await eventually(async () => (await answered()).length >= 10);
      expect(await status()).toBe("1 1 0");
      expect((await gateway.accesses()).map(({ reason }) => reason)).toContain("proxy-header-missing");
      for (const { client } of await answered()) expect(client).toStartWith("127.0.0.1:");
    },
    LIMIT_MS,
  );

  test(
    "a header from somebody who is not listed is not believed",
    async () => {
      await using reader = await startHeaderReader();
      const proxyProtocol = { accept: { from: ["127.0.0.9"] }, send: 2 };
      await using gateway = await startGatewayOn("web", [reader.port], { proxyProtocol });
      await using sender = await startSender(await gateway.port("web"), "send-proxy-v2 source 127.0.0.3");
      // It is data to the gateway, and so to the last one, which finds it where a request should be.
      const { said } = await askFromElsewhere(sender.port);
      expect(said).not.toContain("127.0.0.2");
      expect((await accessFrom(gateway, "127.0.0.3:")).proxySource).toBeUndefined();
      expect((await gateway.accesses()).filter(({ client }) => client.startsWith("127.0.0.2:"))).toEqual([]);
    },
    LIMIT_MS,
  );
});
