// A directory with certificates and keys, routes that refer to them, and a store that remembers what was good.

import { chmod } from "node:fs/promises";

import { type CredentialReading, CredentialStore } from "../../src/config/credentials.ts";
import type { Identity, Trust } from "../../src/resource/credentials.ts";
import type { RouteResource } from "../../src/resource/route.ts";
import { credentialRoute } from "./credential-routes.ts";
import { pemOf } from "./pem.ts";
import { createRouteFiles, type RouteFiles } from "./route-files.ts";

/** All certificates are valid then, but for those that are made to be over. */
export const NOW_MS = Date.UTC(2030, 0, 1);

/** A directory with a route file's name, certificates, and a store that remembers. */
export class Scene implements AsyncDisposable {
  readonly store: CredentialStore;
  readonly files: RouteFiles;
  nowMs = NOW_MS;

  constructor(files: RouteFiles) {
    this.files = files;
    this.store = new CredentialStore({ now: () => this.nowMs });
  }

  /** The name that the route file has in messages. */
  get routeFile(): string {
    return this.files.at("routes.yaml");
  }

  /** Puts a fixture in the directory, or any other content. Keys are for their owner alone, as they should be. */
  async put(name: string, content: string | Uint8Array): Promise<void> {
    await this.files.write(name, content);
    if (name.endsWith(".key")) await chmod(this.files.at(name), 0o600);
  }

  async copy(fixture: string, name: string): Promise<void> {
    await this.put(name, pemOf(fixture));
  }

  route(yaml: string): Promise<RouteResource> {
    return credentialRoute(this.routeFile, yaml);
  }

  async read(...routes: readonly RouteResource[]): Promise<CredentialReading> {
    return this.store.begin().read(routes, new Set([this.routeFile]));
  }

  /** Reads, and says that it is in force. */
  async load(...routes: readonly RouteResource[]): Promise<CredentialReading> {
    const reading = await this.read(...routes);
    this.store.accept(reading);
    return reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
  }
}

/** A directory with the given fixtures, by the name that each gets. */
export async function createScene(fixtures: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const scene = new Scene(await createRouteFiles());
  for (const [name, fixture] of Object.entries(fixtures)) await scene.copy(fixture, name);
  return scene;
}

export const GOOD = { "db.crt": "chained.pem", "db.key": "chained.key", "ca.pem": "root.pem", "ca.crl": "root.crl" };
export const IDENTITY = "tls: {certificate: db.crt, key: db.key}";
export const ALL = "tls:\n  certificate: db.crt\n  key: db.key\nupstreamTls:\n  ca: ca.pem\n  crl: ca.crl\n";
export const TRUST = "upstreamTls: {ca: ca.pem, crl: ca.crl}";

/** `line:column severity code` of each message. */
export function told({ diagnostics }: CredentialReading): readonly string[] {
  return diagnostics.map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`);
}

export function identityOf(reading: CredentialReading): Identity | undefined {
  return [...reading.credentials.identities.values()][0];
}

export function trustOf(reading: CredentialReading): Trust | undefined {
  return [...reading.credentials.trusts.values()][0];
}
