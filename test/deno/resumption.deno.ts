// Why the runtime under Deno refuses to ask for client certificates and to heed lists of revoked ones: what Deno's
// `node:tls` does when it is asked to all the same. Run by `bun run test:deno`; an upgrade which mends it shows here.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { nodeTls } from "../../src/runtime/node-tls.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import {
  dialTls,
  listenTls,
  tlsFixturePath,
  tlsIdentity,
  type TlsListener,
  tlsOf,
  tlsPem,
} from "../support/tls-end.ts";

const refusing = nodeRuntime("deno", "test");
const trusting: Runtime = { ...refusing, tls: nodeTls(true) };
const CA = [tlsPem("ca.pem")];
const CRL = [tlsPem("two-revoked.crl")];

function serverOf(runtime: Runtime, name: string, clients?: { readonly ca: string[]; readonly crl: string[] }) {
  const asked = clients === undefined ? {} : { clients };
  return tlsOf(runtime).serverContext({ ...tlsIdentity(name), minVersion: "1.2", alpn: [], ...asked });
}

void test("settings that Deno would not keep to are refused", () => {
  assert.throws(() => serverOf(refusing, "one", { ca: CA, crl: [] }), /client certificates/);
  const trust = { ca: CA, crl: CRL };
  assert.throws(() => tlsOf(refusing).clientContext({ insecure: false, trust }), /revoked certificates/);
});

void test("KNOWN TO FAIL (lists of revoked certificates are only read): a revoked server is refused", async () => {
  using listener = await listenTls(trusting, serverOf(trusting, "two"));
  const context = tlsOf(trusting).clientContext({ insecure: false, trust: { ca: CA, crl: CRL } });
  const client = await dialTls(trusting, listener, context, "two.example");
  assert.deepEqual(client.events, ["opened"]);
  client.socket.terminate();
});

// Deno's own clients do not resume sessions.
const isInstalled = spawnSync("openssl", ["version"]).status === 0;
const skip = isInstalled || process.env["CI"] === "true" ? false : "openssl is not installed";
for (const version of ["tls1_2", "tls1_3"]) {
  void test(
    `KNOWN TO FAIL (sessions are resumed unseen): a stranger is one when it comes again, ${version}`,
    { skip },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "sallyport-deno-"));
      const session = join(directory, "session.pem");
      using listener = await listenTls(trusting, serverOf(trusting, "one", { ca: CA, crl: [] }));
      try {
        await visit(listener, 0, [`-${version}`, "-sess_out", session]);
        await visit(listener, 1, [`-${version}`, "-sess_in", session]);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
      const told = listener.clients.map(({ handshake }) => handshake?.distrust);
      assert.deepEqual(told, ["DEPTH_ZERO_SELF_SIGNED_CERT", undefined]);
    },
  );
}

/** Connects as a stranger, and leaves when something was heard: by then it knows how to resume. */
async function visit(listener: TlsListener, round: number, options: readonly string[]): Promise<void> {
  const identity = ["-cert", tlsFixturePath("stranger.pem"), "-key", tlsFixturePath("stranger.key")];
  const to = ["-connect", `127.0.0.1:${listener.listening.port}`, "-servername", "one.example"];
  const client = spawn("openssl", ["s_client", "-quiet", ...to, ...identity, ...options], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const heard = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  client.stdout.once("data", () => heard.resolve());
  client.on("close", () => {
    heard.reject(new Error("The client has ended"));
    gone.resolve();
  });
  const peer = await listener.client(round);
  await peer.settled();
  await peer.send("x");
  await heard.promise;
  peer.socket.terminate();
  client.stdin.end();
  client.kill();
  await gone.promise;
}
