// Upstream's own manifests, where they are on this machine: examples, wrong examples, those of the conformance suite, and the
// texts of all its rules. Elsewhere these tests are skipped, and say so.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { decodeText, inPlace } from "../../support/written-manifest.ts";

/** Beside the repository, for whoever has it. */
const RECORDED =
  process.env["SALLYPORT_GATEWAY_API"] ?? join(import.meta.dir, "../../../../shared/fixtures/gateway-api");
const SOURCES = join(import.meta.dir, "../../../src/resource/manifest");
const missing = !existsSync(RECORDED);
if (missing) process.stderr.write(`Skipped: no manifests of Gateway API in ${RECORDED}\n`);

async function read(folder: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(join(RECORDED, folder), { recursive: true })).filter((name) => name.endsWith(".yaml"));
  expect(names.length).toBeGreaterThan(0);
  return Promise.all(
    names.toSorted().map(async (name) => [name, await readFile(join(RECORDED, folder, name), "utf8")] as const),
  );
}

/** What is wrong with each file. */
async function errorsIn(folder: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, text] of await read(folder)) {
    // What the suite fills in for the implementation that is tested.
    const filled = text
      .replaceAll(/"?\{GATEWAY_CLASS_NAME\}"?/g, "sallyport")
      .replaceAll("{GATEWAY_CONTROLLER_NAME}", "sallyport.dev/gateway-controller");
    const { diagnostics, manifests } = await decodeText(filled, name);
    expect(manifests.length).toBeGreaterThanOrEqual(diagnostics.length > 0 ? 0 : 1);
    const errors = diagnostics.filter(({ severity }) => severity !== "notice").map(inPlace);
    if (errors.length > 0) found[name] = errors;
  }
  return found;
}

test.skipIf(missing)("upstream's examples have nothing wrong", async () => {
  expect(await errorsIn("examples")).toEqual({});
});

test.skipIf(missing)("upstream's conformance manifests have nothing wrong", async () => {
  expect(await errorsIn("conformance/v1.6.1/base")).toEqual({});
  expect(await errorsIn("conformance/v1.6.1/tests")).toEqual({
    // Placeholders for addresses that the suite fills in.
    "gateway-static-addresses.yaml": ["20:12 error gateway/bad-address", "23:12 error gateway/bad-address"],
  });
});

test.skipIf(missing)("everything that is wrong with upstream's wrong examples is told", async () => {
  const addresses = [8, 9, 10, 11, 12, 13, 14, 15, 17, 19].map((line) => `${line}:12 error gateway/bad-address`);
  expect(await errorsIn("invalid-examples")).toEqual({
    "gateway/duplicate-listeners.yaml": ["11:11 error gateway/duplicate-listener"],
    "gateway/hostname-tcp.yaml": ["9:5 error gateway/pointless-hostname"],
    "gateway/hostname-udp.yaml": ["9:5 error gateway/pointless-hostname"],
    "gateway/invalid-addresses.yaml": addresses,
    "gateway/invalid-listener-name.yaml": ["8:11 error gateway/bad-name"],
    "gateway/invalid-listener-port.yaml": ["10:11 error gateway/bad-port"],
    "gateway/invalid-tls-mode.yaml": ["12:13 error gateway/https-passthrough"],
    "gateway/tlsconfig-tcp.yaml": ["11:5 error gateway/pointless-tls"],
    "gatewayclass/invalid-controller.yaml": ["6:19 error gatewayclass/bad-controller-name"],
    "referencegrant/missing-from.yaml": ["5:1 error referencegrant/missing-key"],
    "referencegrant/missing-ns.yaml": ["10:5 error referencegrant/missing-key"],
    "referencegrant/missing-to.yaml": ["5:1 error referencegrant/missing-key"],
    "tlsroute/invalid-hostname.yaml": ["7:5 error tlsroute/bad-hostname", "10:7 error tlsroute/missing-port"],
    "tlsroute/no-hostname.yaml": ["5:1 error tlsroute/missing-key", "8:7 error tlsroute/missing-port"],
  });
});

test.skipIf(missing)("every rule of upstream's schemas is here, in its words", async () => {
  const names = (await readdir(SOURCES)).filter((name) => name.endsWith(".ts"));
  const sources = (await Promise.all(names.map((name) => readFile(join(SOURCES, name), "utf8")))).join("\n");
  // Where a source has a word that differs between rules.
  const here = plain(sources.replaceAll(/\$\{(?:word|type|area)\}/g, "…"));
  const kinds: Record<string, { readonly rules: readonly { readonly path: string; readonly message: string }[] }> =
    JSON.parse(await readFile(join(RECORDED, "crds/cel-rules-v1.6.1.json"), "utf8"));
  // Of parents the experimental channel's rules are judged, which look at ports too.
  const rules = Object.entries(kinds).flatMap(([kind, each]) =>
    /^standard\/.*\/v1$/.test(kind)
      ? each.rules.filter(({ path }) => path.startsWith(".spec") && path !== ".spec.parentRefs")
      : [],
  );
  expect(rules.length).toBeGreaterThan(30);
  const absent = rules
    .map(({ message }) => message.replace(/\(matching .*$/, "").replace(/\.$/, ""))
    .filter((message) => !isHere(message));
  expect(absent).toEqual([]);

  function isHere(message: string): boolean {
    if (here.includes(plain(message))) return true;
    return ["Label", "label", "Annotation", "annotation", "Hostname", "URI", "IPAddress"].some((word) =>
      here.includes(plain(message.replaceAll(word, "…"))),
    );
  }
});

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
