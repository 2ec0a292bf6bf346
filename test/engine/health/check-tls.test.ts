// Checks that speak through upstream TLS, over real sockets of loopback: whom they believe, and what leaves when.

import { describe, expect, test } from "bun:test";
import type { UpstreamTlsPlan } from "../../../src/plan/plan.ts";
import type { Identity } from "../../../src/resource/credentials.ts";
import type { CheckSpec } from "../../../src/resource/health.ts";
import { check, ONE, OURS, startCheck, THROUGH_TLS } from "../../support/approached-check.ts";
import { startBackend } from "../../support/backend.ts";
import { openSockets } from "../../support/descriptors.ts";
import { eventually } from "../../support/eventually.ts";
import { pattern } from "../../support/tls-routes.ts";
import { startTlsFront, tlsFixture, type TlsFrontOptions } from "../../support/tls-front.ts";

const BRIEF_MS = 300;

const [ca, stranger, client, clientKey, strangerKey, revokedTwo] = await Promise.all(
  ["ca.pem", "stranger.pem", "client.pem", "client.key", "stranger.key", "two-revoked.crl"].map(tlsFixture),
);
const STRANGERS: UpstreamTlsPlan = { trust: { ca: [stranger ?? ""], crl: [] }, insecure: false };
const REDIS: CheckSpec = { kind: "redis" };
const POSTGRES: CheckSpec = { kind: "postgres", user: "sallyport" };
const TLS: CheckSpec = { kind: "tls" };

function identity(certificate = "", key = ""): Identity {
  return { certificate, key, notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER };
}

