// Certificates, keys and lists of revoked certificates that were made once: `test/fixtures/x509/make.sh` says how.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parsePem } from "../../src/wire/pem.ts";

/** Where they are. */
export const X509_FIXTURES = join(import.meta.dir, "../fixtures/x509");

/** Text of one of the files. */
export function pemOf(name: string): string {
  return readFileSync(join(X509_FIXTURES, name), "utf8");
}

/** A certificate with its key as `data` of a Secret: files of the same name, `.pem` and `.key`. */
export function secretDataOf(name: string): Readonly<Record<"tls.crt" | "tls.key", string>> {
  return { "tls.crt": pemOf(`${name}.pem`), "tls.key": pemOf(`${name}.key`) };
}

/** Bytes of the first block in one of the files. */
export function derOf(name: string): Uint8Array {
  const bytes = parsePem(pemOf(name)).blocks[0]?.bytes;
  if (bytes === undefined) throw new Error(`There is no PEM in ${name}`);
  return bytes;
}

/** Names of all files that end so. */
export function x509Fixtures(ending: string): readonly string[] {
  return readdirSync(X509_FIXTURES)
    .filter((name) => name.endsWith(ending))
    .toSorted();
}
