// TLS of checks, on `node:tls` as checks are on `node:net`: begun on a socket that is connected, with the settings that
// clients' connections to the target have. Parsing PEM costs more than a check, so it is done once for all that share settings.

import type { Socket } from "node:net";
import { connect, createSecureContext, type PeerCertificate, type SecureContext, type TLSSocket } from "node:tls";
import { GatewayError } from "../../base/gateway-error.ts";
import { parseIp } from "../../base/ip.ts";
import type { UpstreamTlsPlan } from "../../plan/plan.ts";
import { clientOptions } from "../../runtime/tls-settings.ts";
import { hasSubjectAltName, type SubjectAltNames } from "../../wire/x509-server.ts";

/** Contexts by the settings that they were made of; one goes when nobody has its settings any more. */
export class CheckContexts {
  readonly #made = new WeakMap<UpstreamTlsPlan, SecureContext>();

  /** Throws when a text is not what it should be. */
  of(settings: UpstreamTlsPlan): SecureContext {
    const known = this.#made.get(settings);
    if (known !== undefined) return known;
    const made = createSecureContext(clientOptions(settings));
    this.#made.set(settings, made);
    return made;
  }
}

export class TlsClient {
  /** What the server's certificate must have; `undefined`: nothing is verified. */
  readonly verified: string | undefined;
  readonly #settings: UpstreamTlsPlan;
  readonly #serverName: string | undefined;
  readonly #contexts: CheckContexts;

  constructor(settings: UpstreamTlsPlan, serverName: string | undefined, contexts: CheckContexts) {
    this.#settings = settings;
    this.#serverName = serverName;
    this.#contexts = contexts;
    this.verified = settings.insecure ? undefined : serverName;
  }

  /** Begins TLS on a connected socket that nobody listens to any more. Throws when it cannot even begin. */
  begin(socket: Socket): TLSSocket {
    const { insecure, subjectAltNames } = this.#settings;
    const nameless = this.#serverName === undefined && subjectAltNames === undefined;
    if (!insecure && nameless) throw new Error("No name that the certificate should have");
    const secureContext = this.#contexts.of(this.#settings);
    const identity = subjectAltNames === undefined ? {} : { checkServerIdentity: judgeBy(subjectAltNames) };
    return connect({
      socket,
      secureContext,
      rejectUnauthorized: !insecure,
      ...peerName(this.#serverName),
      ...identity,
    });
  }
}

/** Judges a certificate whose chain was verified, in place of its name. */
function judgeBy(names: SubjectAltNames): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (_host, { raw }) =>
    hasSubjectAltName(raw, names)
      ? undefined
      : new GatewayError("NO_SUBJECT_ALT_NAME", "The certificate has no name that is wanted");
}

/** Begins TLS whatever the certificate is; `serverName` is asked for when there is one. */
export function beginUnjudged(socket: Socket, serverName: string | undefined): TLSSocket {
  return connect({ socket, rejectUnauthorized: false, ...peerName(serverName) });
}

/**
 * What to ask for and verify. An IP address must not be asked for (RFC 6066, 3), but verified: that is what `host` is for
 * where there is no `servername`.
 */
function peerName(serverName: string | undefined): { readonly host?: string; readonly servername?: string } {
  if (serverName === undefined) return {};
  return parseIp(serverName) === undefined ? { servername: serverName } : { host: serverName };
}
