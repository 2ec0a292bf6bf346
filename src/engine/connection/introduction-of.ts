// Puts together what backends of a pool hear before a client's bytes. Routes without PROXY headers, TLS and PostgreSQL,
// which are most of them, have nothing to say.

import { formatIp, parseIp } from "../../base/ip.ts";
import type { Socket } from "../../socket/socket.ts";
import type { ProxyEndpoint } from "../../wire/proxy-header.ts";
import { writeProxyV1 } from "../../wire/proxy-v1.ts";
import { writeProxyV2 } from "../../wire/proxy-v2.ts";
import type { ClientFacts } from "../hello/client-facts.ts";
import { serverNameOf } from "../pool/server-name.ts";
import type { Pool } from "../pool/pool.ts";
import type { Target } from "../pool/target.ts";
import type { Route } from "../route.ts";
import type { Services } from "../services.ts";
import type { Introduction } from "./introduction.ts";
import { hostOf } from "./peer.ts";

/**
 * What `target` of `pool` hears first for one client; `null`: nothing of ours; `undefined`: the pool speaks TLS to its
 * backends, and cannot. Asked for each dial: a client may have waited, and a reload come. `facts` is absent for clients of which only the
 * address is known.
 */
export function introductionTo(
  target: Target,
  pool: Pool,
  route: Route,
  client: Socket,
  id: number,
  facts: ClientFacts | null,
  { runtime: { tls: engine }, instance }: Pick<Services, "runtime" | "instance">,
): Introduction | null | undefined {
  const { proxySend } = pool.plan;
  const upstreamTls = pool.plan.upstreamTls?.unlessTls === true && isTls(facts) ? undefined : pool.plan.upstreamTls;
  const passesTls = facts?.postgresTls === true;
  if (proxySend === undefined && upstreamTls === undefined && !passesTls) return null;
  const proxyHeader = proxySend === undefined ? null : headerOf(proxySend, client, `${instance}-${id}`, facts);
  const asksForTls = passesTls || (upstreamTls !== undefined && route.plan.protocol === "postgres");
  if (upstreamTls === undefined) return { proxyHeader, asksForTls, tls: null };
  const { context } = pool.tls;
  if (engine === null || context === null) return undefined;
  const serverName = serverNameOf(target.backend.plan, upstreamTls);
  // Nothing to verify it by.
  if (serverName === undefined && !upstreamTls.insecure && upstreamTls.subjectAltNames === undefined) return undefined;
  return { proxyHeader, asksForTls, tls: { engine, context, serverName } };
}

/** Whether what the client says is TLS that nobody here has ended. */
function isTls(facts: ClientFacts | null): boolean {
  return facts?.speaksTls === true && facts.tls === undefined;
}

function headerOf(version: 1 | 2, client: Socket, ownId: string, facts: ClientFacts | null): Uint8Array {
  const source = facts === null ? endpoint(client.remoteAddress, client.remotePort) : endpointOf(facts.client);
  const destination = facts?.destination ?? endpoint(client.localAddress, client.localPort);
  if (version === 1) return writeProxyV1({ source, destination });
  const { serverName, alpn, tls, certificate, uniqueId } = facts ?? {};
  const commonName = certificate?.commonNames[0];
  const ssl = tls === undefined ? undefined : { version: tls, verified: certificate !== undefined, commonName };
  const tlvs = { authority: serverName, alpn, ssl, uniqueId: uniqueId ?? new TextEncoder().encode(ownId) };
  return writeProxyV2({ source, destination, tlvs: { ...tlvs, crc32c: true } });
}

function endpoint(host: string | undefined, port: number | undefined): ProxyEndpoint | undefined {
  const ip = host === undefined ? undefined : parseIp(host);
  return ip === undefined || port === undefined ? undefined : { host: formatIp(ip), port };
}

/** `address:port` taken apart again. */
function endpointOf(client: string): ProxyEndpoint | undefined {
  return endpoint(hostOf(client), Number(client.slice(client.lastIndexOf(":") + 1)));
}
