// Visits with client certificates, and those that must come to nothing.

import { expect } from "bun:test";
import type { ConnectionOptions } from "node:tls";
import type { Backend } from "./backend.ts";
import type { FlowGateway } from "./flow.ts";
import { tlsPath, tlsVisit } from "./tls-client.ts";
import { ends, untilNobodyIsThere } from "./tls-flow.ts";

export const ONE = { servername: "one.example" };
const CA = tlsPath("ca.pem");
export const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/** Wants certificates by our authority; `more` is what else `clientAuth` says. */
export function wants(more: Readonly<Record<string, unknown>> = {}, tls: Readonly<Record<string, unknown>> = {}) {
  return ends("one", { ...tls, clientAuth: { ca: CA, mode: "require", ...more } });
}

/** One version of TLS and no other. */
export function only(version: (typeof VERSIONS)[number]): ConnectionOptions {
  return { minVersion: version, maxVersion: version };
}

/** The client got nothing, the backend heard nothing, and the log says why. */
export async function expectRefused(
  flow: FlowGateway,
  backend: Backend,
  options: ConnectionOptions,
  wanted: Readonly<Record<string, unknown>>,
): Promise<void> {
  await untilNobodyIsThere(flow);
  const before = flow.log.records.length;
  const connections = backend.peers.length;
  const outcome = await tlsVisit(await flow.port("db"), options);
  expect(outcome).not.toHaveLength(1);
  expect(await flow.log.record(before)).toMatchObject({ ...wanted, bytesIn: 0, bytesOut: 0, backend: undefined });
  await untilNobodyIsThere(flow);
  expect(backend.peers).toHaveLength(connections);
}
