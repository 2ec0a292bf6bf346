// The certificate of the TLS columns: made for each run, for one name, with a P-256 key, and signed by itself.

import { join } from "node:path";
import { temporaryDirectory } from "./children.ts";
import { searchPath } from "./programs.ts";

/** The name that clients ask for and that passthrough is routed by. */
export const HOSTNAME = "bench.example.com";

/** A certificate and its key, as files and as texts in PEM. */
export interface Identity {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes one. Throws when openssl is not installed or refuses. */
export async function makeIdentity(): Promise<Identity> {
  const openssl = Bun.which("openssl", { PATH: searchPath() });
  if (openssl === null) throw new Error("Cannot make a certificate: openssl is not installed");
  const directory = temporaryDirectory();
  const certificateFile = join(directory, "certificate.pem");
  const keyFile = join(directory, "key.pem");
  const made = ["req", "-x509", "-days", "2", "-out", certificateFile];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", keyFile];
  const name = ["-subj", `/CN=${HOSTNAME}`, "-addext", `subjectAltName=DNS:${HOSTNAME}`];
  const { success, stderr } = Bun.spawnSync([openssl, ...made, ...key, ...name]);
  if (!success) throw new Error(`Cannot make a certificate: ${stderr.toString().trim()}`);
  const [certificate, keyText] = await Promise.all([Bun.file(certificateFile).text(), Bun.file(keyFile).text()]);
  return { certificateFile, keyFile, certificate, key: keyText };
}
