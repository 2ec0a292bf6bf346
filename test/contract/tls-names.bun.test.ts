// What runtime/tls.ts promises of servers that are known by their alternative names, of Bun's sockets: the chain is verified by
// the runtime, the names by us, and nothing is said before both. service.pem: *.apps.example, service.example, spiffe://example/db.

import { describe, expect, test } from "bun:test";

import { bunRuntime } from "../../src/runtime/bun.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { eventually } from "../support/eventually.ts";
import { startRelay } from "../support/holding-relay.ts";
import { tlsPem } from "../support/tls-client.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { clientSettings, tlsDial, tlsOf } from "../support/tls-pair.ts";
import { pattern } from "../support/tls-routes.ts";

const runtime = bunRuntime();
const SERVICE = ["service.pem", "one.key"] as const;
const STRANGER = { trust: { ca: [tlsPem("stranger.pem")], crl: [] } };
const dns = (...names: readonly string[]) => ({ subjectAltNames: { dnsNames: names.map(pattern), uris: [] } });
const uri = (...uris: readonly string[]) => ({ subjectAltNames: { dnsNames: [], uris } });

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a server known by its alternative names, in %s", (version) => {
  const tls = { minVersion: version, maxVersion: version };

  test.each([
    ["a DNS name", dns("service.example"), "service.example"],
    ["a DNS name, and is asked for one that it has not", dns("service.example"), "asked.test"],
    ["a name that its star stands for", dns("db.apps.example"), "asked.test"],
    ["a URI", uri("spiffe://example/db"), "asked.test"],
    ["one of several", { subjectAltNames: { dnsNames: [pattern("x.test")], uris: ["spiffe://example/db"] } }, "x.test"],
  ])("is believed by %s", async (_what, names, serverName) => {
    await using server = await startTlsFront({ identity: SERVICE, tls, answer: "answer" });
    for (const round of [1, 2]) {
      const client = tlsDial(runtime, server.port, clientSettings(names), serverName);
      await client.settled();
      expect(client.events).toEqual(["secured"]);
      expect(client.handshake).not.toHaveProperty("distrust");
      await client.send("question");
      await client.until(() => client.receivedBytes === 6);
      expect(server.secured).toHaveLength(round);
      expect(server.secured.at(-1)).toMatchObject({ serverName, text: "question" });
      client.socket.terminate();
    }
  });

  test.each([
    ["no such name", SERVICE, dns("other.example"), "service.example", "NO_SUBJECT_ALT_NAME"],
    ["no such URI", SERVICE, uri("spiffe://example/other"), "service.example", "NO_SUBJECT_ALT_NAME"],
    ["no names to have", SERVICE, uri(), "service.example", "NO_SUBJECT_ALT_NAME"],
    [
      "the name, by nobody whom we know",
      SERVICE,
      { ...dns("service.example"), ...STRANGER },
      "service.example",
      "LEAF",
    ],
    ["the same, asked for another", SERVICE, { ...dns("service.example"), ...STRANGER }, "asked.test", "LEAF"],
    [
      "the name, by none of the system's authorities",
      SERVICE,
      { ...dns("service.example"), trust: undefined },
      "asked.test",
      "LEAF",
    ],
    ["the name, but no time left", ["expired.pem", "one.key"], dns("one.example"), "asked.test", "CERT_HAS_EXPIRED"],
    ["signed itself", ["self-signed.crt", "self-signed.key"], dns("checked.example"), "asked.test", "SELF_SIGNED"],
    [
      "the name, and is revoked",
      ["two.pem", "two.key"],
      { ...dns("two.example"), trust: { ca: [tlsPem("ca.pem")], crl: [tlsPem("two-revoked.crl")] } },
      "asked.test",
      "CERT_REVOKED",
    ],
  ] as const)("is refused, and told nothing, that has %s", async (_what, identity, names, serverName, code) => {
    await using server = await startTlsFront({ identity, tls, answer: "answer" });
    const { trust, ...rest } = clientSettings(names as object);
    const settings = trust === undefined ? rest : { trust, ...rest };
    for (const _round of [1, 2]) {
      const client = tlsDial(runtime, server.port, settings, serverName);
      await client.settled();
      expect(client.events).toEqual([expect.stringMatching(new RegExp(`^closed [A-Z_]*${code}`))]);
      await eventually(() => server.connections === 0);
      expect(server.secured.map(({ text }) => text).join("")).toBe("");
    }
  });

  test("is asked for no name where there is an address, or nothing, and is known all the same", async () => {
    await using server = await startTlsFront({ identity: SERVICE, tls });
    await using relay = await startRelay(server.port, "::1");
    for (const [port, name, host] of [
      [server.port, "127.0.0.1", "127.0.0.1"],
      [server.port, "192.0.2.1", "127.0.0.1"],
      [server.port, undefined, "127.0.0.1"],
      [relay.port, "::1", "::1"],
    ] as const) {
      const before = server.secured.length;
      const client = tlsDial(runtime, port, clientSettings(uri("spiffe://example/db")), name, host);
      await client.settled();
      expect(client.events).toEqual(["secured"]);
      // A reset may overtake the end of the handshake.
      await client.send("question");
      await eventually(() => server.secured.length > before);
      client.socket.terminate();
    }
    expect(server.secured.map(({ serverName }) => serverName)).toEqual([null, null, null, null]);
  });
});

test("names of a server that is not verified are a mistake", () => {
  expect(() => tlsOf(runtime).clientContext(clientSettings({ ...dns("a.b"), insecure: true }))).toThrow(
    "Names of a server that is not verified mean nothing",
  );
});

test("a runtime that cannot see to them refuses them", () => {
  const node = tlsOf(nodeRuntime("node", "1"));
  expect(() => node.clientContext(clientSettings(dns("a.b")))).toThrow("by no other subjectAltNames");
});
