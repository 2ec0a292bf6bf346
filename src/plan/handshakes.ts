// In what the handshakes of two routes differ before a client has shown its certificate. Told by what is in certificates,
// not by the words that refer to them: every route has words of its own.

import type { Credentials, Identity, Trust } from "../resource/credentials.ts";
import type { RouteResource } from "../resource/route.ts";
import type { RouteTlsPlan } from "./plan.ts";
import { compileTls } from "./tls-plan.ts";

/** The key under `tls` in which two routes differ before a client has shown its certificate. */
export type HandshakeDifference = readonly (
  "mode" | "certificate" | "minVersion" | "alpn" | "clientAuth" | "ca" | "crl"
)[];

/** Handshakes of many routes, each made once; equal ones are one object: hundreds may differ in `allow` alone. */
export class Handshakes {
  readonly #credentials: Credentials;
  readonly #known = new Map<RouteResource, RouteTlsPlan | undefined>();
  /** By certificate, which tells almost all of them apart. */
  readonly #distinct = new Map<string, RouteTlsPlan[]>();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** In what two handshakes differ, as a path below `tls`; `undefined` when a client could not tell them apart. */
  compare(a: RouteResource, b: RouteResource): HandshakeDifference | undefined {
    const [one, two] = [this.#of(a), this.#of(b)];
    return one === two || one === undefined || two === undefined ? undefined : compareHandshakes(one, two);
  }

  #of(route: RouteResource): RouteTlsPlan | undefined {
    if (this.#known.has(route)) return this.#known.get(route);
    const own = route.tls === undefined ? undefined : this.#unite(compileTls(route.tls, this.#credentials));
    this.#known.set(route, own);
    return own;
  }

  #unite(own: RouteTlsPlan | undefined): RouteTlsPlan | undefined {
    if (own === undefined) return undefined;
    const certificate = own.mode === "terminate" ? own.identity.certificate : "";
    const alike = this.#distinct.get(certificate) ?? [];
    this.#distinct.set(certificate, alike);
    const equal = alike.find((other) => compareHandshakes(own, other) === undefined);
    if (equal === undefined) alike.push(own);
    return equal ?? own;
  }
}

function compareHandshakes(a: RouteTlsPlan, b: RouteTlsPlan): HandshakeDifference | undefined {
  if (a.mode === "passthrough" || b.mode === "passthrough") return a.mode === b.mode ? undefined : ["mode"];
  if (!isSameIdentity(a.identity, b.identity)) return ["certificate"];
  if (a.minVersion !== b.minVersion) return ["minVersion"];
  if (!isSameList(a.alpn, b.alpn)) return ["alpn"];
  if (a.clientAuth === undefined || b.clientAuth === undefined)
    return a.clientAuth === b.clientAuth ? undefined : ["clientAuth"];
  if (a.clientAuth.mode !== b.clientAuth.mode) return ["clientAuth", "mode"];
  return compareTrust(a.clientAuth.trust, b.clientAuth.trust);
}

function compareTrust(a: Trust, b: Trust): HandshakeDifference | undefined {
  if (!isSameList(a.ca, b.ca)) return ["clientAuth", "ca"];
  return isSameList(a.crl, b.crl) ? undefined : ["clientAuth", "crl"];
}

function isSameIdentity(a: Identity, b: Identity): boolean {
  return a === b || (a.certificate === b.certificate && a.key === b.key);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, index) => text === b[index]));
}
