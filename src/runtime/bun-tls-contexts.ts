// Settings of TLS made ready for Bun's sockets, once for any number of handshakes. What is verified by them, and by whom it is
// judged, is decided here and in `bun-tls.ts`.

import { createSecureContext, type SecureContextOptions } from "node:tls";
import { GatewayError } from "../base/gateway-error.ts";
import { alpnWire, clientOptions, serverOptions } from "./tls-settings.ts";
import type { SubjectAltNames } from "../wire/x509-server.ts";
import type { TlsClientContext, TlsClientSettings, TlsServerContext, TlsServerSettings } from "./tls.ts";

/** What a server shows and wants; `options` is what `upgradeTLS` takes as `tls`. */
export class ServerContext implements TlsServerContext {
  readonly role = "server";
  readonly options: object;
  readonly wantsCertificate: boolean;

  constructor(settings: TlsServerSettings) {
    const { certificate, alpn, clients } = settings;
    this.wantsCertificate = clients !== undefined;
    // Without any `ca`, those of the system are loaded, and searched at every handshake for issuers of our own certificate.
    const secureContext = makeContext({ ca: certificate, ...serverOptions(settings) });
    this.options = {
      secureContext,
      requestCert: this.wantsCertificate,
      // The handshake goes on whatever the certificate is: it is judged by its owner, on every connection.
      rejectUnauthorized: false,
      ...(alpn.length === 0 ? {} : { ALPNProtocols: alpnWire(alpn) }),
    };
  }
}

/** What a client shows and believes. */
export class ClientContext implements TlsClientContext {
  readonly role = "client";
  readonly secureContext: unknown;
  readonly insecure: boolean;
  readonly subjectAltNames: SubjectAltNames | null;

  constructor(settings: TlsClientSettings) {
    this.insecure = settings.insecure;
    this.subjectAltNames = settings.subjectAltNames ?? null;
    if (this.insecure && this.subjectAltNames !== null) {
      throw new GatewayError("tls/names", "Names of a server that is not verified mean nothing");
    }
    this.secureContext = makeContext(clientOptions(settings));
  }
}

/** `createSecureContext` keeps Bun's own object under a name that its types do not have. */
function makeContext(options: SecureContextOptions): unknown {
  const context: unknown = Reflect.get(createSecureContext(options), "context");
  if (context === undefined) throw new GatewayError("internal", "The runtime has no TLS contexts");
  return context;
}
