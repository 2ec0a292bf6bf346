// The part of the Tls contract about servers that are dialled: whom a client believes, what it shows, and that nothing of
// ours is said to anybody else.

import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TlsClientSettings, TlsServerContext } from "../../src/runtime/tls.ts";
import { startTlsFront } from "../support/tls-front.ts";
import { dialTls, listenTls, tlsIdentity, tlsOf, tlsPem } from "../support/tls-end.ts";
import type { DeclareTest } from "./socket-contract.ts";

const TRUST = { ca: [tlsPem("ca.pem")], crl: [] };

/** Declares the tests about clients; `one` makes a server that is `one.example`. */
export function tlsClientContract(runtime: Runtime, test: DeclareTest, one: () => TlsServerContext): void {
  const context = (settings: Partial<TlsClientSettings> = {}) =>
    tlsOf(runtime).clientContext({ insecure: false, trust: TRUST, ...settings });
  const serverOf = (name: string) =>
    tlsOf(runtime).serverContext({ ...tlsIdentity(name, "one"), minVersion: "1.2", alpn: [] });

  for (const [name, server, serverName] of [
    ["a name", "one", "one.example"],
    ["an address", "ip", "127.0.0.1"],
  ] as const) {
    test(`a server that has a certificate for ${name} is believed`, async () => {
      using listener = await listenTls(runtime, serverOf(server));
      const client = await dialTls(runtime, listener, context(), serverName);
      assert.deepEqual(client.events, ["opened"]);
      assert.equal(client.handshake?.version, "TLSv1.3");
      assert.equal(client.handshake?.distrust, undefined);
      client.socket.terminate();
    });
  }

  for (const [name, server, serverName, settings, code] of [
    ["by nobody we know", "one", "one.example", { trust: { ...TRUST, ca: [tlsPem("stranger.pem")] } }, /LEAF|ISSUER/],
    ["by none of the system's authorities", "one", "one.example", "system", /LEAF|ISSUER/],
    ["for another name", "one", "two.example", {}, /ALTNAME/],
    ["for a name and no address", "one", "127.0.0.1", {}, /ALTNAME/],
    ["for an address and no name", "ip", "one.example", {}, /ALTNAME/],
    ["whose time is over", "expired", "one.example", {}, /EXPIRED|LEAF/],
  ] as const) {
    test(`a server with a certificate ${name} is refused, told why once, and hears nothing`, async () => {
      using listener = await listenTls(runtime, serverOf(server));
      const ours = settings === "system" ? tlsOf(runtime).clientContext({ insecure: false }) : context(settings);
      // Twice: it must not be believed for having been seen.
      for (const round of [0, 1]) {
        const client = await dialTls(runtime, listener, ours, serverName);
        assert.match(client.events.join(), /^closed [A-Z_]+$/);
        assert.match(client.events.join(), code);
        const peer = await listener.client(round);
        await peer.until(() => peer.isClosed);
        assert.equal(peer.receivedBytes, 0);
      }
    });
  }

  test("a server is not believed for having been dialled without caring before", async () => {
    using listener = await listenTls(runtime, one());
    const careless = await dialTls(
      runtime,
      listener,
      context({ trust: { ...TRUST, ca: [tlsPem("stranger.pem")] }, insecure: true }),
    );
    await careless.send("hello");
    const peer = await listener.client(0);
    await peer.until(() => peer.receivedBytes === 5);
    await peer.send("hello");
    await careless.until(() => careless.receivedBytes === 5);
    assert.equal(typeof careless.handshake?.distrust, "string");
    careless.socket.terminate();
    const careful = await dialTls(runtime, listener, context({ trust: { ...TRUST, ca: [tlsPem("stranger.pem")] } }));
    assert.match(careful.events.join(), /^closed [A-Z_]+$/);
  });

  for (const [name, serverName, seen] of [
    ["a name is sent", "one.example", ["one.example"]],
    ["an address is not sent as a name", "127.0.0.1", [null]],
    ["no name is sent when there is none", null, [null]],
  ] as const) {
    test(`${name}`, async () => {
      await using front = await startTlsFront({ answer: "y" });
      const client = await dialTls(runtime, { listening: front }, context({ insecure: true }), serverName);
      assert.deepEqual(client.events, ["opened"]);
      await client.send("x");
      await client.until(() => client.receivedBytes > 0 || client.isClosed);
      assert.deepEqual(
        front.secured.map((each) => each.serverName),
        seen,
      );
      client.socket.terminate();
    });
  }
}
