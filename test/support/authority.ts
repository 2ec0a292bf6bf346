// A certificate authority of a test's own, made by OpenSSL: what it issues is as fresh and as short-lived as certificates
// are meant to be, which programs that judge them look at. Its files are gone when it is disposed.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

/** Paths of a certificate and its key. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends AsyncDisposable {
  /** Path of the authority's own certificate. */
  readonly ca: string;
  readonly directory: string;
  /** A certificate for servers with these names, URIs among them; the first is its common name. */
  server(...names: readonly string[]): Promise<Issued>;
  /** A certificate for clients, as `openssl` writes subjects: `/O=Example/CN=billing`. */
  client(subject: string, dnsName: string): Promise<Issued>;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const DAYS = "90";

export async function makeAuthority(): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-authority-"));
  // Its certificates are for everybody, the keys for nobody: `openssl` sees to that.
  await runProgram("chmod", ["755", directory]);
  const [ca, caKey] = [join(directory, "ca.pem"), join(directory, "ca.key")];
  const ownExtensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
  // Two authorities with one name would be taken for one.
  const own = ["-x509", "-subj", `/CN=Authority ${crypto.randomUUID()}`, ...ownExtensions.flatMap(addExtension)];
  await runProgram("openssl", ["req", ...KEY, "-days", DAYS, ...own, "-keyout", caKey, "-out", ca]);
  let issued = 0;
  const issue = async (subject: string, extensions: readonly string[]): Promise<Issued> => {
    const name = `${(issued += 1)}`;
    const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
    const request = ["req", ...KEY, "-days", DAYS, "-subj", subject, "-CA", ca, "-CAkey", caKey];
    const common = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"];
    const wanted = [...common, ...extensions].flatMap(addExtension);
    await runProgram("openssl", [...request, ...wanted, "-keyout", key, "-out", certificate]);
    return { certificate, key };
  };
  return {
    ca,
    directory,
    server: (...names) =>
      issue(`/CN=${names[0]}`, [
        "extendedKeyUsage=serverAuth",
        `subjectAltName=${names.map((name) => `${name.includes("://") ? "URI" : "DNS"}:${name}`).join(",")}`,
      ]),
    client: (subject, dnsName) => issue(subject, ["extendedKeyUsage=clientAuth", `subjectAltName=DNS:${dnsName}`]),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

function addExtension(text: string): readonly string[] {
  return ["-addext", text];
}
