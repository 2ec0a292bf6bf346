// The harness of test/conformance/: everything that a re-told test of upstream's suite needs, from one place. A test starts a
// gateway on manifests, looks at statuses through the admin port and talks to backends through real sockets; with
// SALLYPORT_BINARY it does so with the executable.

import { test } from "bun:test";
import { readFile } from "node:fs/promises";
import { type Authority, type Issued, makeAuthority } from "./authority.ts";
import { skipWithout } from "./installed.ts";

export * from "./conformance-status.ts";
export * from "./echo-client.ts";
export {
  ECHO_PORT,
  ECHO_TLS_PORT,
  type EchoServer,
  serviceText,
  sliceText,
  startEchoServer,
  startEchoServers,
} from "./echo-server.ts";
export { loopbackHost } from "./loopback-host.ts";
export { ManifestGateway } from "./manifest-gateway.ts";
export { type Authority, makeAuthority };

/** A test that makes certificates: skipped, and told, where openssl is not installed. */
export const tlsTest = test.skipIf(skipWithout("openssl"));

/** Namespaces of upstream's suite, with their labels. */
export const INFRA = "gateway-conformance-infra";
export const APP_BACKEND = "gateway-conformance-app-backend";
export const WEB_BACKEND = "gateway-conformance-web-backend";

export const NAMESPACES: string = [
  namespaceText(INFRA, "infra"),
  namespaceText(APP_BACKEND, "backend"),
  namespaceText(WEB_BACKEND, "backend"),
].join("---\n");

function namespaceText(name: string, label: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {gateway-conformance: ${label}}}\n`;
}

/** Certificate and key as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export async function readPair({ certificate, key }: Issued): Promise<Pair> {
  return { cert: await readFile(certificate, "utf8"), key: await readFile(key, "utf8") };
}

/** A certificate for servers with these names, as PEM. */
export async function serverPair(authority: Authority, ...names: readonly string[]): Promise<Pair> {
  return readPair(await authority.server(...names));
}

/** The authority's own certificate, as PEM. */
export async function authorityPem(authority: Authority): Promise<string> {
  return readFile(authority.ca, "utf8");
}

/** A Secret of type kubernetes.io/tls. */
export function secretText(namespace: string, name: string, { cert, key }: Pair): string {
  const data = { "tls.crt": base64(cert), "tls.key": base64(key) };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name },
    type: "kubernetes.io/tls",
    data,
  }).concat("\n");
}

/** A ConfigMap with authorities in `ca.crt`. */
export function caText(
  namespace: string,
  name: string,
  pem: string,
  kind: "ConfigMap" | "Secret" = "ConfigMap",
): string {
  const data = { "ca.crt": kind === "Secret" ? base64(pem) : pem };
  return JSON.stringify({ apiVersion: "v1", kind, metadata: { namespace, name }, data }).concat("\n");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Several documents as one file. */
export function documents(...texts: readonly string[]): string {
  return texts.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join("---\n");
}
