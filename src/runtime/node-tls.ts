// Contexts of TLS on `node:tls`, for Deno and Node: settings are looked at when they are made, and what the runtime would
// not keep to is refused. What becomes of a connection is in `node-tls-socket.ts`.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type TlsOptions } from "node:tls";
import { GatewayError } from "../base/gateway-error.ts";
import { acceptTls, startTls } from "./node-tls-socket.ts";
import { clientOptions, serverOptions } from "./tls-settings.ts";
import type { Tls, TlsClientContext, TlsClientSettings, TlsServerContext, TlsServerSettings, TlsTrust } from "./tls.ts";

class ServerContext implements TlsServerContext {
  readonly role = "server";
  readonly options: TlsOptions;

  constructor(settings: TlsServerSettings) {
    const { alpn, clients } = settings;
    checkIdentity(settings);
    if (clients !== undefined) checkTrust(clients);
    this.options = {
      ...serverOptions(settings),
      allowHalfOpen: true,
      requestCert: clients !== undefined,
      // The handshake goes on whatever the certificate is: it is judged by its owner, on every connection.
      rejectUnauthorized: false,
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    };
    createSecureContext(this.options);
  }
}

class ClientContext implements TlsClientContext {
  readonly role = "client";
  readonly secureContext: SecureContext;
  readonly insecure: boolean;

  constructor(settings: TlsClientSettings) {
    const { trust, identity, insecure } = settings;
    this.insecure = insecure;
    if (trust !== undefined) checkTrust(trust);
    if (identity !== undefined) checkIdentity(identity);
    this.secureContext = createSecureContext(clientOptions(settings));
  }
}

/**
 * TLS on `node:tls`. `thorough`: a client's certificate is verified even when it resumes a session, and lists of revoked
 * certificates are heeded and not just read. Where they are not, what depends on it is refused.
 */
export function nodeTls(thorough: boolean): Tls {
  return {
    serverContext(settings) {
      if (settings.clients !== undefined && !thorough) {
        throw new GatewayError("tls/clients", "This runtime believes client certificates of resumed sessions unseen");
      }
      return new ServerContext(settings);
    },
    clientContext(settings) {
      if (settings.subjectAltNames !== undefined) {
        throw new GatewayError(
          "tls/names",
          "This runtime knows a server by its name only, and by no other subjectAltNames",
        );
      }
      if (settings.trust?.crl.length && !thorough) {
        throw new GatewayError("tls/revocation", "This runtime does not look at lists of revoked certificates");
      }
      return new ClientContext(settings);
    },
    accept(socket, context, received, owner) {
      if (!(context instanceof ServerContext)) throw new GatewayError("internal", "Not a context of this runtime");
      return acceptTls(socket, context.options, received, owner);
    },
    start(socket, context, serverName, owner) {
      if (!(context instanceof ClientContext)) throw new GatewayError("internal", "Not a context of this runtime");
      if (serverName === undefined && !context.insecure) {
        throw new GatewayError("internal", "A server without a name cannot be verified");
      }
      return startTls(socket, context, serverName, owner);
    },
  };
}

// Some runtimes look at these texts at the first handshake only.

function checkIdentity({ certificate, key }: { readonly certificate: string; readonly key: string }): void {
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new GatewayError("tls/key", "The key is not the one of the certificate");
  }
}

function checkTrust({ ca }: TlsTrust): void {
  const authorities = ca.map((each) => new X509Certificate(each));
  if (authorities.length === 0) throw new GatewayError("tls/trust", "There are no authorities to believe");
}
