import { expect, test } from "bun:test";
import { mkdir, readFile, rm, stat, symlink } from "node:fs/promises";

import { formatDiagnostic } from "../../src/base/diagnostic.ts";
import { MAX_CREDENTIAL_BYTES } from "../../src/config/credential-file.ts";
import { CredentialStore } from "../../src/config/credentials.ts";
import { ALL, createScene, GOOD, identityOf, NOW_MS, type Scene, told, trustOf } from "../support/credential-scene.ts";
import { derOf, pemOf } from "../support/pem.ts";

/** What is put in place of a good file, and what is said about it. */
interface Mistake {
  readonly what: string;
  /** `db.crt`, `db.key`, `ca.pem` or `ca.crl`. */
  readonly file: string;
  readonly put: (scene: Scene) => Promise<unknown>;
  readonly code: string;
  readonly says?: string;
  readonly hint?: string;
}

const fixture =
  (name: string, ...more: readonly string[]) =>
  (file: string) =>
  (scene: Scene): Promise<void> =>
    scene.put(file, [name, ...more].map(pemOf).join(""));
const bytes =
  (content: string | Uint8Array) =>
  (file: string) =>
  (scene: Scene): Promise<void> =>
    scene.put(file, content);
const gone = (file: string) => (scene: Scene) => rm(scene.files.at(file));

function mistake(
  what: string,
  file: string,
  put: (file: string) => Mistake["put"],
  code: string,
  says?: string,
  hint?: string,
): Mistake {
  return {
    what,
    file,
    put: put(file),
    code: `tls/${code}`,
    ...(says === undefined ? {} : { says }),
    ...(hint === undefined ? {} : { hint }),
  };
}

const inPlaceOf =
  (make: (path: string) => Promise<unknown>) =>
  (file: string) =>
  async (scene: Scene): Promise<void> => {
    await rm(scene.files.at(file));
    await make(scene.files.at(file));
  };
const directory = inPlaceOf((path) => mkdir(path));
const loop = inPlaceOf((path) => symlink(path, path));
const device = inPlaceOf((path) => symlink("/dev/zero", path));
const pipe = inPlaceOf(async (path) => expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0));

