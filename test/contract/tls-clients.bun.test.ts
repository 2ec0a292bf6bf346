// What runtime/tls.ts promises about client certificates, of Bun's sockets: what is told of them, and that they are shown
// anew each time.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { pemOf } from "../support/pem.ts";
import { shows, tlsConnect, tlsPem } from "../support/tls-client.ts";
import { serverSettings, tlsListener, tlsOf } from "../support/tls-pair.ts";

const runtime = bunRuntime();
const tls = tlsOf(runtime);
const CA = tlsPem("ca.pem");
const ONE = { servername: "one.example" };
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const CLIENTS = { ca: [CA], crl: [] };
const only = (version: (typeof VERSIONS)[number]) => ({ minVersion: version, maxVersion: version });

describe("client certificates", () => {
  test.each(VERSIONS)("come with their DER, and without distrust when they are good: %s", async (version) => {
    await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ clients: CLIENTS })));
    await using _client = await tlsConnect(listener.port, { ...ONE, ...shows("client"), ...only(version) });
    const server = await listener.server();
    await server.settled();
    const der = Buffer.from(tlsPem("client.pem").replaceAll(/-----.*-----|\n/g, ""), "base64");
    expect(server.handshake).toEqual({ version, certificate: expect.anything(), session: expect.anything() });
    expect(der.equals(server.handshake?.certificate ?? new Uint8Array(0))).toBe(true);
  });

  test.each(VERSIONS)("that are bad fail no handshake, and say why: %s", async (version) => {
    const crl = [tlsPem("clients/none.crl")];
    const lists = [[], crl, [tlsPem("../x509/root.crl"), tlsPem("clients/revoked.crl")]];
    for (const [name, list, distrust] of [
      ["expired", 0, "CERT_HAS_EXPIRED"],
      ["not-yet-valid", 0, "CERT_NOT_YET_VALID"],
      ["wrong-authority", 0, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
      ["revoked", 0, undefined],
      ["revoked", 1, undefined],
      ["revoked", 2, "CERT_REVOKED"],
      ["reporting", 2, undefined],
    ] as const) {
      const clients = { ca: [tlsPem("../x509/root.pem"), CA], crl: lists[list] ?? [] };
      await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ clients })));
      await using _client = await tlsConnect(listener.port, { ...ONE, ...shows(name), ...only(version) });
      const server = await listener.server();
      await server.settled();
      expect([name, list, server.handshake?.distrust]).toEqual([name, list, distrust]);
      expect(server.handshake?.certificate).toBeDefined();
    }
  });

  test.each(VERSIONS)("with a chain want a list of each authority's, where there are lists: %s", async (version) => {
    const shown = { cert: pemOf("chained.pem") + pemOf("intermediate.pem"), key: pemOf("chained.key") };
    for (const [lists, distrust] of [
      [[], undefined],
      [["root.crl", "intermediate.crl"], undefined],
      [["root.crl"], "UNABLE_TO_GET_CRL"],
      [["root.crl", "over.crl", "intermediate.crl"], undefined],
      [["over.crl", "intermediate.crl"], "CRL_HAS_EXPIRED"],
    ] as const) {
      const clients = { ca: [pemOf("root.pem")], crl: lists.map((list) => pemOf(list)) };
      await using listener = await tlsListener(runtime, tls.serverContext(serverSettings({ clients })));
      await using _client = await tlsConnect(listener.port, { ...ONE, ...shown, ...only(version) });
      const server = await listener.server();
      await server.settled();
      expect([lists, server.handshake?.distrust]).toEqual([lists, distrust]);
    }
  });

  test.each(VERSIONS)(
    "that are not shown are absent, and not asked for where nobody wants them: %s",
    async (version) => {
      for (const [clients, shown] of [
        [{ clients: CLIENTS }, {}],
        [{}, shows("client")],
      ] as const) {
        await using listener = await tlsListener(runtime, tls.serverContext(serverSettings(clients)));
        await using _client = await tlsConnect(listener.port, { ...ONE, ...shown, ...only(version) });
        const server = await listener.server();
        await server.settled();
        expect(server.handshake).toMatchObject({ version });
        expect(server.handshake?.certificate).toBeUndefined();
      }
    },
  );

  test.each(VERSIONS)("are shown anew each time: no session is resumed where they are wanted: %s", async (version) => {
    const context = tls.serverContext(serverSettings({ clients: CLIENTS }));
    await using listener = await tlsListener(runtime, context);
    const options = { ...ONE, ...shows("client"), ...only(version) };
    let session: Buffer | undefined;
    for (let round = 0; round < 3; round++) {
      await using client = await tlsConnect(listener.port, {
        ...options,
        ...(session === undefined ? {} : { session }),
      });
      expect(client.socket.isSessionReused()).toBe(false);
      const sessions: Buffer[] = [];
      client.socket.on("session", (bytes: Buffer) => sessions.push(bytes));
      const server = await listener.server(round);
      await server.settled();
      expect(server.handshake?.certificate).toBeDefined();
      await server.send("x");
      await client.read(1);
      session = sessions.at(-1) ?? client.socket.getSession() ?? session;
    }
  });

  test.each(VERSIONS)(
    "not being wanted, let a session be resumed, so that the other tests would notice: %s",
    async (version) => {
      await using listener = await tlsListener(runtime, tls.serverContext(serverSettings()));
      const options = { ...ONE, ...only(version) };
      await using first = await tlsConnect(listener.port, options);
      const sessions: Buffer[] = [];
      first.socket.on("session", (bytes: Buffer) => sessions.push(bytes));
      const server = await listener.server();
      await server.settled();
      await server.send("x");
      await first.read(1);
      const session = sessions.at(-1) ?? first.socket.getSession();
      if (session === undefined) throw new Error("There is no session");
      await using second = await tlsConnect(listener.port, { ...options, session });
      expect(second.socket.isSessionReused()).toBe(true);
    },
  );

  test.each(VERSIONS)(
    "are not needed for a session of another context to be resumed: it is not, %s",
    async (version) => {
      await using open = await tlsListener(runtime, tls.serverContext(serverSettings()));
      await using closed = await tlsListener(runtime, tls.serverContext(serverSettings({ clients: CLIENTS })));
      await using first = await tlsConnect(open.port, { ...ONE, ...only(version) });
      const sessions: Buffer[] = [];
      first.socket.on("session", (bytes: Buffer) => sessions.push(bytes));
      const server = await open.server();
      await server.settled();
      await server.send("x");
      await first.read(1);
      const session = sessions.at(-1) ?? first.socket.getSession();
      if (session === undefined) throw new Error("There is no session to try");
      await using second = await tlsConnect(closed.port, { ...ONE, ...only(version), session });
      expect(second.socket.isSessionReused()).toBe(false);
      const other = await closed.server();
      await other.settled();
      expect(other.handshake?.certificate).toBeUndefined();
    },
  );
});
