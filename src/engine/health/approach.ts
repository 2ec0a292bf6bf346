// How a target is spoken to before a check says a word of its own: a PROXY header, and TLS. As plain data it is a part of
// what makes two checks the same; made ready, it is what a check uses. Knows neither pools nor sockets.

import type { UpstreamTlsPlan } from "../../plan/plan.ts";
import type { CheckSpec, HealthSpec } from "../../resource/health.ts";
import type { ProxySend } from "../../resource/proxy.ts";
import { writeProxyV1 } from "../../wire/proxy-v1.ts";
import { writeProxyV2 } from "../../wire/proxy-v2.ts";
import { TlsClient, type CheckContexts } from "./tls-client.ts";

/** What comes first, as the target's clients have it. */
export interface CheckApproach {
  readonly proxySend?: ProxySend;
  /** Absent: the check speaks in the clear, or has its own TLS. */
  readonly tls?: CheckTls;
}

/** TLS with one target. */
export interface CheckTls {
  readonly settings: UpstreamTlsPlan;
  /** Name or IP that the certificate must have; absent where there is none, which only an insecure target may do without. */
  readonly serverName?: string;
}

/** What one target is checked by. */
export interface TargetHealthSpec extends HealthSpec {
  readonly approach?: CheckApproach;
}

/** The same, to be used for any number of checks. */
export interface ReadyApproach {
  /** A PROXY header that says: this connection is the gateway's own. */
  readonly header?: Uint8Array;
  readonly tls?: TlsClient;
}

/** Whether this kind of check speaks through the target's TLS, as connections of clients do from their first byte on. */
export function speaksTls({ kind }: CheckSpec): boolean {
  return kind !== "tcp";
}

export function makeReady({ proxySend, tls }: CheckApproach, contexts: CheckContexts): ReadyApproach {
  return {
    ...(proxySend === undefined ? {} : { header: ownHeader(proxySend) }),
    ...(tls === undefined ? {} : { tls: new TlsClient(tls.settings, tls.serverName, contexts) }),
  };
}

function ownHeader(version: ProxySend): Uint8Array {
  return version === 1 ? writeProxyV1({}) : writeProxyV2({ local: true, tlvs: { crc32c: false } });
}