const mistakes: readonly Mistake[] = [
  ...["db.crt", "db.key", "ca.pem", "ca.crl"].flatMap((file): readonly Mistake[] => [
    mistake("missing", file, gone, "file-missing", "there is no such file", "It is looked for at"),
    mistake("a directory", file, directory, "not-a-file", "it is a directory"),
    mistake("a link in circles", file, loop, "file-unreadable", "go round in circles"),
    mistake("a pipe that nobody writes", file, pipe, "not-a-file", "it is not a regular file"),
    mistake("a device without an end", file, device, "not-a-file", "it is not a regular file"),
    mistake("too large", file, bytes("x".repeat(MAX_CREDENTIAL_BYTES + 1)), "file-too-large", "more than 1 MiB"),
    mistake("empty", file, bytes(""), "not-pem", `"${file}" is empty`),
    mistake("another text", file, bytes("hello\n"), "not-pem", "is not in PEM"),
    mistake("bytes without sense", file, bytes(new Uint8Array(1000).fill(200)), "not-pem", "is not in PEM"),
    mistake("UTF-16", file, bytes(Uint8Array.of(0xff, 0xfe, 0x2d, 0)), "not-pem", "is UTF-16", "Save it as UTF-8"),
    mistake("written by half", file, bytes(pemOf("root.pem").slice(0, 300)), "cut-off", "ends in the middle"),
  ]),
  mistake(
    "in DER",
    "db.crt",
    bytes(derOf("chained.pem")),
    "der",
    "is in DER",
    "openssl x509 -inform DER -in db.crt -out db.pem",
  ),
  mistake("in DER", "db.key", bytes(derOf("chained.key")), "der", "is in DER", "openssl pkey -inform DER -in db.key"),
  mistake("in DER", "ca.pem", bytes(derOf("root.pem")), "der", "is in DER", "openssl x509 -inform DER -in ca.pem"),
  mistake(
    "in DER",
    "ca.crl",
    bytes(derOf("root.crl")),
    "der",
    "is in DER",
    "openssl crl -inform DER -in ca.crl -out ca.pem",
  ),
  mistake(
    "a PKCS #12 container",
    "db.crt",
    bytes(Uint8Array.of(0x30, 0x82, 9, 9, 2, 1, 3)),
    "der",
    undefined,
    "openssl pkcs12",
  ),
  mistake("a key", "db.crt", fixture("chained.key"), "key-as-certificate", "has a private key", '"certificate"'),
  mistake("a key", "ca.pem", fixture("chained.key"), "key-as-certificate", "has a private key"),
  mistake("a certificate", "db.key", fixture("chained.pem"), "certificate-as-key", "has a certificate", '"key"'),
  mistake("a list", "db.crt", fixture("root.crl"), "no-certificate", 'only "X509 CRL"'),
  mistake("a list", "db.key", fixture("root.crl"), "no-key", 'only "X509 CRL"'),
  mistake("a certificate", "ca.crl", fixture("root.pem"), "no-crl", 'only "CERTIFICATE"'),
  mistake(
    "a request",
    "db.crt",
    bytes("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
    "no-certificate",
    'only "CERTIFICATE REQUEST"',
    "when an authority signs it",
  ),
  ...["db.crt", "ca.pem"].map((file) =>
    mistake(
      "a damaged certificate behind a good one",
      file,
      bytes(`${pemOf("root.pem")}-----BEGIN CERTIFICATE-----\nMAAAAA==\n-----END CERTIFICATE-----\n`),
      "bad-certificate",
      `Certificate 2 in "${file}" cannot be read`,
    ),
  ),
  mistake(
    "a damaged list behind a good one",
    "ca.crl",
    bytes(`${pemOf("root.crl")}-----BEGIN X509 CRL-----\nMAAAAA==\n-----END X509 CRL-----\n`),
    "bad-crl",
    'List 2 in "ca.crl" cannot be read',
  ),
  mistake("encrypted", "db.key", fixture("encrypted.key"), "encrypted-key", "passphrase", "openssl pkey -in db.key"),
  mistake(
    "encrypted, in the old form",
    "db.key",
    fixture("encrypted-old.key"),
    "encrypted-key",
    undefined,
    "openssl pkey",
  ),
  mistake("two keys", "db.key", fixture("chained.key", "other.key"), "several-keys", "has 2 private keys"),
  mistake("of somebody else", "db.key", fixture("other.key"), "key-mismatch", 'the certificate "chained.example"'),
  mistake("of a kind that TLS has not", "db.key", fixture("k1.key"), "unsupported-key", "wanted is RSA"),
  mistake("bound to PSS", "db.key", fixture("pss.key"), "unsupported-key", "wanted is RSA"),
  mistake("too short", "db.key", fixture("weak.key"), "weak-key", "RSA of 1024 bits"),
  mistake(
    "damaged",
    "db.key",
    bytes(pemOf("chained.key").replace(/\nMI.{20}/, "\nMIAAAAAAAAAAAAAAAAAAAA")),
    "unsupported-key",
  ),
  mistake("not base64", "db.key", bytes(pemOf("chained.key").replace("\nMI", "\n!!")), "bad-key", "not base64"),
  mistake(
    "in the wrong order with its issuer",
    "db.crt",
    fixture("intermediate.pem", "chained.pem"),
    "key-mismatch",
    undefined,
    'It belongs to certificate 2 of "db.crt", which has to come first',
  ),
  mistake(
    "nobody's authority",
    "ca.pem",
    fixture("chained.pem"),
    "no-authority",
    '"chained.example" may not issue others',
  ),
  mistake("an authority below another", "ca.pem", fixture("intermediate.pem"), "no-root", "no root"),
];

/** Where the routes below refer to each file. */
const PLACES: Readonly<Record<string, string>> = {
  "db.crt": "2:16",
  "db.key": "3:8",
  "ca.pem": "5:7",
  "ca.crl": "6:8",
};

/** Every line of the key file that is a part of a key, and not of anything else. */
async function keyLines(scene: Scene): Promise<readonly string[]> {
  const file = scene.files.at("db.key");
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size > 10_000) return [];
  return (await readFile(file, "latin1")).split("\n").filter((line) => line.length > 10 && !line.startsWith("-----"));
}

