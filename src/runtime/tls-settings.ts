// Settings of TLS that every runtime shares, in the forms that OpenSSL and its kin want.

import type { SecureContextOptions } from "node:tls";
import type { TlsClientSettings, TlsServerSettings, TlsTrust } from "./tls.ts";

/**
 * Ciphers up to TLS 1.2: forward secrecy and authenticated encryption only. A server takes the first that the client has.
 * Those of TLS 1.3 are all sound and not chosen by this list.
 */
const CIPHERS_TLS12: string = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** `SSL_OP_NO_TICKET`: no session can be resumed, so every client's certificate is verified anew. */
const NO_TICKETS = 0x4000;

/** Names as TLS has them: a byte of length before each. Names have 1–255 bytes, one character each. */
export function alpnWire(names: readonly string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name, "latin1")));
}

/** What a server's context is made of. */
export function serverOptions({ certificate, key, minVersion, clients }: TlsServerSettings): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ciphers: CIPHERS_TLS12,
    honorCipherOrder: true,
    minVersion: `TLSv${minVersion}`,
    ...(clients === undefined ? {} : { ...trustOptions(clients), secureOptions: NO_TICKETS }),
  };
}

/** What a client's context is made of. */
export function clientOptions({ trust, identity }: Omit<TlsClientSettings, "insecure">): SecureContextOptions {
  return {
    minVersion: "TLSv1.2",
    ...(trust === undefined ? {} : trustOptions(trust)),
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
  };
}

function trustOptions({ ca, crl }: TlsTrust): SecureContextOptions {
  return { ca: [...ca], ...(crl.length === 0 ? {} : { crl: [...crl] }) };
}