describe("a check through upstream TLS", () => {
  test.each(THROUGH_TLS)("$spec.kind: says nothing in the clear, and leaves politely", async (each) => {
    const { spec, says, clear, server: options } = each;
    await using server = await startTlsFront({ ...options, clearBytes: clear.length });
    const before = openSockets();
    expect(await check(server.port, spec, { tls: ONE })).toBe("good");
    await eventually(() => server.secured[0]?.ended === true && server.connections === 0);
    expect(server.secured).toEqual([{ serverName: "one.example", text: says, ended: true }]);
    const wire = server.wire.toString("latin1");
    expect(wire).toStartWith(`${clear}\x16\x03`);
    for (const secret of ["PING", "HELLO", "sallyport"]) expect(wire).not.toContain(secret);
    await eventually(() => openSockets() <= before);
  });

  /** What is wrong with a server, and how it is told; in each case nothing of ours may reach it. */
  const WRONG: readonly {
    why: string;
    server?: TlsFrontOptions;
    settings?: UpstreamTlsPlan;
    serverName?: string;
    told: string;
  }[] = [
    {
      why: "another authority signed its certificate",
      settings: STRANGERS,
      told: "UNABLE_TO_VERIFY_LEAF_SIGNATURE (no authority that is trusted has signed the certificate)",
    },
    {
      why: "the system's authorities do not know it",
      settings: { insecure: false },
      told: "UNABLE_TO_VERIFY_LEAF_SIGNATURE (no authority that is trusted has signed the certificate)",
    },
    {
      why: "it signed its certificate itself",
      server: { identity: ["self-signed.crt", "self-signed.key"] },
      told: "DEPTH_ZERO_SELF_SIGNED_CERT (the server's certificate is signed by itself and not trusted)",
    },
    {
      why: "its certificate is for another name",
      serverName: "two.example",
      told: `ERR_TLS_CERT_ALTNAME_INVALID (the server's certificate is not for "two.example", but for "DNS:one.example")`,
    },
    {
      why: "its certificate is for a name, and an IP is wanted",
      serverName: "127.0.0.1",
      told: `ERR_TLS_CERT_ALTNAME_INVALID (the server's certificate is not for "127.0.0.1", but for "DNS:one.example")`,
    },
    {
      why: "its certificate is for other IPs",
      server: { identity: ["ip.pem", "one.key"] },
      serverName: "127.0.0.2",
      told: `ERR_TLS_CERT_ALTNAME_INVALID (the server's certificate is not for "127.0.0.2", but for "IP Address:`,
    },
    {
      why: "it has none of the alternative names that are wanted, but the name that it is asked for",
      settings: { ...OURS, subjectAltNames: { dnsNames: [pattern("two.example")], uris: ["spiffe://example/db"] } },
      told: "NO_SUBJECT_ALT_NAME (the server's certificate has none of the subject alternative names that are wanted)",
    },
    {
      why: "it has the alternative name, by another authority",
      settings: { ...STRANGERS, subjectAltNames: { dnsNames: [pattern("one.example")], uris: [] } },
      told: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    },
    {
      why: "it has the alternative name, by another authority, and not the one that it is asked for",
      settings: { ...STRANGERS, subjectAltNames: { dnsNames: [pattern("one.example")], uris: [] } },
      serverName: "asked.test",
      told: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    },
    {
      why: "its certificate has expired",
      server: { identity: ["expired.pem", "one.key"] },
      told: "CERT_HAS_EXPIRED (the server's certificate, or one of its authorities', has expired)",
    },
    {
      why: "its certificate is revoked",
      server: { identity: ["two.pem", "two.key"] },
      settings: { trust: { ca: [ca ?? ""], crl: [revokedTwo ?? ""] }, insecure: false },
      serverName: "two.example",
      told: "CERT_REVOKED (the server's certificate is revoked)",
    },
    {
      why: "it knows nothing newer than TLS 1.1",
      server: { tls: { minVersion: "TLSv1", maxVersion: "TLSv1.1" } },
      told: "ERR_SSL_",
    },
  ];

  describe.each([TLS, REDIS])("$kind", (spec) => {
    test.each(WRONG)("is bad when $why, and tells it nothing", async (wrong) => {
      const { server: options = {}, settings = OURS, serverName = "one.example", told } = wrong;
      await using server = await startTlsFront({ answer: "+PONG\r\n", ...options });
      const outcome = await check(server.port, spec, { tls: { settings, serverName } });
      expect(outcome).toEqual({ bad: expect.stringContaining(`TLS handshake failed: ${told}`) });
      await eventually(() => server.connections === 0);
      expect(server.secured.map(({ text }) => text).join("")).toBe("");
      expect(server.wire.toString("latin1")).not.toContain("PING");
    });

    test("is good at a certificate for the backend's IP, for which no name is asked", async () => {
      await using server = await startTlsFront({ identity: ["ip.pem", "one.key"], answer: "+PONG\r\n" });
      for (const serverName of ["127.0.0.1", "::1"]) {
        expect(await check(server.port, spec, { tls: { settings: OURS, serverName } })).toBe("good");
      }
      await eventually(() => server.secured.length === 2);
      expect(server.secured.map(({ serverName }) => serverName)).toEqual([null, null]);
    });

    test.each([
      ["a DNS name", { dnsNames: [pattern("db.apps.example")], uris: [] }],
      ["a URI", { dnsNames: [], uris: ["spiffe://example/db"] }],
    ])("is good at one that has %s that is wanted, whatever it is asked for", async (_what, subjectAltNames) => {
      await using server = await startTlsFront({ identity: ["service.pem", "one.key"], answer: "+PONG\r\n" });
      for (const serverName of ["asked.test", "127.0.0.2", undefined]) {
        const tls = { settings: { ...OURS, subjectAltNames }, ...(serverName === undefined ? {} : { serverName }) };
        expect(await check(server.port, spec, { tls })).toBe("good");
      }
      await eventually(() => server.secured.length === 3);
      expect(server.secured.map(({ serverName }) => serverName)).toEqual(["asked.test", null, null]);
    });

    test("is good at one that is not revoked by a list that is there", async () => {
      await using server = await startTlsFront({ answer: "+PONG\r\n" });
      const settings = { trust: { ca: [ca ?? ""], crl: [revokedTwo ?? ""] }, insecure: false };
      expect(await check(server.port, spec, { tls: { settings, serverName: "one.example" } })).toBe("good");
    });

    test("insecure, is good at any certificate, and asks for the name", async () => {
      await using server = await startTlsFront({ identity: ["expired.pem", "one.key"], answer: "+PONG\r\n" });
      const settings = { ...STRANGERS, insecure: true };
      expect(await check(server.port, spec, { tls: { settings, serverName: "other.example" } })).toBe("good");
      await eventually(() => server.secured.length === 1);
      expect(server.secured[0]?.serverName).toBe("other.example");
      expect(await check(server.port, spec, { tls: { settings } })).toBe("good");
    });

    test("is bad without a name to verify", async () => {
      await using server = await startTlsFront();
      const outcome = await check(server.port, spec, { tls: { settings: OURS } });
      expect(outcome).toEqual({ bad: "Cannot begin TLS: No name that the certificate should have" });
    });

    test("is bad with a certificate of ours that cannot be used", async () => {
      await using server = await startTlsFront();
      const settings = { ...OURS, identity: identity("no PEM", "no PEM") };
      const outcome = await check(server.port, spec, { tls: { settings, serverName: "one.example" } });
      expect(outcome).toEqual({ bad: expect.stringMatching(/^Cannot begin TLS: ./) });
      await eventually(() => server.connections === 0);
      expect(server.wire).toHaveLength(0);
    });
  });

  test("tls: the name of the check itself does not stand in for the one that clients' connections want", async () => {
    await using server = await startTlsFront();
    const spec: CheckSpec = { kind: "tls", serverName: "one.example" };
    const outcome = await check(server.port, spec, { tls: { settings: OURS, serverName: "two.example" } });
    expect(outcome).toEqual({ bad: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID") });
  });

  describe.each(["TLSv1.2", "TLSv1.3"] as const)("where the server wants a client certificate, by %s,", (version) => {
    const tls = { requestCert: true, rejectUnauthorized: true, ca, minVersion: version, maxVersion: version };

    test("is good with ours", async () => {
      await using server = await startTlsFront({ tls, answer: "+PONG\r\n" });
      const settings = { ...OURS, identity: identity(client, clientKey) };
      expect(await check(server.port, REDIS, { tls: { settings, serverName: "one.example" } })).toBe("good");
    });

    test("is bad without one, and says so", async () => {
      await using server = await startTlsFront({ tls, answer: "+PONG\r\n" });
      const outcome = await check(server.port, REDIS, { tls: ONE });
      expect(outcome).toEqual({
        bad: expect.stringMatching(/: ERR_SSL_\w+ \(the server .*wants a client certificate\)$/),
      });
      expect(server.secured).toEqual([]);
    });

    test("is bad with one that it does not trust", async () => {
      await using server = await startTlsFront({ tls, answer: "+PONG\r\n" });
      const settings = { ...OURS, identity: identity(stranger, strangerKey) };
      const outcome = await check(server.port, REDIS, { tls: { settings, serverName: "one.example" } });
      // Played on Bun, the server resets. Others say what is wrong.
      expect(outcome).toEqual({
        bad: expect.stringMatching(/^(?:TLS handshake failed|Connection closed|Connection lost)/),
      });
      expect(server.secured.map(({ text }) => text).join("")).toBe("");
    });
  });

  test("leaves no descriptor when it is cancelled or too slow at any point", async () => {
    for (const spec of [TLS, REDIS, POSTGRES]) {
      for (const said of ["", "S"]) {
        await using backend = await startBackend((peer) => peer.socket.write(spec.kind === "postgres" ? said : ""));
        const before = openSockets();
        const what = spec.kind === "postgres" && said === "" ? "No answer" : "No TLS handshake";
        const slow = check(backend.port, spec, { tls: ONE }, BRIEF_MS);
        expect(await slow).toEqual({ bad: `${what} within 300ms` });
        let told = false;
        const { running, outcome } = startCheck(backend.port, spec, { tls: ONE });
        void outcome.then(() => (told = true));
        const peer = await backend.peer(1);
        await peer.read(1);
        running.cancel();
        for (const each of backend.peers) {
          await each.until(() => each.ending !== undefined || each.closed);
          each.socket.destroy();
        }
        await eventually(() => openSockets() <= before);
        expect(told).toBe(false);
      }
    }
  });
});
