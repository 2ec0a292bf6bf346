// Whatever part of a route a private key is pasted into by mistake, no message repeats a part of it: messages go into logs.

import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { loadPlan } from "../../src/app/load.ts";
import { formatDiagnostic } from "../../src/base/diagnostic.ts";
import { Pace } from "../../src/base/pace.ts";
import { decodeSource } from "../../src/config/decode.ts";
import { createRouteFiles } from "../support/route-files.ts";

/** As long as what may not be repeated of a key. */
const RUN_CHARS = 24;

const keys: readonly (readonly [string, string])[] = [
  ["EC, of a file", readFileSync(join(import.meta.dir, "../fixtures/tls/one.key"), "utf8")],
  ["EC", pkcs8(generateKeyPairSync("ec", { namedCurve: "P-256" }))],
  ["Ed25519", pkcs8(generateKeyPairSync("ed25519"))],
  ["RSA", pkcs8(generateKeyPairSync("rsa", { modulusLength: 2048 }))],
];

function pkcs8({ privateKey }: { privateKey: { export(options: { type: "pkcs8"; format: "pem" }): string | Buffer } }) {
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

/** What is inside of the lines BEGIN and END. */
function linesOf(pem: string): readonly string[] {
  return pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
}

function route(...lines: readonly string[]): string {
  const listen = lines.some((line) => line.startsWith("listen:")) ? [] : ["listen: 5432"];
  return [...listen, 'backends: ["b:1"]', ...lines].join("\n");
}

function tls(key: string): string {
  return `tls: {mode: terminate, certificate: db.crt, key: ${key}}`;
}

const block = (pem: string) => pem.trim().replaceAll(/^/gm, "      ");

/** Where and how people put keys. */
const placements: Readonly<Record<string, (pem: string) => string>> = {
  "base64 of the PEM as key": (pem) => route(tls(btoa(pem))),
  "base64 of the PEM with line breaks": (pem) =>
    route(
      "tls:",
      "  mode: terminate",
      "  certificate: db.crt",
      "  key: |",
      block(btoa(pem).replaceAll(/.{76}/g, "$&\n")),
    ),
  "base64 of DER": (pem) => route(tls(linesOf(pem).join(""))),
  "base64url of DER": (pem) => route(tls(linesOf(pem).join("").replaceAll("+", "-").replaceAll("/", "_"))),
  "lines of base64 folded by YAML": (pem) =>
    route("tls:", "  mode: terminate", "  certificate: db.crt", "  key:", block(linesOf(pem).join("\n"))),
  "each line as path": (pem) =>
    linesOf(pem)
      .map((line) => route(tls(JSON.stringify(line))))
      .join("\n---\n"),
  "each line as path of an absolute file": (pem) =>
    linesOf(pem)
      .map((line) => route(tls(`/${line}`)))
      .join("\n---\n"),
  "each line as file with an ending": (pem) =>
    linesOf(pem)
      .map((line) => route(tls(`${line}.pem`)))
      .join("\n---\n"),
  "BEGIN with too few dashes": (pem) =>
    route(tls(JSON.stringify(pem.replaceAll("\n", "").replaceAll("-----", "----")))),
  "base64 as authority": (pem) =>
    route(
      `tls: {mode: terminate, certificate: ${btoa(pem)}, key: a.key, clientAuth: {ca: ${btoa(pem)}, crl: ${linesOf(pem).join("")}}}`,
    ),
  "PEM as listen": (pem) => route(`listen: ${JSON.stringify(pem)}`),
  "base64 as listen": (pem) => route(`listen: ${linesOf(pem).join("")}`),
  "base64 as host of listen": (pem) => route(`listen: "${linesOf(pem).join("")}:5432"`),
  "each line as host of a backend": (pem) =>
    route(`upstreamTls: on`).replace(
      '"b:1"',
      linesOf(pem)
        .map((line) => JSON.stringify(`${line}:1`))
        .join(", "),
    ),
  "PEM that is not indented": (pem) =>
    `${route("tls:", "  mode: terminate", "  certificate: db.crt", "  key: |")}\n${pem}`,
  "lines that are keys": (pem) => route(...linesOf(pem).map((line) => `? ${JSON.stringify(line)}\n: 1`)),
  "lines that are keys twice": (pem) =>
    route(...[...linesOf(pem), ...linesOf(pem)].map((line) => `? ${JSON.stringify(line)}\n: 1`)),
  "lines that are keys of tls": (pem) => route("tls:", ...linesOf(pem).map((line) => `  ${JSON.stringify(line)}: 1`)),
  "lines as aliases": (pem) => route(...linesOf(pem).map((line, index) => `x${index}: *${line}`)),
  "lines as tags": (pem) => route(...linesOf(pem).map((line, index) => `x${index}: !${line} 1`)),
  "lines as names": (pem) =>
    linesOf(pem)
      .map((line) => route(`name: ${JSON.stringify(line)}`))
      .join("\n---\n"),
  "lines as host names": (pem) =>
    route(
      "tls: {mode: passthrough}",
      `match: {hostnames: ${JSON.stringify([...linesOf(pem), linesOf(pem).join("")])}}`,
    ),
  "lines as a word": (pem) => route(`tls: {mode: ${linesOf(pem).join("")}}`),
  "lines as client names": (pem) => {
    const all = JSON.stringify(linesOf(pem));
    const names = `{dnsNames: ${all}, uris: ${all}, emails: ${all}, fingerprints: ${all}}`;
    return route(
      "tls: {mode: terminate, certificate: a, key: a, clientAuth: {ca: a}}",
      `match: {clientCert: ${names}}`,
    );
  },
  "lines as kind": (pem) => `kind: ${linesOf(pem)[0]}\napiVersion: ${linesOf(pem).join("")}`,
  "the document itself": (pem) => pem,
  "the base64 alone": (pem) => linesOf(pem).join("\n"),
  "a list of lines": (pem) => JSON.stringify(linesOf(pem)),
};

/** The first run of a key, in one of its forms, that is in a text. */
function leakOf(pem: string, text: string): string | undefined {
  const bare = linesOf(pem).join("");
  const forms = [bare, bare.replaceAll("+", "-").replaceAll("/", "_"), btoa(pem)];
  for (const form of forms) {
    for (let start = 0; start + RUN_CHARS <= form.length; start++) {
      const run = form.slice(start, start + RUN_CHARS);
      if (text.includes(run)) return run;
    }
  }
  return undefined;
}

for (const [placement, write] of Object.entries(placements)) {
  test(`no message repeats a private key: ${placement}`, async () => {
    await using files = await createRouteFiles({});
    for (const [kind, pem] of keys) {
      const text = write(pem);
      await files.write("db.yaml", text);
      const decoded = await decodeSource({ file: "db.yaml", text }, new Pace());
      const loaded = await loadPlan({ documents: [], directories: [files.path], embedded: [] });
      const embedded = await loadPlan({ documents: [{ file: "document:db", text }], directories: [], embedded: [] });
      expect(loaded.diagnostics.length).toBeGreaterThan(0);
      for (const diagnostic of [...decoded.diagnostics, ...loaded.diagnostics, ...embedded.diagnostics]) {
        const said = formatDiagnostic(diagnostic);
        const leak = leakOf(pem, said);
        if (leak !== undefined) throw new Error(`${kind}: "${leak}" is in: ${said}`);
      }
    }
  });
}

test("a key in base64 is refused as such, with what to do", async () => {
  for (const [, pem] of keys) {
    for (const key of [btoa(pem), linesOf(pem).join(""), linesOf(pem).join(" ")]) {
      const { diagnostics } = await decodeSource({ file: "db.yaml", text: route(tls(key)) }, new Pace());
      expect(diagnostics.map(({ code, hint }) => [code, hint?.includes("base64 -d")])).toEqual([
        ["route/not-pem", true],
      ]);
    }
  }
});

test.each([
  "db.key",
  "certificates/production/db-primary/tls.key",
  "../Certificates/GatewayForDatabases/PrivateKeys/db.pem",
  "/etc/letsencrypt/live/databases.example.com/privkey",
  "secrets/550e8400-e29b-41d4-a716-446655440000/key",
  "/tmp/gateway-Xa81Bc/certificates/production/databases/key",
])("%s is the path of a key, and shown", async (path) => {
  const text = route(`tls: {mode: terminate, certificate: db.crt, key: "${path}"}`);
  await using files = await createRouteFiles({ "db.yaml": text });
  const { diagnostics } = await loadPlan({ documents: [], directories: [files.path], embedded: [] });
  expect(diagnostics.map(({ message }) => message)).toContain(`Cannot read "${path}": there is no such file`);
});

test("of a long path the end is shown", async () => {
  const path = `${"directory/".repeat(20)}db.key`;
  await using files = await createRouteFiles({ "db.yaml": route(tls(path)) });
  const { diagnostics } = await loadPlan({ documents: [], directories: [files.path], embedded: [] });
  const shown = `"…${path.slice(-64)}"`;
  expect(diagnostics.map(({ message }) => message)).toContain(`Cannot read ${shown}: there is no such file`);
});
