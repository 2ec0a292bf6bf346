// Routes with TLS, made in code: what a person writes of it and what is in certificate files is decided elsewhere. A scene
// keeps what its routes refer to, and knows the path of everything that a diagnostic points at.

import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { type HostnamePattern, parseHostnamePattern } from "../../src/base/hostname.ts";
import { type Cidr, parseCidr } from "../../src/base/ip.ts";
import { isClosed } from "../../src/plan/closed.ts";
import { compilePlan } from "../../src/plan/compile.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Identity, Trust } from "../../src/resource/credentials.ts";
import { decodeRoute, type PoolSpec, type RouteResource } from "../../src/resource/route.ts";
import type { ClientAuthSpec, IdentitySpec, TerminateSpec, TlsSpec, TrustSpec } from "../../src/resource/tls.ts";

/** What differs from a plain route on port 5432 with the backend `b:1`. */
export interface RouteWishes extends Partial<Omit<RouteResource, "name" | "listen" | "sources">> {
  readonly listen?: string | number | readonly (string | number)[];
  readonly backend?: string;
  readonly pool?: Partial<PoolSpec>;
  readonly sources?: readonly string[];
}

/** What is compiled, and what is told of it as `file path code`. */
export interface CompiledScene {
  readonly plan: Plan;
  readonly diagnostics: readonly Diagnostic[];
  /** Of routes that did not get all that they claim. */
  readonly refusals: ReadonlyMap<string, string>;
  readonly told: readonly string[];
  /** `told` without notices. */
  readonly errors: readonly string[];
}

export class TlsScene {
  readonly #identities = new Map<IdentitySpec, Identity>();
  readonly #trusts = new Map<TrustSpec, Trust>();
  readonly #paths: string[] = [];

  /** A new word for an identity whose PEM is `pem`; two with one PEM are two words for the same. */
  identity(pem = "own", key = `key of ${pem}`): IdentitySpec {
    const spec = { certificate: { file: `${pem}.crt` }, key: { file: `${pem}.key` } };
    this.#identities.set(spec, { certificate: pem, key, notBeforeMs: 0, notAfterMs: 1 });
    return spec;
  }

  trust(pem = "ca", crl: readonly string[] = []): TrustSpec {
    const spec = { ca: { file: `${pem}.pem` } };
    this.#trusts.set(spec, { ca: [pem], crl });
    return spec;
  }

  /** Asks clients for certificates. */
  clientAuth(more: Partial<ClientAuthSpec> = {}): ClientAuthSpec {
    return { trust: this.trust(), mode: "require", allow: [], ...more };
  }

  terminate(hostnames: readonly string[] = [], more: Partial<TerminateSpec> = {}): TlsSpec {
    const names = hostnames.map(pattern);
    return { mode: "terminate", hostnames: names, identity: this.identity(), minVersion: "1.2", alpn: [], ...more };
  }

  /** A route that is read from `NAME.yaml`. */
  route(name: string, wishes: RouteWishes = {}): RouteResource {
    const { listen = 5432, backend = "b:1", sources = [], pool, ...fields } = wishes;
    const file = `${name}.yaml`;
    const origin = { file, locate: (path: readonly (string | number)[]) => this.#locate(path.join(".")) };
    // Like what is read from YAML it has no prototype.
    const document: unknown = Object.assign(Object.create(null), { listen, backends: [backend] });
    const { resource, diagnostics } = decodeRoute(document, origin, name);
    if (resource === undefined) throw new Error(JSON.stringify(diagnostics));
    const pools = resource.pools.map(({ spec, ...share }) => ({ ...share, spec: { ...spec, ...pool } }));
    return { ...resource, pools, sources: sources.map(cidr), ...fields };
  }

  compile(routes: readonly RouteResource[], previous?: Plan): CompiledScene {
    const credentials = { identities: this.#identities, trusts: this.#trusts };
    const { plan, diagnostics, refusals } = compilePlan(routes, { bind: [], credentials }, previous);
    const tell = ({ file, column, code }: Diagnostic) => `${file} ${this.#paths[column - 1] ?? "?"} ${code}`;
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(tell);
    return { plan, diagnostics, refusals, told: diagnostics.map(tell), errors };
  }

  /** Every path has a column of its own. */
  #locate(path: string) {
    const known = this.#paths.indexOf(path);
    return { line: 1, column: known === -1 ? this.#paths.push(path) : known + 1 };
  }
}

/** Names of the routes that let anybody in: not those that only refuse the clients of a route that lost. */
export function openRoutes({ routes }: Plan): readonly string[] {
  return routes.flatMap((route) => (isClosed(route) ? [] : [route.name]));
}

export function passthrough(...hostnames: readonly string[]): TlsSpec {
  return { mode: "passthrough", hostnames: hostnames.map(pattern) };
}

/** The pattern in a text, where `**` at the start means a star of any depth. */
export function pattern(text: string): HostnamePattern {
  const any = text.startsWith("**.");
  const parsed = parseHostnamePattern(any ? text.slice(1) : text, any ? "any-depth" : "one-label");
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`"${text}" is no prefix`);
  return parsed;
}
