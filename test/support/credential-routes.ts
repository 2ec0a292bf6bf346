// Routes that refer to certificates and keys, with the places of what is written, from texts like those of people.

import { Pace } from "../../src/base/pace.ts";
import { decodeSource } from "../../src/config/decode.ts";
import { parseDocuments } from "../../src/config/document.ts";
import { findOffset } from "../../src/config/mark.ts";
import type { Origin } from "../../src/resource/origin.ts";
import type { PoolShare, RouteResource } from "../../src/resource/route.ts";
import type { IdentitySpec, PemSource, TlsSpec, TrustSpec, UpstreamTlsSpec } from "../../src/resource/tls.ts";

interface WrittenIdentity {
  readonly certificate?: string;
  readonly key?: string;
}
interface WrittenTrust {
  readonly ca?: string;
  readonly crl?: string;
}
interface Written {
  readonly tls?: WrittenIdentity & { readonly clientAuth?: WrittenTrust };
  readonly upstreamTls?: WrittenIdentity & WrittenTrust;
}

/** A route from the YAML of its `tls` and `upstreamTls`, which are taken as they are written. */
export async function credentialRoute(file: string, yaml: string): Promise<RouteResource> {
  const { documents, lines } = await parseDocuments(file, yaml, new Pace());
  const [document] = documents;
  if (document === undefined) throw new Error("There is no route in this text");
  const origin: Origin = { file, locate: (path, part) => lines.position(findOffset(document.mark, path, part)) };
  const text = 'listen: 5432\nbackends: ["127.0.0.1:9"]\n';
  const [plain] = (await decodeSource({ file: "db.yaml", text }, new Pace())).resources;
  if (plain === undefined) throw new Error("This is not a route");
  const { tls, upstreamTls } = document.value as Written;
  const own = tls === undefined ? undefined : tlsOf(tls);
  const upstream = upstreamTls === undefined ? undefined : upstreamOf(upstreamTls);
  return {
    ...plain,
    origin,
    ...(own === undefined ? {} : { tls: own }),
    ...(upstream === undefined ? {} : { pools: plain.pools.map((share) => withTls(share, upstream)) }),
  };
}

function withTls({ spec, ...share }: PoolShare, upstreamTls: UpstreamTlsSpec): PoolShare {
  return { ...share, spec: { ...spec, upstreamTls } };
}

function tlsOf({ clientAuth, ...written }: NonNullable<Written["tls"]>): TlsSpec {
  const identity = identityOf(written);
  if (identity === undefined) return { mode: "passthrough", hostnames: [] };
  const trust = clientAuth === undefined ? undefined : trustOf(clientAuth);
  const asked = trust === undefined ? {} : { clientAuth: { trust, mode: "require" as const, allow: [] } };
  return { mode: "terminate", hostnames: [], identity, minVersion: "1.2", alpn: [], ...asked };
}

function upstreamOf(written: NonNullable<Written["upstreamTls"]>): UpstreamTlsSpec {
  const identity = identityOf(written);
  const trust = trustOf(written);
  return {
    ...(trust === undefined ? {} : { trust }),
    ...(identity === undefined ? {} : { identity }),
    insecure: false,
  };
}

function identityOf({ certificate, key }: WrittenIdentity): IdentitySpec | undefined {
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: pemOf(certificate), key: pemOf(key) };
}

function trustOf({ ca, crl }: WrittenTrust): TrustSpec | undefined {
  if (ca === undefined) return undefined;
  return { ca: pemOf(ca), ...(crl === undefined ? {} : { crl: pemOf(crl) }) };
}

function pemOf(written: string): PemSource {
  return written.includes("-----BEGIN ") ? { text: written } : { file: written };
}
