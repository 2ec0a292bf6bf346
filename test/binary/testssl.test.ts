// What testssl.sh has to say about TLS that ends here with all defaults. Everything above "low" that is not listed below
// with a reason fails.

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { makeAuthority } from "../support/authority.ts";
import { startBinary } from "../support/gateway-binary.ts";
import { programPath, skipWithout } from "../support/installed.ts";

/** All checks take three minutes of a processor; this only ends a hang. */
const LIMIT_MS = 600_000;
const NAME = "scan.example";

/**
 * Protocols, kinds of ciphers, who chooses among them, renegotiation, compression: what settings of a server can spoil.
 * With SALLYPORT_TESTSSL=all everything it knows is checked, vulnerabilities of whole libraries included.
 */
const CHECKS =
  process.env["SALLYPORT_TESTSSL"] === "all" ? ["-p", "-s", "-f", "-P", "-S", "-U"] : ["-p", "-s", "-P", "-R", "-C"];

const TOLERATED: ReadonlyMap<string, string> = new Map([
  ["engine_problem", "The OpenSSL of the one who asks has no GOST; a note about itself"],
  ["cert_revocation", "The authority of this test publishes no list of what it has revoked"],
]);
const HARMLESS = ["OK", "INFO", "LOW"];

const Findings = v.array(v.object({ id: v.string(), severity: v.string(), finding: v.string() }));

async function scan(port: number, ca: string): Promise<v.InferOutput<typeof Findings>> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "sallyport-testssl-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "findings.json");
  // No name is looked up, and nobody but the port is asked.
  const quietly = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1"];
  const patience = ["--connect-timeout", "10", "--openssl-timeout", "10"];
  const target = ["--add-ca", ca, "--jsonfile", file, `https://${NAME}:${port}/`];
  const child = Bun.spawn([programPath("testssl"), ...quietly, ...patience, ...CHECKS, ...target], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: directory,
  });
  const [output] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  // Its exit code counts findings. A scan that broke off leaves no end of the list.
  const findings = v.safeParse(Findings, JSON.parse(await Bun.file(file).text()));
  if (!findings.success) throw new Error(`testssl gave no findings: ${output}`);
  return findings.output;
}

describe.skipIf(skipWithout("testssl", "openssl"))("testssl.sh", () => {
  test(
    "finds nothing above low in TLS that ends here",
    async () => {
      await using authority = await makeAuthority();
      const { certificate, key } = await authority.server(NAME);
      using backend = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
      // Without hostnames: some of its questions name nobody.
      const tls = { mode: "terminate", certificate, key };
      const route = { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], tls };
      await using gateway = await startBinary("dist/sallyport", { "scanned.yaml": JSON.stringify(route) });
      const findings = await scan(await gateway.port("scanned"), authority.ca);

      const serious = findings.filter(({ severity, id }) => !HARMLESS.includes(severity) && !TOLERATED.has(id));
      expect(serious).toEqual([]);
      // It did look, and the port did answer.
      const said = new Map(findings.map(({ id, severity }) => [id, severity]));
      for (const id of ["TLS1_2", "TLS1_3", "cipherlist_STRONG", "cipher_order", "secure_renego", "CRIME_TLS"]) {
        expect([id, said.get(id)]).toEqual([id, "OK"]);
      }
      for (const id of ["TLS1", "TLS1_1", "cipherlist_AVERAGE"]) expect([id, said.get(id)]).toEqual([id, "INFO"]);
    },
    LIMIT_MS,
  );
});
