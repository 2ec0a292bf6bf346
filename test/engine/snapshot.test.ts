import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";

import { diffPlans } from "../../src/plan/diff.ts";
import { Engine } from "../../src/engine/engine.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { RecordedLog } from "../support/recorded-log.ts";
import { TlsScene } from "../support/tls-routes.ts";

const PEM = `${import.meta.dir}/../fixtures/tls/one`;

test("a key is in the plan, and in nothing that is shown or logged of it", async () => {
  const [certificate, key] = await Promise.all([readFile(`${PEM}.pem`, "utf8"), readFile(`${PEM}.key`, "utf8")]);
  const scene = new TlsScene();
  const tls = () => scene.terminate(["a.b"], { identity: scene.identity(certificate, key) });
  const { plan, diagnostics } = scene.compile([
    scene.route("a", {
      listen: "127.0.0.1:0",
      tls: tls(),
      pool: { upstreamTls: { insecure: true, identity: scene.identity(certificate, key) } },
    }),
    // Two that cannot be both: the one that is told about the other.
    scene.route("b", { listen: 1, tls: tls() }),
    scene.route("c", { listen: 1, tls: scene.terminate(["a.b"]), clientCert: [{ commonNames: ["x"] }] }),
  ]);
  const [secret = ""] = key.split("\n").slice(1);
  const only = { ...plan, listeners: plan.listeners.slice(0, 1) };
  expect(JSON.stringify(only)).toContain(secret);
  const log = new RecordedLog();
  const engine = new Engine({ runtime: bunRuntime(), log });
  try {
    await engine.apply(only);
    expect(engine.snapshot().routes.map(({ name }) => name)).toContain("a");
    expect(diagnostics.map(({ code }) => code)).toContain("plan/tls-conflict");
    const shown = [
      engine.snapshot(),
      diagnostics,
      log.lines,
      diffPlans({ listeners: [], routes: [], pools: [] }, plan),
    ];
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(JSON.stringify(shown)).not.toContain("PRIVATE KEY");
  } finally {
    await engine.stop();
  }
});
