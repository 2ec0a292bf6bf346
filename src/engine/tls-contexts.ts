// What a route and its pools need for TLS, made ready once for all of their connections, and again only when what it is made
// of changes. Live connections keep what their handshake was made with. What cannot be made is refused, never done without.

import { isDeepStrictEqual } from "node:util";
import type { Log } from "../observe/log.ts";
import type { RoutePlan, RouteTlsPlan, UpstreamTlsPlan } from "../plan/plan.ts";
import type { Tls, TlsClientContext, TlsServerContext } from "../runtime/tls.ts";

/** Of a route. */
export class ServerTls {
  /** For clients whose TLS ends here; `null`: nobody's does, or it cannot. */
  context: TlsServerContext | null = null;
  #plan: RouteTlsPlan | undefined;

  /** Follows a route's plan. What went wrong, as sentences; empty: nothing. */
  follow(tls: RouteTlsPlan | undefined, engine: Tls | null): readonly string[] {
    const problems: string[] = [];
    if (isDeepStrictEqual(tls, this.#plan)) return problems;
    this.#plan = tls;
    this.context = attempt(problems, "Cannot end TLS", tls?.mode !== "terminate" ? null : () => serverOf(tls, engine));
    return problems;
  }
}

/** Of a pool. */
export class ClientTls {
  /** For backends that are spoken to in TLS; `null`: none is, or cannot be. */
  context: TlsClientContext | null = null;
  #plan: UpstreamTlsPlan | undefined;

  /** Follows a pool's plan. What went wrong, as sentences; empty: nothing. */
  follow(upstream: UpstreamTlsPlan | undefined, engine: Tls | null): readonly string[] {
    const problems: string[] = [];
    if (isDeepStrictEqual(upstream, this.#plan)) return problems;
    this.#plan = upstream;
    const make = upstream === undefined ? null : () => clientOf(upstream, engine);
    this.context = attempt(problems, "Cannot speak TLS to backends", make);
    return problems;
  }
}

function attempt<Context>(problems: string[], what: string, make: (() => Context) | null): Context | null {
  if (make === null) return null;
  try {
    return make();
  } catch (cause) {
    problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    return null;
  }
}

function serverOf(
  { identity, minVersion, alpn, clientAuth }: Extract<RouteTlsPlan, { readonly mode: "terminate" }>,
  engine: Tls | null,
): TlsServerContext {
  const { certificate, key } = identity;
  const clients = clientAuth === undefined ? {} : { clients: clientAuth.trust };
  return needed(engine).serverContext({ certificate, key, minVersion, alpn, ...clients });
}

function clientOf(
  { trust, identity, insecure, subjectAltNames }: UpstreamTlsPlan,
  engine: Tls | null,
): TlsClientContext {
  return needed(engine).clientContext({
    ...(trust === undefined ? {} : { trust }),
    ...(identity === undefined ? {} : { identity }),
    ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
    insecure,
  });
}

function needed(engine: Tls | null): Tls {
  if (engine === null) throw new Error("this runtime has no TLS for it");
  return engine;
}

/** Says what is wrong with the TLS of a route. */
export function tellUnusable(log: Log, { name, file }: RoutePlan, problems: readonly string[]): void {
  for (const problem of problems) {
    const message = `Route "${name}" refuses its clients: ${problem}`;
    log.write("warn", "tls-unusable", message, { route: name, file });
  }
}
