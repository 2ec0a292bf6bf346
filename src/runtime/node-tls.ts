// Contexts of TLS on `node:tls`, for Deno and Node: settings are looked at when they are made, and what the runtime would
// not keep to is refused. What becomes of a connection is in `node-tls-socket.ts`.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from "node:tls";
import { GatewayError } from "../base/gateway-error.ts";
import { acceptTls, startTls } from "./node-tls-socket.ts";
import { CIPHERS_TLS12, NO_TICKETS } from "./tls-settings.ts";
import type { Tls, TlsClientContext, TlsClientSettings, TlsServerContext, TlsServerSettings, TlsTrust } from "./tls.ts";

class ServerContext implements TlsServerContext {
  readonly role = "server";
  readonly options: TlsOptions;

  constructor({ certificate, key, minVersion, alpn, clients }: TlsServerSettings) {
    const wantsCertificate = clients !== undefined;
    this.options = {
      ...identityOf({ certificate, key }),
      ciphers: CIPHERS_TLS12,
      honorCipherOrder: true,
      minVersion: `TLSv${minVersion}`,
      allowHalfOpen: true,
      requestCert: wantsCertificate,
      // The handshake goes on whatever the certificate is: it is judged by its owner, on every connection.
      rejectUnauthorized: false,
      ...(clients === undefined ? {} : { ...trustOf(clients), secureOptions: NO_TICKETS }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    };
    createSecureContext(this.options);
  }
}

class ClientContext implements TlsClientContext {
  readonly role = "client";
  readonly secureContext: SecureContext;
  readonly insecure: boolean;

  constructor({ trust, identity, insecure }: TlsClientSettings) {
    this.insecure = insecure;
    this.secureContext = createSecureContext({
      minVersion: "TLSv1.2",
      ...(trust === undefined ? {} : trustOf(trust)),
      ...(identity === undefined ? {} : identityOf(identity)),
    });
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

/** Some runtimes look at these texts at the first handshake only. */
function identityOf({
  certificate,
  key,
}: {
  readonly certificate: string;
  readonly key: string;
}): SecureContextOptions {
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new GatewayError("tls/key", "The key is not the one of the certificate");
  }
  return { cert: certificate, key };
}

function trustOf({ ca, crl }: TlsTrust): SecureContextOptions {
  return { ca: ca.map((each) => new X509Certificate(each).toString()), ...(crl.length === 0 ? {} : { crl: [...crl] }) };
}