for (const { what, file, put, code, says, hint } of mistakes) {
  test(`${file} that is ${what} is ${code}, and what was read before goes on`, async () => {
    await using scene = await createScene(GOOD);
    const route = await scene.route(ALL);
    const before = await scene.load(route);
    expect(told(before)).toEqual([]);
    await put(scene);

    const kept = await scene.load(route);
    const [first] = kept.diagnostics.filter((each) => each.code === code);
    // A key that does not belong to its certificate is told at the key, whichever of them is new.
    const place = code === "tls/key-mismatch" ? PLACES["db.key"] : PLACES[file];
    expect(`${first?.line}:${first?.column}`).toBe(String(place));
    expect(first?.severity).toBe("error");
    expect(first?.message).toEndWith("; the one that was read before goes on");
    if (says !== undefined) expect(first?.message).toContain(says);
    if (hint !== undefined) expect(first?.hint).toContain(hint);
    expect(kept.failing.size).toBe(0);
    expect(identityOf(kept)).toBe(identityOf(before));
    expect(trustOf(kept)).toBe(trustOf(before));

    const fresh = await new CredentialStore({ now: () => NOW_MS }).begin().read([route], new Set([scene.routeFile]));
    expect(told(fresh)).toContain(`${String(place)} error ${code}`);
    expect(fresh.diagnostics.some(({ message }) => message.includes("goes on"))).toBe(false);
    expect([...fresh.failing]).toEqual([scene.routeFile]);
    const said = [...kept.diagnostics, ...fresh.diagnostics].map(formatDiagnostic).join("\n");
    expect((await keyLines(scene)).filter((line) => said.includes(line))).toEqual([]);
    const lacking = file.startsWith("db") ? identityOf(fresh) : trustOf(fresh);
    expect(lacking).toBeUndefined();
    const other = file.startsWith("db") ? trustOf(fresh) : identityOf(fresh);
    expect(other).toBeDefined();
  });
}

/** What is used all the same. */
const warnings: readonly (readonly [string, Readonly<Record<string, readonly string[]>>, readonly string[]])[] = [
  [
    "a chain out of order",
    { "db.crt": ["chained.pem", "root.pem", "intermediate.pem"] },
    ["2:16 warning tls/chain-order"],
  ],
  ["a leaf among the authorities", { "ca.pem": ["root.pem", "chained.pem"] }, ["5:7 warning tls/not-an-authority"]],
  [
    "an authority without a list beside one that has it",
    { "ca.pem": ["root.pem", "intermediate.pem"] },
    ["6:8 warning tls/crl-missing"],
  ],
  ["a list that is over", { "ca.crl": ["over.crl"] }, ["6:8 warning tls/crl-expired"]],
  ["a self-signed certificate that is no authority", { "ca.pem": ["p521.pem"] }, []],
  ["a self-signed certificate of version 1", { "ca.pem": ["v1.pem"] }, []],
];

for (const [what, changes, expected] of warnings) {
  test(`${what} is used${expected.length === 0 ? "" : ", with a warning"}`, async () => {
    await using scene = await createScene(GOOD);
    for (const [name, fixtures] of Object.entries(changes)) await scene.put(name, fixtures.map(pemOf).join(""));
    const reading = await scene.load(await scene.route(ALL));
    expect(told(reading)).toEqual(expected);
    expect(reading.failing.size).toBe(0);
    expect(identityOf(reading)).toBeDefined();
    expect(trustOf(reading)).toBeDefined();
  });
}

test("an authority in place of the certificate that it should have signed is told apart", async () => {
  await using scene = await createScene({ ...GOOD, "db.crt": "issuing.pem", "db.key": "issuing.key" });
  const { diagnostics } = await scene.read(await scene.route(ALL));
  expect(diagnostics.map(formatDiagnostic)).toEqual([
    `${scene.routeFile}:2:16 error tls/unusable The certificate "Issuing Root" is not made for TLS: its key usage has no digital signature (It is an authority's: let it sign a certificate for the server)`,
  ]);
});
