// Manifests of ngrok's operator, where they are on this machine: one of each kind, and what its own tests expect it to make of
// Gateway API. Elsewhere these tests are skipped, and say so.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { isMap } from "../../../src/resource/rule.ts";
import { documentsOf } from "../../support/written-document.ts";
import { identifyNgrok, readDocument } from "../../support/written-ngrok.ts";

/** Beside the repository, for whoever has it. */
const RECORDED = process.env["SALLYPORT_NGROK"] ?? join(import.meta.dir, "../../../../shared/fixtures/ngrok");
const missing = !existsSync(RECORDED);
if (missing) process.stderr.write(`Skipped: no manifests of ngrok in ${RECORDED}\n`);

test.skipIf(missing)("a manifest of each kind has nothing wrong", async () => {
  const kinds = new Set<string>();
  for (const document of await documentsOf(await readFile(join(RECORDED, "tcp-manifests-all-kinds.yaml"), "utf8"))) {
    if (identifyNgrok(document.value).verdict === "foreign") continue;
    const { manifest, diagnostics } = readDocument(document);
    expect(diagnostics).toEqual([]);
    if (manifest !== undefined) kinds.add(manifest.kind);
  }
  expect(Array.from(kinds).toSorted()).toEqual([
    "AgentEndpoint",
    "BoundEndpoint",
    "CloudEndpoint",
    "Domain",
    "IPPolicy",
    "NgrokTrafficPolicy",
  ]);
});

test.skipIf(missing)("what the operator makes of TCPRoutes has nothing wrong", async () => {
  const folder = join(RECORDED, "operator-translator");
  const names = (await readdir(folder)).filter((name) => /tcproute|tlsroute/.test(name));
  let read = 0;
  for (const name of names) {
    for (const { value, origin } of await documentsOf(await readFile(join(folder, name), "utf8"), name)) {
      const { expected } = value;
      const made = isMap(expected) ? ["cloudEndpoints", "agentEndpoints"].flatMap((key) => expected[key]) : [];
      for (const each of made) {
        if (!isMap(each)) continue;
        read++;
        expect([name, readDocument({ value: each, origin }).diagnostics]).toEqual([name, []]);
      }
    }
  }
  expect(read).toBeGreaterThan(0);
});
