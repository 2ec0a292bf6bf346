// Secrets and ConfigMaps that upstream's conformance suite makes before it runs (conformance/utils/suite), and the certificates of
// its backends. Made once per process: openssl takes its time.

import type { TlsOptions } from "node:tls";
import {
  APP_BACKEND,
  authorityPem,
  caText,
  documents,
  INFRA,
  makeAuthority,
  type Pair,
  readPair,
  secretText,
  serverPair,
  WEB_BACKEND,
} from "./conformance.ts";

export interface UpstreamSecrets {
  readonly manifests: string;
  /** What a client has to believe to talk to listeners that end TLS, and to backends. */
  readonly ca: string;
  /** What the backend with this label shows. */
  serverOf(namespace: string, app: string): TlsOptions;
}

let made: Promise<UpstreamSecrets> | undefined;

export function upstreamSecrets(): Promise<UpstreamSecrets> {
  made ??= make();
  return made;
}

async function make(): Promise<UpstreamSecrets> {
  await using ours = await makeAuthority();
  await using others = await makeAuthority();
  const ca = await authorityPem(ours);
  const stranger = await authorityPem(others);
  const server = (...names: readonly string[]): Promise<Pair> => serverPair(ours, ...names);
  const checks = await server("abc.example.com", "other.example.com");
  const passthrough = await server("abc.example.com");
  const validity = await server("example.org", "second-example.org", "*.wildcard.org", "secure.test.com");
  const client = await readPair(await ours.client("/CN=client", "abc.example.com"));
  const manifests = documents(
    secretText(INFRA, "tls-validity-checks-certificate", validity),
    secretText(WEB_BACKEND, "certificate", await server("example.org")),
    secretText(INFRA, "tls-passthrough-checks-certificate", passthrough),
    secretText(APP_BACKEND, "tls-passthrough-checks-certificate", passthrough),
    secretText(INFRA, "tls-terminate-checks-certificate", await server("tls.example.com")),
    secretText(INFRA, "tls-checks-certificate", checks),
    secretText(INFRA, "tls-checks-client-certificate", client),
    caText(INFRA, "tls-checks-ca-certificate", ca),
    caText(INFRA, "mismatch-ca-certificate", stranger),
    caText(INFRA, "tls-validity-checks-ca-certificate", ca),
    caText(INFRA, "tls-validity-checks-per-port-ca-certificate", stranger),
    caText(WEB_BACKEND, "web-backend-cm", ca),
  );
  return { manifests, ca, serverOf: (_, app) => (app === "tcp-backend" ? passthrough : checks) };
}
